//! One pooled connection, and whether it may go back to the pool.
//!
//! sqlx returns a connection to its pool whatever state the server is in: a `begin` that is
//! dropped between the request and the answer leaves an open transaction to the next borrower,
//! who may be another tenant and whose acknowledged writes then vanish. Here the connection is
//! marked before the first await that may leave state behind and unmarked only when the server
//! has said that it is over; whatever is dropped while marked is closed, not returned.

use std::fmt;

use sqlx::pool::PoolConnection;
use sqlx::{Pool, SqlSafeStr, SqlStr};
use sqlx_core::transaction::TransactionManager;

use crate::backend::Backend;
use crate::backend::sealed::{Damage, ReadOnly};
use crate::error::Error;

pub(crate) struct Held<DB: Backend> {
    connection: PoolConnection<DB>,
    damage: Damage,
    /// Transactions and savepoints that are open on this connection, as this wrapper counts them.
    depth: usize,
    /// The depth at which the damage was done.
    damaged_at: usize,
    /// A boundary (begin, commit, rollback) is under way or went wrong.
    torn: bool,
}

impl<DB: Backend> Held<DB> {
    pub(crate) async fn acquire(pool: &Pool<DB>) -> Result<Self, sqlx::Error> {
        let connection = pool.acquire().await?;
        Ok(Self {
            connection,
            damage: Damage::Unharmed,
            depth: 0,
            damaged_at: 0,
            torn: false,
        })
    }

    /// The driver's connection, unless what runs on it would not be what the caller thinks.
    pub(crate) fn usable(&mut self, level: usize) -> Result<&mut DB::Connection, sqlx::Error> {
        self.at_level(level)?;
        if self.torn || self.damage == Damage::Lost {
            return Err(Error::torn().into());
        }
        Ok(&mut self.connection)
    }

    /// Keeps in mind what an error has done to the open transaction.
    pub(crate) fn note(&mut self, error: &sqlx::Error) {
        if self.depth == 0 {
            return;
        }
        let damage = DB::damage(error);
        let worse = match self.damage {
            Damage::Unharmed => damage != Damage::Unharmed,
            Damage::Aborted | Damage::Unsure => damage == Damage::Lost,
            Damage::Lost => false,
        };
        if worse {
            self.damage = damage;
            self.damaged_at = self.depth;
        }
    }

    /// Opens a transaction, or a savepoint inside of one, and returns its level.
    pub(crate) async fn begin(
        &mut self,
        level: usize,
        statement: Option<SqlStr>,
    ) -> Result<usize, sqlx::Error> {
        self.usable(level)?;
        if self.damage == Damage::Aborted {
            return Err(Error::aborted().into());
        }
        self.torn = true;
        DB::TransactionManager::begin(&mut self.connection, statement).await?;
        self.torn = false;
        self.depth = level.saturating_add(1);
        Ok(self.depth)
    }

    /// Commits the transaction of this level, or releases the savepoint.
    pub(crate) async fn commit(&mut self, level: usize) -> Result<(), sqlx::Error> {
        self.usable(level)?;
        if self.damage == Damage::Aborted {
            // Postgres answers COMMIT in an aborted transaction with success and rolls back.
            self.rollback(level).await?;
            return Err(Error::aborted().into());
        }
        self.torn = true;
        let ended = DB::TransactionManager::commit(&mut self.connection).await;
        if let Err(error) = ended {
            // The server has answered and waits for a rollback, which the drop will queue.
            self.torn = DB::damage(&error) != Damage::Aborted;
            return Err(error);
        }
        self.torn = false;
        self.close_level(level);
        Ok(())
    }

    /// Rolls the transaction of this level back, or returns to its savepoint.
    pub(crate) async fn rollback(&mut self, level: usize) -> Result<(), sqlx::Error> {
        self.usable(level)?;
        self.torn = true;
        DB::TransactionManager::rollback(&mut self.connection).await?;
        self.torn = false;
        self.close_level(level);
        Ok(())
    }

    /// Has the database itself refuse writes, until [`reads_over`](Self::reads_over).
    pub(crate) async fn reads_only(&mut self) -> Result<(), sqlx::Error> {
        match DB::READ_ONLY {
            ReadOnly::Setting { on, .. } => {
                self.torn = true;
                DB::run(&mut self.connection, on).await?;
                self.torn = false;
                self.depth = 1;
                Ok(())
            }
            ReadOnly::Transaction(begin) => {
                self.begin(0, Some(begin.into_sql_str())).await.map(drop)
            }
        }
    }

    /// Takes that back, whether the read went well or not.
    pub(crate) async fn reads_over(&mut self) -> Result<(), sqlx::Error> {
        match DB::READ_ONLY {
            ReadOnly::Setting { off, .. } => {
                DB::run(&mut self.connection, off).await?;
                self.close_level(1);
                Ok(())
            }
            ReadOnly::Transaction(_) => self.rollback(1).await,
        }
    }

    /// Queues a rollback for a transaction that is dropped; the driver sends it before anything
    /// else, and closes the connection when it fails.
    pub(crate) fn abandon(&mut self, level: usize) {
        if self.torn {
            return;
        }
        if self.depth != level || matches!(self.damage, Damage::Lost | Damage::Unsure) {
            self.torn = true;
            return;
        }
        DB::TransactionManager::start_rollback(&mut self.connection);
        self.close_level(level);
    }

    /// A level that was leaked (`mem::forget`) is still open on the server: nothing above it can
    /// be ended truthfully any more.
    fn at_level(&mut self, level: usize) -> Result<(), sqlx::Error> {
        if self.depth == level {
            return Ok(());
        }
        self.torn = true;
        Err(Error::torn().into())
    }

    fn close_level(&mut self, level: usize) {
        self.depth = level.saturating_sub(1);
        if self.damaged_at > self.depth {
            self.damage = Damage::Unharmed;
            self.damaged_at = 0;
        }
    }
}

impl<DB: Backend> Drop for Held<DB> {
    fn drop(&mut self) {
        if self.torn || self.depth != 0 || self.damage != Damage::Unharmed {
            self.connection.close_on_drop();
        }
    }
}

impl<DB: Backend> fmt::Debug for Held<DB> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Held")
            .field("depth", &self.depth)
            .field("damage", &self.damage)
            .field("torn", &self.torn)
            .finish_non_exhaustive()
    }
}
