//! One SELECT: every clause decided, its tenant relations placed, its raising conjuncts guarded.

use sqlparser::ast::{
    Distinct, GroupByExpr, NamedWindowDefinition, NamedWindowExpr, OrderBy, Select, SelectFlavor,
    SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions, WindowFrame,
    WindowFrameBound, WindowSpec,
};
use tenantshield_core::Action;

use super::Walk;
use super::fence::Reach;
use super::literal::label;
use crate::code;
use crate::refusal::Refusal;

impl Walk<'_> {
    pub(super) fn select(
        &mut self,
        select: &mut Select,
        order_by: Option<&mut OrderBy>,
        locked: bool,
    ) -> Result<(), Refusal> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(Refusal::new(
                code::STATEMENT,
                "a select that creates a table",
            ));
        }
        let foreign = !optimizer_hints.is_empty()
            || select_modifiers.is_some()
            || top.is_some()
            || exclude.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || qualify.is_some()
            || value_table_mode.is_some()
            || *flavor != SelectFlavor::Standard;
        if foreign {
            return Err(Refusal::new(
                code::CLAUSE,
                "a select clause of another dialect",
            ));
        }
        self.scopes.push();
        self.pin(selection.as_ref(), from);
        let open = self.from(from, locked)?;
        match distinct {
            None | Some(Distinct::All | Distinct::Distinct) => {}
            Some(Distinct::On(list)) => self.exprs(list)?,
        }
        self.items(projection)?;
        self.maybe(selection.as_mut())?;
        match group_by {
            GroupByExpr::Expressions(list, modifiers) if modifiers.is_empty() => {
                self.exprs(list)?;
            }
            GroupByExpr::Expressions(..) | GroupByExpr::All(_) => {
                return Err(Refusal::new(
                    code::CLAUSE,
                    "a group clause that is not handled",
                ));
            }
        }
        self.maybe(having.as_mut())?;
        for NamedWindowDefinition(name, window) in named_window {
            label(name)?;
            match window {
                NamedWindowExpr::NamedWindow(_) => {}
                NamedWindowExpr::WindowSpec(spec) => self.window(spec)?,
            }
        }
        if let Some(order_by) = order_by {
            self.order_by(order_by)?;
        }
        let strict = self.is_strict();
        let own: Vec<_> = open
            .iter()
            .flat_map(|tenant| self.own_rows(tenant, Action::Read, strict))
            .collect();
        self.note_predicates("predicate in where", &own);
        *selection = self.conjoin(own, selection.take(), &Reach::All);
        self.fence_groups(having);
        let frame = self.scopes.pop();
        self.fence(&frame, from);
        Ok(())
    }

    pub(super) fn items(&mut self, items: &mut [SelectItem]) -> Result<(), Refusal> {
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => self.expr(expr)?,
                SelectItem::ExprWithAlias { expr, alias } => {
                    label(alias)?;
                    self.expr(expr)?;
                }
                SelectItem::ExprWithAliases { .. } => {
                    return Err(Refusal::new(code::CLAUSE, "a list of aliases"));
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(_),
                    options,
                )
                | SelectItem::Wildcard(options) => wildcard(options)?,
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::Expr(expr),
                    options,
                ) => {
                    wildcard(options)?;
                    self.expr(expr)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn window(&mut self, spec: &mut WindowSpec) -> Result<(), Refusal> {
        let WindowSpec {
            window_name: _,
            partition_by,
            order_by,
            window_frame,
        } = spec;
        self.exprs(partition_by)?;
        self.order_list(order_by)?;
        let Some(WindowFrame {
            units: _,
            start_bound,
            end_bound,
        }) = window_frame
        else {
            return Ok(());
        };
        for bound in std::iter::once(start_bound).chain(end_bound) {
            match bound {
                WindowFrameBound::CurrentRow => {}
                WindowFrameBound::Preceding(expr) | WindowFrameBound::Following(expr) => {
                    self.maybe(expr.as_deref_mut())?;
                }
            }
        }
        Ok(())
    }
}

pub(super) fn wildcard(options: &WildcardAdditionalOptions) -> Result<(), Refusal> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let plain = opt_ilike.is_none()
        && opt_exclude.is_none()
        && opt_except.is_none()
        && opt_replace.is_none()
        && opt_rename.is_none()
        && opt_alias.is_none();
    if plain {
        Ok(())
    } else {
        Err(Refusal::new(code::CLAUSE, "a wildcard with options"))
    }
}
