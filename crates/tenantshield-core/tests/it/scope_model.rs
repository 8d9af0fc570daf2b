//! Random programs of scopes against a stack of names.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Waker};

use proptest::prelude::*;
use tenantshield_core::{TenantContext, with_current_tenant};

use crate::fixture::{context, step};
use crate::scope::here;

const NAMES: [&str; 3] = ["acme", "globex", "umbrella"];

#[derive(Clone, Debug)]
enum Act {
    Check,
    Enter(usize, Vec<Self>),
    Lend(Vec<Self>),
    /// Enters, acts and panics; the panic is caught outside.
    Unwind(usize, Vec<Self>),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let leaf = Just(Act::Check);
    let act = leaf.prop_recursive(5, 40, 4, |inner| {
        let many = prop::collection::vec(inner, 0..4);
        prop_oneof![
            (0..3_usize, many.clone()).prop_map(|(at, acts)| Act::Enter(at, acts)),
            many.clone().prop_map(Act::Lend),
            (0..3_usize, many).prop_map(|(at, acts)| Act::Unwind(at, acts)),
        ]
    });
    prop::collection::vec(act, 0..5)
}

fn run(acts: &[Act], contexts: &[TenantContext], stack: &mut Vec<usize>) {
    let expected = |stack: &[usize]| stack.last().map(|at| NAMES[*at].to_owned());
    for act in acts {
        assert_eq!(here(), expected(stack));
        match act {
            Act::Check => {}
            Act::Enter(at, inner) => {
                stack.push(*at);
                contexts[*at].sync_scope(|| run(inner, contexts, stack));
                stack.pop();
            }
            Act::Lend(inner) => with_current_tenant(|lent| {
                let name = |lent: Option<&TenantContext>| lent.map(|c| c.tenant().to_string());
                assert_eq!(name(lent), expected(stack));
                run(inner, contexts, stack);
                assert_eq!(name(lent), expected(stack));
            }),
            Act::Unwind(at, inner) => {
                let depth = stack.len();
                let unwound = catch_unwind(AssertUnwindSafe(|| {
                    stack.push(*at);
                    contexts[*at].sync_scope(|| {
                        run(inner, contexts, stack);
                        std::panic::resume_unwind(Box::new(()));
                    });
                }));
                assert!(unwound.is_err());
                stack.truncate(depth);
            }
        }
        assert_eq!(here(), expected(stack));
    }
}

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// A future that checks who is current before and after each step, with one scope inside.
fn checker(contexts: &[TenantContext], outer: usize, inner: usize, steps: usize) -> Boxed {
    let inner_context = contexts[inner].clone();
    Box::pin(contexts[outer].scope(async move {
        for _ in 0..steps {
            assert_eq!(here().unwrap(), NAMES[outer]);
            step().await;
            inner_context
                .scope(async {
                    assert_eq!(here().unwrap(), NAMES[inner]);
                    step().await;
                    assert_eq!(here().unwrap(), NAMES[inner]);
                })
                .await;
        }
        assert_eq!(here().unwrap(), NAMES[outer]);
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// SEED-B1.
    #[test]
    fn any_nesting_of_scopes_behaves_like_a_stack(acts in acts()) {
        let contexts = NAMES.map(context);
        let mut stack = Vec::new();
        run(&acts, &contexts, &mut stack);
        prop_assert_eq!(here(), None);
    }

    /// SEED-B1.
    #[test]
    fn futures_polled_in_any_order_and_dropped_at_any_point_keep_their_tenants(
        shapes in prop::collection::vec((0..3_usize, 0..3_usize, 0..4_usize), 1..5),
        order in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..40),
        around in prop::option::of(0..3_usize),
    ) {
        let contexts = NAMES.map(context);
        let mut futures: Vec<Option<Boxed>> = shapes
            .iter()
            .map(|(outer, inner, steps)| Some(checker(&contexts, *outer, *inner, *steps)))
            .collect();
        let mut drive = || {
            let before = here();
            let mut task = Context::from_waker(Waker::noop());
            for (index, is_drop) in &order {
                let place = &mut futures[index.index(shapes.len())];
                let is_over = match place {
                    Some(future) => *is_drop || future.as_mut().poll(&mut task).is_ready(),
                    None => false,
                };
                if is_over {
                    *place = None;
                }
                assert_eq!(here(), before);
            }
            futures.clear();
            assert_eq!(here(), before);
        };
        match around {
            Some(at) => contexts[at].sync_scope(drive),
            None => drive(),
        }
        prop_assert_eq!(here(), None);
    }
}
