//! Further predicates that a policy demands, as the guard sees them: columns, never values.
//!
//! *Why:* a policy may narrow a tenant's rows (`RequireScope`). Values change from request to
//! request, column names hardly ever, so only the names take part in the text and in the cache key.

use std::fmt::Write;
use std::sync::Arc;

use tenantshield_core::Action;

/// The type that a filter's value is bound with.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "adapters must bind every kind")]
pub enum FilterKind {
    /// A truth value.
    Boolean,
    /// A 64-bit integer.
    Integer,
    /// A text.
    Text,
    /// A uuid.
    Uuid,
}

/// The filter columns of one relation and action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Filter {
    pub(crate) table: Arc<str>,
    pub(crate) action: Action,
    pub(crate) columns: Vec<(Arc<str>, FilterKind)>,
}

/// All filters of one statement.
///
/// # Shape
/// Keyed by the table of a [`Touch`](crate::Touch) and its action; columns keep their order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Filters(Vec<Filter>);

impl Filters {
    /// No filters: what a policy that only allows needs.
    pub const NONE: &'static Self = &Self(Vec::new());

    /// No filters.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds the columns that `action` on `table` is narrowed by, to those that it has.
    pub fn with(
        mut self,
        table: Arc<str>,
        action: Action,
        columns: Vec<(Arc<str>, FilterKind)>,
    ) -> Self {
        let known = self
            .0
            .iter_mut()
            .find(|filter| filter.table == table && filter.action == action);
        match known {
            Some(filter) => {
                for column in columns {
                    if !filter.columns.contains(&column) {
                        filter.columns.push(column);
                    }
                }
            }
            None => self.0.push(Filter {
                table,
                action,
                columns,
            }),
        }
        self
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `action` on `table` is narrowed at all.
    pub(crate) fn narrow(&self, table: &str, action: Action) -> bool {
        !self.columns(table, action).is_empty()
    }

    pub(crate) fn columns(&self, table: &str, action: Action) -> &[(Arc<str>, FilterKind)] {
        self.0
            .iter()
            .find(|filter| &*filter.table == table && filter.action == action)
            .map_or(&[], |filter| &filter.columns)
    }

    /// A text that differs whenever the filters do; lengths make it injective.
    pub(crate) fn key(&self) -> String {
        let mut key = String::new();
        for filter in &self.0 {
            let _written = write!(
                key,
                "{}:{}{:?}{};",
                filter.table.len(),
                filter.table,
                filter.action,
                filter.columns.len()
            );
            for (column, kind) in &filter.columns {
                let _written = write!(key, "{}:{column}{kind:?};", column.len());
            }
        }
        key
    }
}
