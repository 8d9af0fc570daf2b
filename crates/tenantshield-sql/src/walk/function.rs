//! Function calls: allow-listed names, every argument walked.

use sqlparser::ast::{
    Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause,
    FunctionArguments, ObjectName, WindowType,
};

use super::Walk;
use super::expression::unhandled;
use super::select::wildcard;
use crate::allow;
use crate::code;
use crate::name;
use crate::refusal::Refusal;

impl Walk<'_> {
    /// Refuses a function that is neither built in and harmless nor allowed by the catalogue.
    pub(super) fn function_name(&self, function: &ObjectName) -> Result<(), Refusal> {
        let parts: Vec<String> = name::parts(function)?
            .into_iter()
            .map(|part| self.stored(part))
            .collect();
        let (bare, built_in) = match parts.as_slice() {
            [bare] => (bare, true),
            [schema, bare] => (bare, schema == "pg_catalog"),
            _ => return Err(refused("")),
        };
        if built_in && allow::function(bare, self.dialect()) {
            return Ok(());
        }
        if self.rules.functions.contains(&parts.join(".")) {
            return Ok(());
        }
        Err(refused(bare))
    }

    pub(super) fn function(&mut self, function: &mut Function) -> Result<(), Refusal> {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment: _,
            over,
        } = function;
        if *uses_odbc_syntax || *parameters != FunctionArguments::None {
            return Err(unhandled());
        }
        self.function_name(name)?;
        match args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => self.query(query)?,
            FunctionArguments::List(list) => {
                self.arguments(&mut list.args)?;
                for clause in &mut list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(order) => self.order_list(order)?,
                        FunctionArgumentClause::IgnoreOrRespectNulls(_) => {}
                        _ => return Err(unhandled()),
                    }
                }
            }
        }
        self.order_list(within_group)?;
        self.maybe(filter.as_deref_mut())?;
        match over {
            None | Some(WindowType::NamedWindow(_)) => Ok(()),
            Some(WindowType::WindowSpec(spec)) => self.window(spec),
        }
    }

    pub(super) fn arguments(&mut self, args: &mut [FunctionArg]) -> Result<(), Refusal> {
        for arg in args {
            let value = match arg {
                FunctionArg::Unnamed(value) => value,
                FunctionArg::Named {
                    name: _,
                    arg,
                    operator: FunctionArgOperator::RightArrow | FunctionArgOperator::Assignment,
                } => arg,
                FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => {
                    return Err(unhandled());
                }
            };
            match value {
                FunctionArgExpr::Expr(expr) => self.expr(expr)?,
                FunctionArgExpr::QualifiedWildcard(_) | FunctionArgExpr::Wildcard => {}
                FunctionArgExpr::WildcardWithOptions(options) => wildcard(options)?,
            }
        }
        Ok(())
    }
}

fn refused(name: &str) -> Refusal {
    // The name is the statement's own text; shown only where it is a plain word.
    let plain = !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    Refusal::new(
        code::FUNCTION,
        if plain {
            format!("the function `{name}`")
        } else {
            "a function that is not on the allow-list".to_owned()
        },
    )
}
