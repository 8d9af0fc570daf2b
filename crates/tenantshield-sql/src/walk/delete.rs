//! DELETE: own rows only, chosen by own rows only.

use sqlparser::ast::{Delete, FromTable};
use tenantshield_core::Action;

use super::Walk;
use super::fence::Reach;
use super::update::write_target;
use crate::code;
use crate::refusal::Refusal;

impl Walk<'_> {
    pub(super) fn delete(&mut self, delete: &mut Delete) -> Result<(), Refusal> {
        let Delete {
            delete_token: _,
            optimizer_hints,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        if !optimizer_hints.is_empty() || !tables.is_empty() || output.is_some() {
            return Err(Refusal::new(
                code::CLAUSE,
                "a delete clause of another dialect",
            ));
        }
        if !order_by.is_empty() || limit.is_some() {
            return Err(Refusal::new(
                code::ORDERED_WRITE,
                "a delete with an order or a limit",
            ));
        }
        let FromTable::WithFromKeyword(trees) = from else {
            return Err(Refusal::new(code::CLAUSE, "a delete without from"));
        };
        let [tree] = trees.as_slice() else {
            return Err(Refusal::new(
                code::JOIN_FORM,
                "a delete from several tables",
            ));
        };
        let (name, alias) = write_target(tree)?;
        let relation = self.target(name)?;
        self.touch(&relation, Action::Delete, false)?;
        self.scopes.push();
        let target = self.open_target(name, alias, relation)?;
        self.pin(selection.as_ref(), using.as_deref().unwrap_or_default());
        let strict = self.is_strict();
        let mut own = self.own_rows(&target, Action::Delete, strict);
        if let Some(trees) = using {
            for tenant in self.from(trees, false)? {
                own.extend(self.own_rows(&tenant, Action::Read, strict));
            }
        }
        self.maybe(selection.as_mut())?;
        if let Some(items) = returning {
            self.items(items)?;
        }
        self.note_predicates("predicate in where", &own);
        *selection = self.conjoin(own, selection.take(), &Reach::All);
        let frame = self.scopes.pop();
        if let Some(trees) = using {
            self.fence(&frame, trees);
        }
        Ok(())
    }
}
