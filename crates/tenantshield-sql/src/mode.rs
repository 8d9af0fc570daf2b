//! How far the barrier goes.

/// What keeps raising expressions away from foreign rows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the design names all modes")]
pub enum Barrier {
    /// Every tenant table becomes a derived one behind an offset, wherever that is possible.
    Always,
    /// Only conjuncts and derived columns that can raise on row data are set apart.
    #[default]
    Auto,
    /// Nothing is set apart: only with row-level security beneath.
    Never,
}

impl Barrier {
    pub(crate) const fn is_on(self) -> bool {
        matches!(self, Self::Always | Self::Auto)
    }

    pub(crate) const fn is_always(self) -> bool {
        matches!(self, Self::Always)
    }
}
