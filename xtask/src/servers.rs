//! All servers of a test run together: brought, started, named in the environment, stopped.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use tempfile::TempDir;

use crate::{
    account::Account,
    error::Error,
    interrupt::Interrupt,
    mariadb::{self, MariaDb},
    outcome::{Format, Outcome},
    packages,
    postgres::{self, Postgres},
    redis::{self, Redis},
    server::Server,
};

/// The variables in which tests find the servers.
const VARIABLES: [&str; 3] = [
    "TENANTSHIELD_TEST_POSTGRES_URL",
    "TENANTSHIELD_TEST_REDIS_URL",
    "TENANTSHIELD_TEST_MARIADB_URL",
];

/// Running servers; dropping them stops them first and removes their folder last.
#[derive(Debug)]
pub(crate) struct Servers {
    running: [Server; 3],
    _folder: TempDir,
}

impl Servers {
    pub(crate) fn start(interrupt: &Interrupt) -> Result<Self, Error> {
        packages::bring(&[postgres::NEED, redis::NEED, mariadb::NEED], interrupt)?;
        let account = Account::choose()?;
        let folder = open_folder()?;
        let parent = folder.path();
        let postgres = Server::start(&Postgres::find()?, &account, parent, interrupt)?;
        let redis = Server::start(&Redis::find()?, &account, parent, interrupt)?;
        let mariadb = Server::start(&MariaDb::find()?, &account, parent, interrupt)?;
        Ok(Self {
            running: [postgres, redis, mariadb],
            _folder: folder,
        })
    }

    /// Tells a program where the servers are.
    pub(crate) fn name_to(&self, command: &mut Command) {
        command.envs(self.variables());
    }

    /// Prints the variables and holds the servers until a signal comes.
    pub(crate) fn hold(&self, interrupt: &Interrupt, format: Format) {
        match format {
            Format::Json => {
                let urls: serde_json::Map<String, serde_json::Value> = self
                    .variables()
                    .map(|(name, url)| (name.to_owned(), url.into()))
                    .collect();
                println!("{}", serde_json::Value::Object(urls));
            }
            Format::Text => {
                for (name, url) in self.variables() {
                    println!("export {name}='{url}'");
                }
            }
        }
        eprintln!("xtask: servers stay up until Ctrl-C");
        interrupt.wait();
    }

    fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        VARIABLES
            .into_iter()
            .zip(self.running.iter().map(Server::url))
    }
}

/// `cargo xtask servers`.
pub(crate) fn keep_up(interrupt: &Interrupt, format: Format) -> Result<Outcome, Error> {
    Servers::start(interrupt)?.hold(interrupt, format);
    Ok(Outcome::Passed)
}

/// A temporary folder that the servers' account can walk through but not list.
pub(crate) fn open_folder() -> Result<TempDir, Error> {
    let folder = tempfile::Builder::new()
        .prefix("tenantshield-")
        .tempdir()
        .map_err(Error::file("make", std::env::temp_dir()))?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))
        .map_err(Error::file("protect", folder.path()))?;
    Ok(folder)
}
