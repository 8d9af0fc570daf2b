//! One running server: started under an unprivileged account, asked until it answers, stopped
//! by its process id when its guard is dropped.
//!
//! The guard also holds when nothing is dropped: the server is told to end by the kernel as
//! soon as this process is gone (`setpriv --pdeathsig`, Linux).

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use uuid::Uuid;

use crate::{
    account::Account,
    error::Error,
    interrupt::Interrupt,
    process::{end, now, unusable},
    signal::Signal,
};

const ATTEMPTS: u32 = 3;
const LAST_WORDS: usize = 20;
const READY_WITHIN: Duration = Duration::from_mins(1);

/// What a kind of server does to come up; the rest is the same for all.
pub(crate) trait Kind {
    const NAME: &'static str;
    /// The signal on which it ends at once and in order.
    const STOP: Signal;

    /// Makes the data folder ready; runs once, before the first start.
    fn prepare(&self, place: &Place<'_>) -> Result<(), Error>;

    /// The server's own command line, in the foreground.
    fn command(&self, place: &Place<'_>, port: u16) -> Result<Command, Error>;

    /// Connects as a test would; `false` while it does not answer yet.
    fn answers(&self, place: &Place<'_>, port: u16) -> Result<bool, Error>;

    /// What a test connects to.
    fn url(&self, port: u16) -> String;
}

/// Where a server lives and as whom it runs.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) account: &'a Account,
    pub(crate) folder: PathBuf,
}

/// A server that answers; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    stop: Signal,
    child: Child,
    url: String,
}

impl Server {
    pub(crate) fn start<K: Kind>(
        kind: &K,
        account: &Account,
        parent: &Path,
        interrupt: &Interrupt,
    ) -> Result<Self, Error> {
        let begun = now();
        let folder = parent.join(K::NAME.to_lowercase());
        account.make_folder(&folder)?;
        let place = Place { account, folder };
        kind.prepare(&place)?;
        let mut attempt = 1;
        loop {
            interrupt.check()?;
            match Self::attempt(kind, &place, interrupt) {
                Ok(server) => {
                    let pid = server.child.id();
                    let took = begun.elapsed().as_secs_f32();
                    eprintln!(
                        "xtask: {} is up (process {pid}, as {}, {took:.1} s)",
                        K::NAME,
                        account.name()
                    );
                    return Ok(server);
                }
                // Between our look for a free port and the server's own bind, another process
                // may have taken it.
                Err(Error::Server { .. }) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn attempt<K: Kind>(kind: &K, place: &Place<'_>, interrupt: &Interrupt) -> Result<Self, Error> {
        let port = free_port()?;
        let log = place.folder.join("server.log");
        let out = fs::File::create(&log).map_err(Error::file("make", &log))?;
        let err = out.try_clone().map_err(Error::file("share", &log))?;
        let mut command = kind.command(place, port)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .spawn()
            .map_err(|source| unusable(&command, source))?;
        let mut server = Self {
            name: K::NAME,
            stop: K::STOP,
            child,
            url: kind.url(port),
        };
        let limit = now() + READY_WITHIN;
        loop {
            interrupt.check()?;
            if !matches!(server.child.try_wait(), Ok(None)) {
                return Err(failed::<K>("it ended at its start", &log));
            }
            if kind.answers(place, port)? {
                return Ok(server);
            }
            if now() >= limit {
                return Err(failed::<K>("it does not answer within 60 s", &log));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            eprintln!("xtask: {} had ended by itself ({status})", self.name);
            return;
        }
        end(&mut self.child, self.stop);
    }
}

/// A password that no other run has.
pub(crate) fn random_word() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

pub(crate) fn failed_step(server: &'static str, reason: &str, said: &str) -> Error {
    Error::Server {
        server,
        reason: reason.to_owned(),
        log: last_words(said),
    }
}

fn failed<K: Kind>(reason: &str, log: &Path) -> Error {
    let said = fs::read(log).unwrap_or_default();
    failed_step(K::NAME, reason, &String::from_utf8_lossy(&said))
}

fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let skipped = lines.len().saturating_sub(LAST_WORDS);
    lines
        .into_iter()
        .skip(skipped)
        .collect::<Vec<_>>()
        .join("\n")
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::file("bind", "127.0.0.1:0"))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    struct Sleeper {
        script: &'static str,
    }

    impl Kind for Sleeper {
        const NAME: &'static str = "Sleeper";
        const STOP: Signal = Signal::Term;

        fn prepare(&self, _: &Place<'_>) -> Result<(), Error> {
            Ok(())
        }

        fn command(&self, place: &Place<'_>, _: u16) -> Result<Command, Error> {
            let mut command = place.account.command(Path::new("/bin/sh"), Self::STOP);
            command.args(["-c", self.script]);
            Ok(command)
        }

        fn answers(&self, place: &Place<'_>, _: u16) -> Result<bool, Error> {
            let said = fs::read_to_string(place.folder.join("server.log")).unwrap();
            Ok(said.contains("ready"))
        }

        fn url(&self, port: u16) -> String {
            format!("sleeper://{port}")
        }
    }

    fn start(script: &'static str) -> (tempfile::TempDir, Result<Server, Error>) {
        let folder = crate::servers::open_folder().unwrap();
        let account = Account::choose().unwrap();
        let kind = Sleeper { script };
        let server = Server::start(&kind, &account, folder.path(), &Interrupt::default());
        (folder, server)
    }

    #[test]
    fn a_dropped_server_is_gone() {
        let (_folder, server) = start("echo ready; exec sleep 600");
        let server = server.unwrap();
        let process = PathBuf::from(format!("/proc/{}", server.child.id()));
        assert!(process.exists());
        let begun: Instant = now();
        drop(server);
        assert!(!process.exists());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_server_that_ends_at_its_start_shows_its_last_words() {
        let (_folder, server) = start("echo no room left; exit 1");
        let text = server.unwrap_err().to_string();
        assert!(text.contains("it ended at its start"), "{text}");
        assert!(text.contains("no room left"), "{text}");
    }

    #[test]
    fn only_the_last_lines_of_a_log_are_shown() {
        let log: String = (0..50)
            .map(|line| line.to_string())
            .collect::<Vec<_>>()
            .join("\n");
        let shown = last_words(&log);
        assert_eq!(shown.lines().count(), LAST_WORDS);
        assert!(shown.ends_with("49"));
    }

    #[test]
    fn two_passwords_differ() {
        assert_ne!(random_word(), random_word());
    }
}
