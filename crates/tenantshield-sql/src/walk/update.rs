//! UPDATE: own rows only, from own rows only, and no row leaves its tenant.

use std::sync::Arc;

use sqlparser::ast::{
    AssignmentTarget, Ident, ObjectName, TableAlias, TableFactor, TableWithJoins, Update,
    UpdateTableFromKind,
};
use tenantshield_core::Action;

use super::Walk;
use super::fence::Reach;
use super::from::last;
use super::literal::label;
use crate::code;
use crate::refusal::Refusal;
use crate::relation::Relation;
use crate::scope::{Source, TenantRef};

impl Walk<'_> {
    pub(super) fn update(&mut self, update: &mut Update) -> Result<(), Refusal> {
        let Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        if !optimizer_hints.is_empty() || output.is_some() {
            return Err(Refusal::new(
                code::CLAUSE,
                "an update clause of another dialect",
            ));
        }
        if !order_by.is_empty() || limit.is_some() {
            return Err(Refusal::new(
                code::ORDERED_WRITE,
                "an update with an order or a limit",
            ));
        }
        let (name, alias) = write_target(table)?;
        let relation = self.target(name)?;
        let given = assignments
            .iter()
            .flat_map(|assignment| match &assignment.target {
                AssignmentTarget::ColumnName(column) => std::slice::from_ref(column),
                AssignmentTarget::Tuple(columns) => columns.as_slice(),
            });
        let given = given.filter_map(|column| last(column).ok());
        self.replaces(or.as_ref(), false, &relation, given)?;
        self.touch(&relation, Action::Write, false)?;
        self.scopes.push();
        let target = self.open_target(name, alias, relation)?;
        let sources = match &*from {
            Some(UpdateTableFromKind::AfterSet(trees)) => trees.as_slice(),
            Some(UpdateTableFromKind::BeforeSet(_)) | None => &[],
        };
        self.pin(selection.as_ref(), sources);
        let strict = self.is_strict();
        let mut own = self.own_rows(&target, Action::Write, strict);
        match from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(trees)) => {
                for tenant in self.from(trees, false)? {
                    own.extend(self.own_rows(&tenant, Action::Read, strict));
                }
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(Refusal::new(
                    code::CLAUSE,
                    "an update clause of another dialect",
                ));
            }
        }
        self.assignments(assignments, &target.relation, Action::Write)?;
        self.maybe(selection.as_mut())?;
        if let Some(items) = returning {
            self.items(items)?;
        }
        self.note_predicates("predicate in where", &own);
        *selection = self.conjoin(own, selection.take(), &Reach::All);
        let frame = self.scopes.pop();
        if let Some(UpdateTableFromKind::AfterSet(trees)) = from {
            self.fence(&frame, trees);
        }
        Ok(())
    }

    /// Makes the target visible in the scope that has just been opened.
    pub(super) fn open_target(
        &mut self,
        name: &ObjectName,
        alias: Option<&Ident>,
        relation: Arc<Relation>,
    ) -> Result<TenantRef, Refusal> {
        let alias = match alias {
            Some(alias) => alias.clone(),
            None => last(name)?.clone(),
        };
        let target = TenantRef {
            name: self.stored(&alias),
            alias,
            relation,
            nullable: false,
            entry: None,
        };
        self.register(
            target.name.clone(),
            Source::Base(Arc::clone(&target.relation)),
        )?;
        if target.relation.is_tenant()
            && let Some(frame) = self.scopes.frame()
        {
            frame.tenants.push(target.clone());
        }
        Ok(target)
    }
}

/// The one table that a write names, with its alias.
pub(super) fn write_target(
    tree: &TableWithJoins,
) -> Result<(&ObjectName, Option<&Ident>), Refusal> {
    let TableWithJoins { relation, joins } = tree;
    let TableFactor::Table {
        name,
        alias,
        args: None,
        with_hints,
        version: None,
        with_ordinality: false,
        partitions,
        json_path: None,
        sample: None,
        index_hints,
    } = relation
    else {
        return Err(Refusal::new(
            code::TABLE_FORM,
            "a write to something but a table",
        ));
    };
    if !joins.is_empty()
        || !with_hints.is_empty()
        || !partitions.is_empty()
        || !index_hints.is_empty()
    {
        return Err(Refusal::new(code::JOIN_FORM, "a write to a join"));
    }
    match alias {
        None => Ok((name, None)),
        Some(TableAlias {
            explicit: _,
            name: own,
            columns,
            at: None,
        }) if columns.is_empty() => {
            label(own)?;
            Ok((name, Some(own)))
        }
        Some(_) => Err(Refusal::new(
            code::ALIAS,
            "a column alias on a written table",
        )),
    }
}
