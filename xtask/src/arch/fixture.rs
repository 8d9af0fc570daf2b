//! Small trees for the tests of the laws.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    arch::tree::{RustFile, TextFile, Tree},
    metadata::{Package, Target},
};

/// A member that lies at the root of the tree, with a library and nothing else.
pub(crate) fn package(name: &str) -> Package {
    Package {
        name: name.to_owned(),
        manifest_path: PathBuf::from("Cargo.toml"),
        dependencies: Vec::new(),
        features: BTreeMap::new(),
        targets: vec![Target {
            name: name.replace('-', "_"),
            kind: vec!["lib".to_owned()],
            src_path: PathBuf::from("src/lib.rs"),
        }],
        publish: None,
    }
}

/// A tree of one member and these files.
pub(crate) fn tree_of(name: &str, files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree {
        packages: vec![package(name)],
        ..Tree::default()
    };
    for &(path, text) in files {
        if Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            tree.rust.push(RustFile::new(path, text));
        } else {
            tree.texts.push(TextFile {
                path: PathBuf::from(path),
                text: text.to_owned(),
            });
        }
    }
    tree
}
