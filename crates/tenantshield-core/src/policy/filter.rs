//! Further conditions that a policy puts on rows.

use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const CONTRADICTION: &str = "filters ask for two different values of one column";

/// A value that a column must have.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "adapters must bind every kind of value"
)]
pub enum FilterValue {
    /// A truth value.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A text.
    Text(Arc<str>),
    /// A uuid, in network byte order.
    Uuid([u8; 16]),
}

/// Columns and the values that they must have, all of them, sorted by column.
///
/// # Shape
/// Column names as the database stores them. An empty filter asks for nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Filter {
    values: BTreeMap<Arc<str>, FilterValue>,
    is_contradictory: bool,
}

impl Filter {
    /// Asks for nothing.
    pub const fn new() -> Self {
        Self {
            values: BTreeMap::new(),
            is_contradictory: false,
        }
    }

    /// Asks that a column has this value.
    ///
    /// # Security
    /// Asking for a second, different value never replaces the first: no row can have both, and
    /// the filter becomes a no.
    pub fn with(mut self, column: impl Into<Arc<str>>, value: FilterValue) -> Self {
        self.add(column.into(), value);
        self
    }

    /// Asks for what both filters ask for.
    pub fn and(mut self, other: Self) -> Self {
        self.is_contradictory |= other.is_contradictory;
        for (column, value) in other.values {
            self.add(column, value);
        }
        self
    }

    /// The columns in bytewise order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(|column| &**column)
    }

    /// The columns with their values, in the same order.
    pub fn values(&self) -> impl Iterator<Item = (&Arc<str>, &FilterValue)> {
        self.values.iter()
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether it asks for two values of one column, which is a no.
    #[must_use]
    pub const fn is_contradictory(&self) -> bool {
        self.is_contradictory
    }

    fn add(&mut self, column: Arc<str>, value: FilterValue) {
        if self
            .values
            .get(&column)
            .is_some_and(|known| *known != value)
        {
            self.is_contradictory = true;
            return;
        }
        self.values.insert(column, value);
    }
}
