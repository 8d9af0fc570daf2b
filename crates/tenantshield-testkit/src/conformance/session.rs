//! The laws of what lasts longer than a statement: transactions, streams, pools, scopes.

use futures_util::future::try_join_all;

use crate::conformance::law::{equal, numbers, say};
use crate::conformance::{End, Stand, Step};

impl Stand<'_> {
    pub(crate) async fn ambient_needs_scope(&self) -> Result<(), String> {
        match self
            .adapter
            .fetch_ambient("SELECT tenant_id FROM orders")
            .await
        {
            Ok(rows) => Err(format!("gave {rows:?}")),
            Err(error) => equal(&error.code(), &Some("TS-CTX-001")),
        }
    }

    pub(crate) async fn ambient_scope(&self) -> Result<(), String> {
        for (context, tenant) in [(&self.own, 1), (&self.foreign, 2)] {
            let rows = context
                .scope(self.adapter.fetch_ambient("SELECT tenant_id FROM orders"))
                .await
                .map_err(say)?;
            equal(&numbers(&rows), &vec![tenant; 4])?;
        }
        Ok(())
    }

    pub(crate) async fn stream(&self) -> Result<(), String> {
        let sql = "SELECT tenant_id FROM orders";
        let rows = self
            .adapter
            .stream_elsewhere(&self.own, &self.foreign, sql)
            .await
            .map_err(say)?;
        equal(&numbers(&rows), &vec![1; 4])
    }

    pub(crate) async fn prepared(&self) -> Result<(), String> {
        let sql = "SELECT tenant_id FROM secrets ORDER BY id";
        for _ in 0..3 {
            equal(&self.integers(&self.own, sql).await?, &vec![1; 4])?;
            equal(&self.integers(&self.foreign, sql).await?, &vec![2; 4])?;
        }
        Ok(())
    }

    pub(crate) async fn concurrency(&self) -> Result<(), String> {
        let tries = (0..40).map(|turn| async move {
            let (context, tenant) = if turn % 2 == 0 {
                (&self.own, 1)
            } else {
                (&self.foreign, 2)
            };
            let seen = self
                .integers(context, "SELECT tenant_id FROM items")
                .await?;
            equal(&seen, &vec![tenant; 4])
        });
        try_join_all(tries).await.map(|_| ())
    }

    pub(crate) async fn transaction_commit(&self) -> Result<(), String> {
        self.insert_in_transaction(941, End::Commit).await?;
        equal(&self.with_id(941).await?, &vec![1])
    }

    pub(crate) async fn transaction_rollback(&self) -> Result<(), String> {
        self.insert_in_transaction(951, End::Rollback).await?;
        equal(&self.with_id(951).await?, &Vec::new())
    }

    pub(crate) async fn transaction_drop(&self) -> Result<(), String> {
        self.insert_in_transaction(961, End::Drop).await?;
        equal(&self.with_id(961).await?, &Vec::new())?;
        // A write of the next borrower must not die in a transaction that was left open.
        let sql = "INSERT INTO orders (id, note) VALUES (962, 'next')";
        self.adapter
            .execute(&self.foreign, sql, &[])
            .await
            .map_err(say)?;
        let sql = "SELECT tenant_id FROM orders WHERE id = 962";
        equal(&self.integers(&self.foreign, sql).await?, &vec![2])
    }

    pub(crate) async fn transaction_error(&self) -> Result<(), String> {
        let steps = [insert(971), Step::Execute("DELETE FROM tenants".to_owned())];
        match self
            .adapter
            .transaction(&self.own, &steps, End::Commit)
            .await
        {
            Ok(()) => return Err("a platform table was written".to_owned()),
            Err(error) if error.code().is_none() => return Err(say(error)),
            Err(_) => {}
        }
        equal(&self.with_id(971).await?, &Vec::new())
    }

    pub(crate) async fn savepoint(&self) -> Result<(), String> {
        let steps = [
            insert(981),
            Step::Open,
            insert(982),
            Step::Execute("UPDATE orders SET note = 'in the savepoint'".to_owned()),
            Step::Undo,
            Step::Open,
            insert(983),
            Step::Keep,
        ];
        let before = self.notes(&self.foreign).await?;
        self.adapter
            .transaction(&self.own, &steps, End::Commit)
            .await
            .map_err(say)?;
        equal(&self.with_id(981).await?, &vec![1])?;
        equal(&self.with_id(982).await?, &Vec::new())?;
        equal(&self.with_id(983).await?, &vec![1])?;
        let touched = "SELECT id FROM orders WHERE note = 'in the savepoint'";
        equal(&self.integers(&self.own, touched).await?, &Vec::new())?;
        equal(&self.notes(&self.foreign).await?, &before)
    }

    pub(crate) async fn transaction_text(&self) -> Result<(), String> {
        for sql in ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a"] {
            self.refused(sql, &[]).await?;
        }
        Ok(())
    }

    async fn insert_in_transaction(&self, id: u32, end: End) -> Result<(), String> {
        self.adapter
            .transaction(&self.own, &[insert(id)], end)
            .await
            .map_err(say)
    }

    /// The tenants of the rows with this key, as tenant 1 sees them.
    async fn with_id(&self, id: u32) -> Result<Vec<i64>, String> {
        let sql = format!("SELECT tenant_id FROM orders WHERE id = {id}");
        self.integers(&self.own, &sql).await
    }
}

fn insert(id: u32) -> Step {
    Step::Execute(format!(
        "INSERT INTO orders (id, note) VALUES ({id}, 'new')"
    ))
}
