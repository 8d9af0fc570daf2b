//! Which names a statement can see at the point where the walk stands.
//!
//! *Why:* a common table expression hides a table of the same name, but only where it is visible.
//! Scopes are lexical; a global list of such names would unprotect the table elsewhere.

use std::sync::Arc;

use sqlparser::ast::Ident;

use crate::name::Names;
use crate::relation::Relation;

/// A tenant relation of a FROM clause (or the target of a write) that predicates can name.
#[derive(Clone, Debug)]
pub(crate) struct TenantRef {
    pub(crate) alias: Ident,
    /// The alias as the database compares it.
    pub(crate) name: String,
    pub(crate) relation: Arc<Relation>,
    /// Whether an outer join may fill its columns with NULL.
    pub(crate) nullable: bool,
    /// Its position among the tables of the FROM clause; none for the target of a write.
    pub(crate) entry: Option<usize>,
}

/// What a name in a FROM clause stands for.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A base table.
    Base(Arc<Relation>),
    /// The rows of a function, with the column names that may be asked of it.
    Function(Vec<String>),
    /// A subquery, a common table expression or a joined tree with an alias.
    Rows,
}

/// The names of one SELECT, or of one write.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) sources: Vec<(String, Source)>,
    pub(crate) tenants: Vec<TenantRef>,
    /// Whether a subquery without an alias is among the sources.
    pub(crate) nameless: bool,
    /// The common table expressions that it reads, by their position in the list of all.
    pub(crate) ctes: Vec<usize>,
    /// Whether a raising condition reads its subqueries, which then have to be closed.
    pub(crate) fenced: bool,
    /// Whether no equality may pin a tenant column.
    pub(crate) strict: bool,
}

/// A common table expression on its way from being listed to being visible.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Visibility {
    /// Databases disagree whether a reference here means it or a table.
    Ambiguous,
    /// A reference means it.
    Visible,
}

/// All scopes around the current point, innermost last.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    frames: Vec<Frame>,
    ctes: Vec<Listed>,
}

/// One common table expression in the list of all.
#[derive(Debug)]
struct Listed {
    name: String,
    visibility: Visibility,
    /// Whether its own query is being walked.
    open: bool,
    /// Whether its own query reads it.
    recursive: bool,
    /// Whether a raising condition reads it.
    watched: bool,
}

impl Names for Scopes {
    fn has(&self, name: &str) -> bool {
        self.source(name).is_some()
    }
}

impl Scopes {
    pub(crate) fn push(&mut self) {
        self.frames.push(Frame::default());
    }

    pub(crate) fn pop(&mut self) -> Frame {
        self.frames.pop().unwrap_or_default()
    }

    pub(crate) fn frame(&mut self) -> Option<&mut Frame> {
        self.frames.last_mut()
    }

    /// The source with this name, innermost first.
    pub(crate) fn source(&self, name: &str) -> Option<&Source> {
        self.frames.iter().rev().find_map(|frame| {
            frame
                .sources
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, source)| source)
        })
    }

    /// How many common table expressions are listed now; to be given back to [`Self::forget`].
    pub(crate) fn mark(&self) -> usize {
        self.ctes.len()
    }

    pub(crate) fn list(&mut self, name: String, visibility: Visibility) {
        self.ctes.push(Listed {
            name,
            visibility,
            open: false,
            recursive: false,
            watched: false,
        });
    }

    pub(crate) fn forget(&mut self, mark: usize) {
        self.ctes.truncate(mark);
    }

    /// From here on the expression at `position` is meant by its name.
    pub(crate) fn reveal(&mut self, position: usize) {
        if let Some(listed) = self.ctes.get_mut(position) {
            listed.visibility = Visibility::Visible;
        }
    }

    /// The expression with this name, innermost first: its position in the list of all.
    pub(crate) fn cte(&self, name: &str) -> Option<(usize, &Visibility)> {
        self.ctes
            .iter()
            .enumerate()
            .rev()
            .find(|(_, listed)| listed.name == name)
            .map(|(position, listed)| (position, &listed.visibility))
    }

    /// Marks that the query of the expression at `position` is being walked, or no longer.
    pub(crate) fn set_open(&mut self, position: usize, open: bool) {
        if let Some(listed) = self.ctes.get_mut(position) {
            listed.open = open;
        }
    }

    /// Remembers that the innermost FROM clause reads the expression at `position`.
    pub(crate) fn read(&mut self, position: usize) {
        if let Some(listed) = self.ctes.get_mut(position) {
            listed.recursive |= listed.open;
        }
        if let Some(frame) = self.frame() {
            frame.ctes.push(position);
        }
    }

    pub(crate) fn is_recursive(&self, position: usize) -> bool {
        self.ctes
            .get(position)
            .is_some_and(|listed| listed.recursive)
    }

    /// Remembers that raising conditions read the expressions at `positions`.
    pub(crate) fn watch(&mut self, positions: &[usize]) {
        for position in positions {
            if let Some(listed) = self.ctes.get_mut(*position) {
                listed.watched = true;
            }
        }
    }

    pub(crate) fn is_watched(&self, position: usize) -> bool {
        self.ctes.get(position).is_some_and(|listed| listed.watched)
    }
}
