//! The four statements of tenants, and transaction control where the adapter owns it.

use sqlparser::ast::Statement;

use super::Walk;
use crate::code;
use crate::judgement::StatementKind;
use crate::refusal::Refusal;

impl Walk<'_> {
    pub(super) fn statement(
        &mut self,
        statement: &mut Statement,
    ) -> Result<StatementKind, Refusal> {
        match statement {
            Statement::Query(query) => {
                let writes_itself = self.query_with_writes(query)?;
                Ok(writes_itself.unwrap_or(if self.writes {
                    StatementKind::SelectWithWrites
                } else {
                    StatementKind::Select
                }))
            }
            Statement::Insert(insert) => {
                self.insert(insert)?;
                Ok(StatementKind::Insert)
            }
            Statement::Update(update) => {
                self.update(update)?;
                Ok(StatementKind::Update)
            }
            Statement::Delete(delete) => {
                self.delete(delete)?;
                Ok(StatementKind::Delete)
            }
            Statement::Merge(_) => Err(Refusal::new(code::MERGE, "a merge statement")),
            other => self.transaction(other),
        }
    }

    fn transaction(&self, statement: &Statement) -> Result<StatementKind, Refusal> {
        let plain = match statement {
            Statement::StartTransaction {
                modes: _,
                begin: _,
                transaction: _,
                modifier,
                statements,
                exception,
                has_end_keyword,
            } => {
                modifier.is_none()
                    && statements.is_empty()
                    && exception.is_none()
                    && !has_end_keyword
            }
            Statement::Commit {
                chain,
                end: _,
                modifier,
            } => !chain && modifier.is_none(),
            Statement::Rollback {
                chain,
                savepoint: _,
            } => !chain,
            Statement::Savepoint { name: _ } | Statement::ReleaseSavepoint { name: _ } => true,
            _ => {
                return Err(Refusal::new(
                    code::STATEMENT,
                    "a kind of statement that tenants may not send",
                ));
            }
        };
        if plain && self.rules.transactions {
            Ok(StatementKind::Transaction)
        } else {
            Err(Refusal::new(code::TRANSACTION, "transaction control"))
        }
    }
}
