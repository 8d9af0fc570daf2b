//! Where the predicate of each table of a join tree belongs.
//!
//! *Why:* a predicate in WHERE turns an outer join into an inner one, and one in the ON of a
//! preserved side filters nothing. For each table the nearest join that can null-extend it decides:
//! its ON takes the predicate; without an ON, or with a full join, the table becomes a derived one.
//!
//! # Shape
//! Pure: [`plan`] reads the tree, the walk applies the result in the same order of tables.

use sqlparser::ast::{Join, JoinConstraint, JoinOperator, TableFactor, TableWithJoins};

/// Where a predicate goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// Nowhere: the table itself becomes `(SELECT … WHERE …)`.
    Derived,
    /// Into the ON of the join with this ordinal.
    On(usize),
    /// Into the WHERE of the enclosing statement.
    Where,
}

/// One table of the tree, in reading order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) place: Place,
    /// Whether a join above it can fill its columns with NULL.
    pub(crate) nullable: bool,
}

/// What [`plan`] finds.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The tables, in reading order.
    pub(crate) entries: Vec<Entry>,
    /// What the ON of each join can name, in reading order.
    pub(crate) joins: Vec<Sides>,
}

/// The tables around one join, by their positions among all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sides {
    /// The first one inside the same parentheses.
    pub(crate) nest: usize,
    /// The first one of its left side.
    pub(crate) start: usize,
    /// The one behind the last of its right side.
    pub(crate) end: usize,
}

/// Which side of a join is filled with NULL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Both,
    Left,
    Neither,
    Right,
}

/// The side that `operator` null-extends and its constraint; none for joins of other dialects.
pub(crate) const fn side(operator: &JoinOperator) -> Option<(Side, &JoinConstraint)> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::CrossJoin(constraint) => Some((Side::Neither, constraint)),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
            Some((Side::Right, constraint))
        }
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
            Some((Side::Left, constraint))
        }
        JoinOperator::FullOuter(constraint) => Some((Side::Both, constraint)),
        JoinOperator::Semi(_)
        | JoinOperator::LeftSemi(_)
        | JoinOperator::RightSemi(_)
        | JoinOperator::Anti(_)
        | JoinOperator::LeftAnti(_)
        | JoinOperator::RightAnti(_)
        | JoinOperator::CrossApply
        | JoinOperator::OuterApply
        | JoinOperator::AsOf { .. }
        | JoinOperator::StraightJoin(_)
        | JoinOperator::ArrayJoin
        | JoinOperator::LeftArrayJoin
        | JoinOperator::InnerArrayJoin => None,
    }
}

/// The tables of all `trees`, in reading order. Joins are numbered in reading order as well.
pub(crate) fn plan(trees: &[TableWithJoins]) -> Plan {
    let mut plan = Plan::default();
    for tree in trees {
        let _open = plan.tree(tree, 0);
    }
    plan
}

impl Plan {
    /// Plans `tree` and gives the tables whose predicate may still go further up.
    fn tree(&mut self, tree: &TableWithJoins, nest: usize) -> Vec<usize> {
        let TableWithJoins { relation, joins } = tree;
        let first = self.entries.len();
        let mut open = self.factor(relation);
        for join in joins {
            let Join {
                relation,
                global: _,
                join_operator,
            } = join;
            let ordinal = self.joins.len();
            self.joins.push(Sides {
                nest,
                start: first,
                end: first,
            });
            let middle = self.entries.len();
            let right = self.factor(relation);
            let end = self.entries.len();
            if let Some(sides) = self.joins.get_mut(ordinal) {
                sides.end = end;
            }
            // A join of another dialect is refused by the walk; to be safe it counts as full.
            let (side, on) = side(join_operator)
                .map_or((Side::Both, false), |(side, constraint)| {
                    (side, matches!(constraint, JoinConstraint::On(_)))
                });
            let place = if on {
                Place::On(ordinal)
            } else {
                Place::Derived
            };
            match side {
                Side::Neither => open.extend(right),
                Side::Right => {
                    self.null_extend(middle, end);
                    self.close(&right, place);
                }
                Side::Left => {
                    self.null_extend(first, middle);
                    self.close(&open, place);
                    open = right;
                }
                Side::Both => {
                    self.null_extend(first, end);
                    self.close(&open, Place::Derived);
                    self.close(&right, Place::Derived);
                    open.clear();
                }
            }
        }
        open
    }

    fn factor(&mut self, factor: &TableFactor) -> Vec<usize> {
        match factor {
            TableFactor::Table { .. } => {
                self.entries.push(Entry {
                    place: Place::Where,
                    nullable: false,
                });
                vec![self.entries.len() - 1]
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                let first = self.entries.len();
                let open = self.tree(table_with_joins, first);
                if alias.is_none() {
                    return open;
                }
                // The alias hides the inner names, so nothing outside can qualify a predicate.
                for entry in self.entries.iter_mut().skip(first) {
                    entry.place = Place::Derived;
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn null_extend(&mut self, from: usize, to: usize) {
        for entry in self.entries.iter_mut().take(to).skip(from) {
            entry.nullable = true;
        }
    }

    fn close(&mut self, tables: &[usize], place: Place) {
        for table in tables {
            if let Some(entry) = self.entries.get_mut(*table) {
                entry.place = place;
            }
        }
    }
}
