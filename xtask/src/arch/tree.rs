//! The sources that the laws are checked on, read once.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    arch::lexer::{Token, closer, tokens},
    error::Error,
    metadata::{Package, Workspace},
};

const BIGGEST: u64 = 4 << 20;

/// Members, Rust files and other text files; paths are relative to the workspace.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) packages: Vec<Package>,
    pub(crate) rust: Vec<RustFile>,
    pub(crate) texts: Vec<TextFile>,
}

/// A Rust file and its tokens.
#[derive(Debug)]
pub(crate) struct RustFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

/// Any other file that is text.
#[derive(Debug)]
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Tree {
    pub(crate) fn read(workspace: &Workspace) -> Result<Self, Error> {
        let mut tree = Self {
            packages: workspace
                .packages
                .iter()
                .map(|one| relative(one, workspace))
                .collect(),
            ..Self::default()
        };
        tree.enter(&workspace.root, Path::new(""))?;
        Ok(tree)
    }

    pub(crate) fn rust(&self, path: &Path) -> Option<&RustFile> {
        self.rust.iter().find(|file| file.path == path)
    }

    pub(crate) fn text(&self, path: &Path) -> Option<&str> {
        let file = self.texts.iter().find(|file| file.path == path)?;
        Some(&file.text)
    }

    /// The Rust files under a member's folder.
    pub(crate) fn rust_of<'a>(
        &'a self,
        package: &'a Package,
    ) -> impl Iterator<Item = &'a RustFile> + 'a {
        self.rust
            .iter()
            .filter(|file| file.path.starts_with(package.folder()))
    }

    fn enter(&mut self, root: &Path, inside: &Path) -> Result<(), Error> {
        let folder = root.join(inside);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&folder).map_err(Error::file("list", &folder))? {
            entries.push(entry.map_err(Error::file("list", &folder))?);
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = inside.join(entry.file_name());
            let full = entry.path();
            let kind = entry.file_type().map_err(Error::file("read", &full))?;
            if kind.is_dir() {
                if !is_foreign(&full) {
                    self.enter(root, &path)?;
                }
            } else if kind.is_file() {
                self.take(&full, path)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, full: &Path, path: PathBuf) -> Result<(), Error> {
        let size = fs::metadata(full).map_err(Error::file("read", full))?.len();
        let bytes = fs::read(full).map_err(Error::file("read", full))?;
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        match String::from_utf8(bytes) {
            Ok(text) if is_rust => self.rust.push(RustFile::new(path, text)),
            Ok(text) if size <= BIGGEST => self.texts.push(TextFile { path, text }),
            Err(error) if is_rust => {
                return Err(Error::output(path.display().to_string(), error));
            }
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }
}

impl RustFile {
    pub(crate) fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            path: path.into(),
            tokens: tokens(&text),
            text,
        }
    }

    /// The tokens without what is compiled for tests only.
    pub(crate) fn shipped(&self) -> Vec<Token> {
        without_tests(&self.tokens)
    }
}

/// Whether an attribute's tokens (between its brackets) say `cfg(test)` or `cfg(all(test, …))`.
pub(crate) fn is_test_only(attribute: &[Token]) -> bool {
    let words: Vec<&str> = attribute.iter().filter_map(Token::word).collect();
    match words.as_slice() {
        ["cfg", "test"] => true,
        ["cfg", "all", rest @ ..] => rest.contains(&"test") && !rest.contains(&"not"),
        _ => false,
    }
}

fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.is('#') && tokens.get(at + 1).is_some_and(|next| next.is('[')) {
            let close = closer(tokens, at + 1);
            if is_test_only(tokens.get(at + 2..close).unwrap_or_default()) {
                at = after_item(tokens, close + 1);
                continue;
            }
        }
        let is_inner = token.is('#') && tokens.get(at + 1).is_some_and(|next| next.is('!'));
        if is_inner && tokens.get(at + 2).is_some_and(|next| next.is('[')) {
            let close = closer(tokens, at + 2);
            if is_test_only(tokens.get(at + 3..close).unwrap_or_default()) {
                return kept;
            }
        }
        kept.push(token.clone());
        at += 1;
    }
    kept
}

/// The index behind the item that begins at `at`: its closing brace or its semicolon.
fn after_item(tokens: &[Token], mut at: usize) -> usize {
    while let Some(token) = tokens.get(at) {
        if token.is('{') {
            return closer(tokens, at) + 1;
        }
        if token.is(';') {
            return at + 1;
        }
        if token.is('}') {
            return at;
        }
        if token.is('(') || token.is('[') {
            at = closer(tokens, at);
        }
        at += 1;
    }
    at
}

/// Build output and the version control's own folder are not ours to judge.
fn is_foreign(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").exists()
        || folder
            .file_name()
            .is_some_and(|name| name == ".git" || name == "target" || name == "node_modules")
}

fn relative(package: &Package, workspace: &Workspace) -> Package {
    let mut package = package.clone();
    let strip = |path: &Path| {
        path.strip_prefix(&workspace.root)
            .unwrap_or(path)
            .to_path_buf()
    };
    package.manifest_path = strip(&package.manifest_path);
    for target in &mut package.targets {
        target.src_path = strip(&target.src_path);
    }
    package
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(text: &str) -> String {
        let words: Vec<String> = RustFile::new("a.rs", text)
            .shipped()
            .iter()
            .filter_map(Token::word)
            .map(str::to_owned)
            .collect();
        words.join(" ")
    }

    #[test]
    fn what_is_compiled_for_tests_only_is_left_out() {
        assert_eq!(
            shipped("fn a() {} #[cfg(test)] mod tests { fn b() {} } fn c() {}"),
            "fn a fn c"
        );
        assert_eq!(
            shipped("#[cfg(test)] #[derive(Debug)] struct A; struct B;"),
            "struct B"
        );
        assert_eq!(
            shipped("#[cfg(all(test, unix))] fn a(x: [u8; 2]) {} fn b() {}"),
            "fn b"
        );
        assert_eq!(shipped("#![cfg(test)] fn a() {}"), "");
    }

    #[test]
    fn what_is_compiled_without_tests_stays() {
        assert_eq!(shipped("#[cfg(not(test))] fn a() {}"), "cfg not test fn a");
        assert_eq!(shipped("#[cfg(unix)] fn a() {}"), "cfg unix fn a");
    }

    #[test]
    fn the_tree_is_read_without_build_output() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("src/a.rs", "fn a() {}"),
            ("target/b.rs", ""),
            ("c.md", "# c"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let workspace = Workspace {
            root: folder.path().to_path_buf(),
            packages: Vec::new(),
        };
        let tree = Tree::read(&workspace).unwrap();
        assert!(tree.rust(Path::new("src/a.rs")).is_some());
        assert!(tree.rust(Path::new("target/b.rs")).is_none());
        assert_eq!(tree.text(Path::new("c.md")), Some("# c"));
    }
}
