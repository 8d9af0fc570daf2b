//! Where the servers' programs are, and how they come onto a machine that lacks them.
//!
//! Only the programs are wanted: while packages are installed, a policy forbids them to start
//! services of their own.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{account::is_root, error::Error, interrupt::Interrupt, process::run};

const POLICY: &str = "/usr/sbin/policy-rc.d";
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// A server's need: programs that must be found, and the packages that carry them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) server: &'static str,
    pub(crate) programs: &'static [&'static str],
    /// Parents of versioned folders, such as `/usr/lib/postgresql/17/bin`.
    pub(crate) versioned: Option<&'static str>,
    pub(crate) packages: &'static [&'static str],
}

impl Need {
    /// The program's path: the newest version's where there are several.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        if let Some(parent) = self.versioned {
            let found = newest_first(Path::new(parent))
                .into_iter()
                .map(|version| version.join("bin"))
                // All programs from one version: a client may be installed without its server.
                .find(|folder| {
                    self.programs
                        .iter()
                        .all(|one| is_program(&folder.join(one)))
                });
            if let Some(folder) = found {
                return Some(folder.join(name));
            }
        }
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .chain(FOLDERS.map(PathBuf::from))
            .map(|folder| folder.join(name))
            .find(|path| is_program(path))
    }

    /// The program's path, or what to install.
    pub(crate) fn require(&self, name: &str) -> Result<PathBuf, Error> {
        self.program(name).ok_or_else(|| Error::Package {
            missing: format!("{} (`{name}`)", self.server),
            command: install_line(self.packages),
        })
    }

    fn is_met(&self) -> bool {
        self.programs
            .iter()
            .all(|name| self.program(name).is_some())
    }
}

/// Installs what is missing when this is root, else says what to install.
pub(crate) fn bring(needs: &[Need], interrupt: &Interrupt) -> Result<(), Error> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages.iter().copied())
        .collect();
    let unmet = || {
        let servers: Vec<&str> = missing.iter().map(|need| need.server).collect();
        Error::Package {
            missing: servers.join(", "),
            command: install_line(&packages),
        }
    };
    if !is_root()?
        || !FOLDERS
            .iter()
            .any(|folder| is_program(&Path::new(folder).join("apt-get")))
    {
        return Err(unmet());
    }
    eprintln!("xtask: installing {}", packages.join(" "));
    let _policy = Policy::forbid_services()?;
    // Lists that are absent or old fail the first attempt; fresh ones serve the second.
    if !install(&packages, interrupt)? {
        eprintln!("xtask: renewing the package lists");
        if !apt(&["update"], interrupt)? || !install(&packages, interrupt)? {
            return Err(unmet());
        }
    }
    if missing.iter().all(|need| need.is_met()) {
        return Ok(());
    }
    Err(unmet())
}

fn install(packages: &[&str], interrupt: &Interrupt) -> Result<bool, Error> {
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments, interrupt)
}

fn apt(arguments: &[&str], interrupt: &Interrupt) -> Result<bool, Error> {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args([
            "-q",
            "-o",
            "DPkg::Lock::Timeout=300",
            "-o",
            "Dpkg::Use-Pty=0",
        ])
        .args(["-o", "Dpkg::Options::=--force-confold"])
        .args(arguments);
    Ok(run(command, interrupt)?.success())
}

fn install_line(packages: &[&str]) -> String {
    format!(
        "apt-get install --no-install-recommends {}",
        packages.join(" ")
    )
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn newest_first(parent: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    versions.sort_by(|left, right| right.cmp(left));
    versions.into_iter().map(|(_, path)| path).collect()
}

/// Forbids packages to start services for as long as it lives. A policy that is already there
/// is the machine's own and stays.
#[derive(Debug)]
struct Policy {
    is_ours: bool,
}

impl Policy {
    fn forbid_services() -> Result<Self, Error> {
        let path = Path::new(POLICY);
        if path.exists() {
            return Ok(Self { is_ours: false });
        }
        fs::write(path, "#!/bin/sh\nexit 101\n").map_err(Error::file("write", path))?;
        let policy = Self { is_ours: true };
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .map_err(Error::file("protect", path))?;
        Ok(policy)
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        if self.is_ours
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("xtask: cannot remove `{POLICY}`: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Need = Need {
        server: "Nonesuch",
        programs: &["no-such-server-program"],
        versioned: None,
        packages: &["nonesuch", "nonesuch-client"],
    };

    #[test]
    fn a_missing_program_names_the_packages_that_carry_it() {
        let error = ABSENT.require("no-such-server-program").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Nonesuch (`no-such-server-program`) not found; install with: \
             apt-get install --no-install-recommends nonesuch nonesuch-client"
        );
    }

    #[test]
    fn a_program_on_the_path_is_found() {
        let need = Need {
            programs: &["sh"],
            ..ABSENT
        };
        assert!(need.is_met());
        assert!(need.require("sh").unwrap().ends_with("sh"));
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["9", "17", "15", "common"] {
            fs::create_dir(folder.path().join(version)).unwrap();
        }
        let names: Vec<_> = newest_first(folder.path())
            .into_iter()
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["17", "15", "9"]);
    }
}
