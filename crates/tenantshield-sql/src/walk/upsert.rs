//! ON CONFLICT: a row of another tenant is never updated, whatever key it collides on.

use std::sync::Arc;

use sqlparser::ast::{ConflictTarget, DoUpdate, Expr, OnConflict, OnConflictAction, OnInsert};
use tenantshield_core::Action;

use super::Walk;
use super::fence::Reach;
use crate::code;
use crate::refusal::Refusal;
use crate::scope::{Source, TenantRef};

impl Walk<'_> {
    pub(super) fn upsert(&mut self, on: &mut OnInsert, target: &TenantRef) -> Result<(), Refusal> {
        let OnInsert::OnConflict(OnConflict {
            conflict_target,
            action,
        }) = on
        else {
            return Err(Refusal::new(
                code::INSERT_FORM,
                "an upsert of another dialect",
            ));
        };
        match conflict_target {
            None | Some(ConflictTarget::Columns(_) | ConflictTarget::OnConstraint(_)) => {}
        }
        let OnConflictAction::DoUpdate(DoUpdate {
            assignments,
            selection,
        }) = action
        else {
            return Ok(());
        };
        self.register(
            "excluded".to_owned(),
            Source::Base(Arc::clone(&target.relation)),
        )?;
        self.assignments(assignments, &target.relation, Action::Write)?;
        self.maybe(selection.as_mut())?;
        // SECURITY: first in the WHERE, as SQLite evaluates in order and on the colliding row.
        let own: Vec<Expr> = self.own_rows(target, Action::Write, false);
        self.note_predicates("predicate in on conflict", &own);
        if let Some(frame) = self.scopes.frame() {
            frame.tenants.push(target.clone());
        }
        *selection = self.conjoin(own, selection.take(), &Reach::All);
        Ok(())
    }
}
