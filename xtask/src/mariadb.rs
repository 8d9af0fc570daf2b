//! A private `MariaDB`: a fresh data folder, one account for the tests, reached over loopback.

use std::{path::PathBuf, process::Command};

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
    server: "MariaDB",
    programs: &["mariadb", "mariadb-install-db", "mariadbd"],
    versioned: None,
    packages: &["mariadb-server-core", "mariadb-client-core"],
};

/// Only the packages without a service of their own are needed.
#[derive(Debug)]
pub(crate) struct MariaDb {
    client: PathBuf,
    install: PathBuf,
    server: PathBuf,
    password: String,
}

impl MariaDb {
    pub(crate) fn find() -> Result<Self, Error> {
        Ok(Self {
            client: NEED.require("mariadb")?,
            install: NEED.require("mariadb-install-db")?,
            server: NEED.require("mariadbd")?,
            password: random_word(),
        })
    }
}

impl Kind for MariaDb {
    const NAME: &'static str = "MariaDB";
    const STOP: Signal = Signal::Term;

    fn prepare(&self, place: &Place<'_>) -> Result<(), Error> {
        let mut command = place.account.command(&self.install, Signal::Term);
        command
            .arg("--no-defaults")
            .arg(format!("--datadir={}", place.folder.join("data").display()))
            .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-log-file-size=16M",
            ]);
        let (succeeded, said) = quiet(command)?;
        if !succeeded {
            return Err(failed_step(
                Self::NAME,
                "its data folder cannot be made",
                &said,
            ));
        }
        // Read by the server at its start, before it listens.
        let script = format!(
            "CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4;\n\
             CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n\
             ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n",
            password = self.password
        );
        place.account.write(&place.folder.join("init.sql"), &script)
    }

    fn command(&self, place: &Place<'_>, port: u16) -> Result<Command, Error> {
        let folder = place.folder.display();
        let mut command = place.account.command(&self.server, Self::STOP);
        command
            .arg("--no-defaults")
            .arg(format!("--datadir={folder}/data"))
            .arg(format!("--init-file={folder}/init.sql"))
            .arg(format!("--socket={folder}/socket"))
            .arg(format!("--pid-file={folder}/pid"))
            .arg(format!("--port={port}"))
            .args(["--bind-address=127.0.0.1", "--skip-name-resolve"])
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-log-file-size=16M",
            ])
            .args(["--default-time-zone=+00:00", "--max-connections=300"]);
        Ok(command)
    }

    fn answers(&self, _: &Place<'_>, port: u16) -> Result<bool, Error> {
        let mut command = Command::new(&self.client);
        command
            .args(["--no-defaults", "--protocol=TCP", "--host=127.0.0.1"])
            .args([&format!("--port={port}"), &format!("--user={USER}")])
            .args(["--connect-timeout=5", "--batch", "--skip-column-names"])
            .args(["--execute=SELECT DATABASE()", DATABASE])
            .env("MYSQL_PWD", &self.password);
        let (answered, said) = quiet(command)?;
        Ok(answered && said.trim() == DATABASE)
    }

    fn url(&self, port: u16) -> String {
        format!(
            "mysql://{USER}:{}@127.0.0.1:{port}/{DATABASE}",
            self.password
        )
    }
}
