//! Trees of whole queries that the guard builds.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, LimitClause, ObjectName, Offset,
    OffsetRows, Query, Select, SelectFlavor, SelectItem, SetExpr, TableFactor, TableWithJoins,
};

/// `SELECT columns FROM table WHERE selection`.
pub(crate) fn query(table: ObjectName, columns: Vec<Ident>, selection: Option<Expr>) -> Query {
    let projection = columns
        .into_iter()
        .map(|column| SelectItem::UnnamedExpr(Expr::Identifier(column)))
        .collect();
    let relation = TableFactor::Table {
        name: table,
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    };
    from_select(select(projection, relation, selection))
}

pub(crate) fn select(
    projection: Vec<SelectItem>,
    relation: TableFactor,
    selection: Option<Expr>,
) -> Select {
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection,
        exclude: None,
        into: None,
        from: vec![TableWithJoins {
            relation,
            joins: Vec::new(),
        }],
        lateral_views: Vec::new(),
        prewhere: None,
        selection,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}

pub(crate) fn from_select(select: Select) -> Query {
    Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

/// `LIMIT limit OFFSET 0`.
pub(crate) fn offset_zero(limit: Option<Expr>, zero: Expr) -> LimitClause {
    LimitClause::LimitOffset {
        limit,
        offset: Some(Offset {
            value: zero,
            rows: OffsetRows::None,
        }),
        limit_by: Vec::new(),
    }
}

/// The constraint of a join that the guard handles.
pub(crate) fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}
