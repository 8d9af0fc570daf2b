//! A private `PostgreSQL`: a fresh cluster with one superuser, reached by password over loopback.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    error::Error,
    packages::Need,
    process::quiet,
    server::{Kind, Place, failed_step, random_word},
    signal::Signal,
};

const DATABASE: &str = "tenantshield_test";
const USER: &str = "tenantshield";

pub(crate) const NEED: Need = Need {
    server: "PostgreSQL",
    programs: &["initdb", "postgres", "psql"],
    versioned: Some("/usr/lib/postgresql"),
    packages: &["postgresql"],
};

/// The tests connect as superuser: they make roles, and prove what lesser roles cannot do.
#[derive(Debug)]
pub(crate) struct Postgres {
    initdb: PathBuf,
    server: PathBuf,
    client: PathBuf,
    password: String,
}

impl Postgres {
    pub(crate) fn find() -> Result<Self, Error> {
        Ok(Self {
            initdb: NEED.require("initdb")?,
            server: NEED.require("postgres")?,
            client: NEED.require("psql")?,
            password: random_word(),
        })
    }

    fn query(&self, port: u16, database: &str, sql: &str) -> Result<(bool, String), Error> {
        let mut command = Command::new(&self.client);
        command
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--host=127.0.0.1", &format!("--port={port}")])
            .args([&format!("--username={USER}"), "--no-password"])
            .args([&format!("--dbname={database}"), "--command", sql])
            .env("PGPASSWORD", &self.password)
            .env("PGCONNECT_TIMEOUT", "5");
        quiet(command)
    }
}

impl Kind for Postgres {
    const NAME: &'static str = "PostgreSQL";
    // "Fast": open sessions are cut, where TERM would wait for them.
    const STOP: Signal = Signal::Int;

    fn prepare(&self, place: &Place<'_>) -> Result<(), Error> {
        let word = place.folder.join("password");
        place.account.write(&word, &self.password)?;
        let mut command = place.account.command(&self.initdb, Signal::Term);
        command
            .arg(argument("--pgdata=", &data(place)))
            .arg(argument("--pwfile=", &word))
            .arg(format!("--username={USER}"))
            .args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"])
            .arg("--no-sync");
        let (succeeded, said) = quiet(command)?;
        if !succeeded {
            return Err(failed_step(
                Self::NAME,
                "its data folder cannot be made",
                &said,
            ));
        }
        Ok(())
    }

    fn command(&self, place: &Place<'_>, port: u16) -> Result<Command, Error> {
        let mut command = place.account.command(&self.server, Self::STOP);
        command
            .arg("-D")
            .arg(data(place))
            .args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=300",
            // The data dies with the run; only the order of writes within it matters.
            "fsync=off",
            "full_page_writes=off",
            "log_min_messages=fatal",
            "timezone=UTC",
        ] {
            command.args(["-c", setting]);
        }
        Ok(command)
    }

    fn answers(&self, _: &Place<'_>, port: u16) -> Result<bool, Error> {
        let (is_up, _) = self.query(port, "postgres", "SELECT 1")?;
        if !is_up {
            return Ok(false);
        }
        let (made, said) = self.query(port, "postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        if !made {
            return Err(failed_step(
                Self::NAME,
                "its database cannot be made",
                &said,
            ));
        }
        let (answered, said) = self.query(port, DATABASE, "SELECT current_database()")?;
        Ok(answered && said.trim() == DATABASE)
    }

    fn url(&self, port: u16) -> String {
        format!(
            "postgres://{USER}:{}@127.0.0.1:{port}/{DATABASE}",
            self.password
        )
    }
}

fn data(place: &Place<'_>) -> PathBuf {
    place.folder.join("data")
}

fn argument(name: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(name);
    argument.push(path);
    argument
}
