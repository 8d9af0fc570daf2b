//! The workspace as `cargo metadata` tells it: members, dependencies, features, targets.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    error::Error,
    interrupt::Interrupt,
    process::{capture, cargo},
};

/// All members of the workspace and where it lies.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One member.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// `None`: may be published anywhere; an empty list: nowhere.
    pub(crate) publish: Option<Vec<String>>,
}

/// What a member says it depends on.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
}

/// A library, binary, example, test or bench of a member.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

impl Workspace {
    pub(crate) fn load(interrupt: &Interrupt) -> Result<Self, Error> {
        let command = cargo(["metadata", "--no-deps", "--format-version", "1"]);
        let captured = capture(command, interrupt)?;
        if !captured.status.success() {
            return Err(Error::Status {
                program: "cargo metadata".to_owned(),
                status: captured.status.to_string(),
            });
        }
        Self::read(&captured.stdout)
    }

    pub(crate) fn read(json: &str) -> Result<Self, Error> {
        let Metadata {
            mut packages,
            workspace_root,
        } = serde_json::from_str(json).map_err(|error| Error::output("cargo metadata", error))?;
        packages.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Self {
            root: workspace_root,
            packages,
        })
    }
}

impl Package {
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }

    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|list| !list.is_empty())
    }
}

impl Dependency {
    pub(crate) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

impl Target {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|own| own == kind)
    }

    /// Libraries of every form, procedural macros among them, and binaries.
    pub(crate) fn is_shipped(&self) -> bool {
        self.is("bin") || self.is("lib") || self.is("proc-macro")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"packages": [
        {"name": "b", "manifest_path": "/w/b/Cargo.toml", "publish": [], "features": {},
         "dependencies": [{"name": "a", "kind": "dev"}], "targets": []},
        {"name": "a", "manifest_path": "/w/a/Cargo.toml", "publish": null,
         "features": {"x": ["dep:y"]}, "dependencies": [{"name": "y", "kind": null}],
         "targets": [{"name": "a", "kind": ["proc-macro"], "src_path": "/w/a/src/lib.rs"}]}
        ], "workspace_root": "/w"}"#;

    #[test]
    fn members_are_read_in_the_order_of_their_names() {
        let workspace = Workspace::read(JSON).unwrap();
        let [a, b] = workspace.packages.as_slice() else {
            panic!("two members expected");
        };
        assert_eq!((a.name.as_str(), b.name.as_str()), ("a", "b"));
        assert_eq!(a.folder(), Path::new("/w/a"));
        assert!(a.is_published() && !b.is_published());
        assert!(!a.dependencies[0].is_dev() && b.dependencies[0].is_dev());
        assert!(a.targets[0].is_shipped());
    }

    #[test]
    fn metadata_of_another_shape_is_an_error() {
        let error = Workspace::read("{}").unwrap_err();
        assert!(error.to_string().starts_with("`cargo metadata` printed"));
    }
}
