//! The account under which servers run: `PostgreSQL` and `MariaDB` refuse root, and a test server
//! has no need of it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::Command,
};

use crate::{error::Error, process::quiet, signal::Signal};

const PASSWD: &str = "/etc/passwd";
const PREFERRED: [&str; 4] = ["postgres", "mysql", "redis", "nobody"];

/// Who runs the servers: this process' own user, or an unprivileged one where that is root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Account {
    other: Option<Other>,
    can_tie: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Other {
    name: String,
    user: u32,
    group: u32,
}

impl Account {
    pub(crate) fn choose() -> Result<Self, Error> {
        let can_tie =
            quiet(setpriv(&["--version".to_owned()])).is_ok_and(|(succeeded, _)| succeeded);
        if !is_root()? {
            return Ok(Self {
                other: None,
                can_tie,
            });
        }
        let passwd = fs::read_to_string(PASSWD).map_err(Error::file("read", PASSWD))?;
        let Some(other) = unprivileged(&passwd) else {
            return Err(Error::Package {
                missing: format!("an unprivileged user (one of {})", PREFERRED.join(", ")),
                command: "apt-get install --reinstall base-passwd".to_owned(),
            });
        };
        if !can_tie {
            return Err(Error::Package {
                missing: "`setpriv`".to_owned(),
                command: "apt-get install util-linux".to_owned(),
            });
        }
        Ok(Self {
            other: Some(other),
            can_tie,
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.other
            .as_ref()
            .map_or("this user", |other| other.name.as_str())
    }

    /// A command that runs `program` as this account and receives `death` when this process
    /// dies, however it dies. Where `setpriv` is absent the tie is, too.
    pub(crate) fn command(&self, program: &Path, death: Signal) -> Command {
        if !self.can_tie {
            return Command::new(program);
        }
        let mut arguments = vec!["--pdeathsig".to_owned(), death.name().to_owned()];
        if let Some(other) = &self.other {
            arguments.extend([
                format!("--reuid={}", other.user),
                format!("--regid={}", other.group),
                "--clear-groups".to_owned(),
                "--inh-caps=-all".to_owned(),
                "--no-new-privs".to_owned(),
            ]);
        }
        arguments.push("--".to_owned());
        let mut command = setpriv(&arguments);
        command.arg(program);
        // A server must not find root's folders through the environment.
        command.env("HOME", "/nonexistent").current_dir("/");
        command
    }

    /// Makes a folder that belongs to this account and to nobody else.
    pub(crate) fn make_folder(&self, path: &Path) -> Result<(), Error> {
        fs::create_dir(path).map_err(Error::file("make", path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(Error::file("protect", path))?;
        self.give(path)
    }

    /// Writes a file that this account alone can read.
    pub(crate) fn write(&self, path: &Path, text: &str) -> Result<(), Error> {
        fs::write(path, text).map_err(Error::file("write", path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))
            .map_err(Error::file("protect", path))?;
        self.give(path)
    }

    fn give(&self, path: &Path) -> Result<(), Error> {
        let Some(other) = &self.other else {
            return Ok(());
        };
        chown(path, Some(other.user), Some(other.group)).map_err(Error::file("give away", path))
    }
}

pub(crate) fn is_root() -> Result<bool, Error> {
    let mut command = Command::new("id");
    command.arg("-u");
    let (succeeded, said) = quiet(command)?;
    if !succeeded {
        return Err(Error::output("id -u", said.trim()));
    }
    Ok(said.trim() == "0")
}

fn setpriv(arguments: &[String]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(arguments);
    command
}

fn unprivileged(passwd: &str) -> Option<Other> {
    PREFERRED.iter().find_map(|wanted| {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| name == wanted)?;
            let user = fields.nth(1)?.parse().ok().filter(|user| *user != 0)?;
            let group = fields.next()?.parse().ok().filter(|group| *group != 0)?;
            Some(Other {
                name: name.to_owned(),
                user,
                group,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_preferred_user_that_exists_is_chosen() {
        let passwd = "root:x:0:0:root:/:/bin/sh\n\
                      nobody:x:65534:65534:nobody:/:/bin/false\n\
                      redis:x:105:110::/var/lib/redis:/bin/false\n";
        let chosen = unprivileged(passwd).unwrap();
        assert_eq!(
            (chosen.name.as_str(), chosen.user, chosen.group),
            ("redis", 105, 110)
        );
    }

    #[test]
    fn a_preferred_name_with_the_rights_of_root_is_passed_over() {
        let passwd = "postgres:x:0:0::/:/bin/sh\nnobody:x:9:0::/:/bin/sh\n";
        assert_eq!(unprivileged(passwd), None);
    }

    #[test]
    fn a_file_for_a_server_is_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let account = Account {
            other: None,
            can_tie: false,
        };
        let path = folder.path().join("secret");
        account.write(&path, "word").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
