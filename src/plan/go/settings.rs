//! go's settings as go itself finds them: the environment, the file of `go env -w`, the toolchain's `go.env`.
//!
//! Variable by variable, the first that is not empty counts, as a whole. Read in process: `go env` takes 130 ms.
//! Source: `cmd/go/internal/cfg` (`EnvFile`, `readEnvFile`, `Getenv`) of Go 1.26.

use std::path::{Path, PathBuf};

use crate::plan::environment::Environment;

/// A value and where it was set, in words: `the environment`, `/root/.config/go/env`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    /// The value; never empty.
    pub(crate) value: String,
    /// The place.
    pub(crate) source: String,
}

/// The settings of one call.
#[derive(Debug)]
pub(crate) struct Settings<'e> {
    environment: &'e Environment,
    files: Vec<(PathBuf, Vec<(String, String)>)>,
}

impl<'e> Settings<'e> {
    /// Reads the files; `program` tells where the toolchain is.
    pub(crate) fn load(environment: &'e Environment, program: &Path) -> Self {
        let toolchain = match environment.non_empty("GOROOT") {
            Some(root) => Some(PathBuf::from(root)),
            None => program.canonicalize().ok().and_then(|program| Some(program.parent()?.parent()?.to_path_buf())),
        };
        let files = user_file(environment).into_iter().chain(toolchain.map(|root| root.join("go.env")));
        let files = files.map(|path| (path.clone(), read(&path))).collect();
        Settings { environment, files }
    }

    /// The working directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.environment.cwd
    }

    /// The effective value of a variable, unless it is set nowhere.
    pub(crate) fn get(&self, name: &str) -> Option<Set> {
        if let Some(value) = self.environment.non_empty(name) {
            return Some(Set { value: value.to_string_lossy().into_owned(), source: "the environment".to_owned() });
        }
        self.files.iter().find_map(|(path, lines)| {
            let (_, value) = lines.iter().rev().find(|(known, value)| known == name && !value.is_empty())?;
            Some(Set { value: value.clone(), source: path.display().to_string() })
        })
    }

    /// `GOOS`.
    pub(crate) fn os(&self) -> String {
        let host = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        self.get("GOOS").map_or_else(|| host.to_owned(), |set| set.value)
    }

    /// `GOARCH`.
    pub(crate) fn arch(&self) -> String {
        self.get("GOARCH").map_or_else(|| host_arch().to_owned(), |set| set.value)
    }

    /// Whether programs are built for another system than this one: go leaves cgo off then, unless told otherwise.
    pub(crate) fn is_cross(&self) -> bool {
        let host_os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
        self.os() != host_os || self.arch() != host_arch()
    }
}

/// This machine's architecture in Go's words. Source: `go tool dist list`.
fn host_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        "mips" if cfg!(target_endian = "little") => "mipsle",
        "mips64" if cfg!(target_endian = "little") => "mips64le",
        other => other,
    }
}

/// The file of `go env -w`: `GOENV`, or `go/env` where `os.UserConfigDir` says; none with `GOENV=off`.
fn user_file(environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = environment.non_empty("GOENV") {
        return (named != "off").then(|| environment.cwd.join(named));
    }
    let directory = if cfg!(windows) {
        PathBuf::from(environment.non_empty("AppData")?)
    } else if cfg!(target_vendor = "apple") {
        environment.home()?.join("Library/Application Support")
    } else {
        match environment.non_empty("XDG_CONFIG_HOME").map(PathBuf::from) {
            Some(directory) if directory.is_absolute() => directory,
            Some(_) => return None, // os.UserConfigDir refuses a relative one
            None => environment.home()?.join(".config"),
        }
    };
    Some(directory.join("go").join("env"))
}

fn read(path: &Path) -> Vec<(String, String)> {
    let is_file = std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() < 1 << 20);
    let text = if is_file { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let pairs = text.split('\n').filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    pairs.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_goes_first_then_the_users_file_then_the_toolchains() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("env"), "# CC=no\nCC=file\nCGO_ENABLED=1\nGOFLAGS=-a=b\nGOOS=\n").expect("a file");
        std::fs::create_dir_all(at("root/bin")).expect("a directory");
        std::fs::write(at("root/go.env"), "CC=root\nGOARCH=wasm\n").expect("a file");
        std::fs::write(at("root/bin/go"), "").expect("a file");
        let variables = [("GOENV", at("env")), ("GOFLAGS", PathBuf::from("-v")), ("CC", PathBuf::new())];
        let environment = Environment::new(variables, directory.path());
        let settings = Settings::load(&environment, &at("root/bin/go"));
        let value = |name| settings.get(name).map(|set| set.value);
        assert_eq!(value("CC").as_deref(), Some("file"), "an empty variable is an unset one");
        assert_eq!(value("GOFLAGS").as_deref(), Some("-v"));
        assert_eq!(value("GOARCH").as_deref(), Some("wasm"));
        assert_eq!(value("GOOS"), None);
        assert_eq!(settings.get("CGO_ENABLED").map(|set| set.source), Some(at("env").display().to_string()));
        assert!(settings.is_cross());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_users_file_is_where_go_puts_it() {
        let file = |variables: &[(&str, &str)]| user_file(&Environment::new(variables.iter().copied(), "/w"));
        assert_eq!(file(&[("HOME", "/h")]), Some("/h/.config/go/env".into()));
        assert_eq!(file(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), Some("/x/go/env".into()));
        assert_eq!(file(&[("HOME", "/h"), ("GOENV", "off")]), None);
        assert_eq!(file(&[("GOENV", "e")]), Some("/w/e".into()));
        assert_eq!(file(&[]), None);
    }
}
