//! The thread's slot for the current tenant.
//!
//! Reading must cost no reference count, so a reader holds a borrow of the slot while it runs.
//! When somebody enters a scope meanwhile, the slot cannot be exchanged; the new tenant then goes
//! onto a stack beside it, which is read first until it is left again.
//!
//! The slot is never dropped: it is empty whenever no scope is open, so there is nothing to drop
//! at the end of a thread, and without a destructor it can be read at any time and without a check.
//!
//! INVARIANT: `Entered` lives on the stack of the thread only, so scopes nest strictly, and a slot
//! that was exchanged is never borrowed when it is exchanged back.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::context::TenantContext;

thread_local! {
    static AMBIENT: Ambient = const {
        Ambient {
            depth: Cell::new(0),
            current: ManuallyDrop::new(RefCell::new(None)),
            beside: ManuallyDrop::new(RefCell::new(Vec::new())),
        }
    };
}

struct Ambient {
    /// The length of `beside`, so that readers need not borrow it.
    depth: Cell<usize>,
    current: ManuallyDrop<RefCell<Option<TenantContext>>>,
    beside: ManuallyDrop<RefCell<Vec<Rc<TenantContext>>>>,
}

/// Exchanges the thread's tenant for the one in `slot` until the returned guard is dropped.
#[inline]
pub(super) fn enter(slot: &mut Option<TenantContext>) -> Entered<'_> {
    let place = AMBIENT.with(|ambient| ambient.enter(slot));
    Entered { slot, place }
}

/// Lends the thread's tenant.
#[inline]
pub(super) fn with<R>(body: impl FnOnce(Option<&TenantContext>) -> R) -> R {
    AMBIENT.with(|ambient| {
        if ambient.depth.get() != 0 {
            return body(ambient.top().as_deref());
        }
        match ambient.current.try_borrow() {
            Ok(current) => body(current.as_ref()),
            Err(_) => body(None),
        }
    })
}

/// A tenant that is in force until this is dropped; `slot` holds the outer one meanwhile.
#[must_use]
pub(super) struct Entered<'a> {
    slot: &'a mut Option<TenantContext>,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    Beside,
    Exchanged,
    Nowhere,
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        AMBIENT.with(|ambient| ambient.leave(self.slot, self.place));
    }
}

impl Ambient {
    #[inline]
    fn enter(&self, slot: &mut Option<TenantContext>) -> Place {
        if self.depth.get() == 0
            && let Ok(mut current) = self.current.try_borrow_mut()
        {
            std::mem::swap(&mut *current, slot);
            return Place::Exchanged;
        }
        self.push(slot)
    }

    #[inline]
    fn leave(&self, slot: &mut Option<TenantContext>, place: Place) {
        match place {
            Place::Exchanged => {
                if let Ok(mut current) = self.current.try_borrow_mut() {
                    std::mem::swap(&mut *current, slot);
                }
            }
            Place::Beside => self.pop(slot),
            Place::Nowhere => {}
        }
    }

    #[cold]
    #[inline(never)]
    fn top(&self) -> Option<Rc<TenantContext>> {
        self.beside.try_borrow().ok()?.last().cloned()
    }

    #[cold]
    #[inline(never)]
    fn push(&self, slot: &mut Option<TenantContext>) -> Place {
        let Ok(mut beside) = self.beside.try_borrow_mut() else {
            return Place::Nowhere;
        };
        let Some(context) = slot.take() else {
            return Place::Nowhere;
        };
        beside.push(Rc::new(context));
        self.depth.set(beside.len());
        Place::Beside
    }

    #[cold]
    #[inline(never)]
    fn pop(&self, slot: &mut Option<TenantContext>) {
        if let Ok(mut beside) = self.beside.try_borrow_mut() {
            *slot = beside.pop().map(Rc::unwrap_or_clone);
            self.depth.set(beside.len());
            if beside.is_empty() {
                // Nothing drops the slot at the end of the thread, so nothing may stay in it.
                *beside = Vec::new();
            }
        }
    }
}
