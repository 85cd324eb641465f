//! What a project is: which tools build it, for which targets, into which image, and what its CI is. Read, never run.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::hosts;
use crate::plan::cargo::{config, targets};
use crate::policy::Chosen;

/// The most bytes that are read of one file.
const LONGEST: u64 = 256 * 1024;

/// The most Go files that are looked through for `import "C"`.
const MOST: usize = 5_000;

/// What was seen in a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// A cargo package or workspace.
    pub cargo: Option<Cargo>,
    /// A Go module or workspace.
    pub go: Option<Go>,
    /// Target triples, and the file that names each.
    pub targets: Vec<(String, &'static str)>,
    /// The target cargo builds for without being told, by its configuration.
    pub default_target: Option<String>,
    /// The image of the last stage of the Dockerfile, where it is a host of the catalogue.
    pub image: Option<String>,
    /// Options of [`super::PIECES`] for the services that build this project already.
    pub services: Vec<&'static str>,
}

/// A cargo package or workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cargo {
    /// The program it is about.
    pub program: Option<String>,
    /// There is a `Cargo.lock`.
    pub locked: bool,
}

/// A Go module or workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Go {
    /// Name of the program in its root.
    pub program: Option<String>,
    /// A file that imports `C`, relative to the module.
    pub cgo: Option<PathBuf>,
}

impl Project {
    /// Looks at a directory. What cannot be read counts as not there.
    pub fn look(directory: &Path) -> Project {
        let mut project = Project { cargo: cargo(directory), go: go(directory), ..Project::default() };
        let config = [".cargo/config.toml", ".cargo/config"].into_iter().find(|name| directory.join(name).is_file());
        if let Some(name) = config {
            let named = strings(table(&directory.join(name)).get("build").and_then(|build| build.get("target")));
            project.default_target = named.first().cloned();
            project.targets.extend(named.into_iter().map(|target| (target, name)));
        }
        let toolchain = table(&directory.join("rust-toolchain.toml"));
        let named = strings(toolchain.get("toolchain").and_then(|toolchain| toolchain.get("targets")));
        project.targets.extend(named.into_iter().map(|target| (target, "rust-toolchain.toml")));
        project.image = ["Dockerfile", "Containerfile"]
            .iter()
            .find_map(|name| last_image(&text(&directory.join(name))?))
            .filter(|image| image.bytes().all(|byte| is_plain(byte) || matches!(byte, b'/' | b':')))
            .filter(|image| hosts::find(image, std::env::consts::ARCH).is_ok());
        let services = [("github", ".github/workflows"), ("gitlab", ".gitlab-ci.yml"), ("pre-commit", PRE_COMMIT)];
        let uses = |path: &str| directory.join(path).exists();
        project.services.extend(services.iter().filter(|(_, path)| uses(path)).map(|(name, _)| *name));
        project
    }

    /// The target whose programs are guarded when nobody names one.
    pub fn target(&self) -> String {
        let host = || targets::host_musl().unwrap_or("x86_64-unknown-linux-musl").to_owned();
        self.default_target.clone().unwrap_or_else(host)
    }

    /// Name of the program it is about.
    pub fn program(&self) -> &str {
        let cargo = self.cargo.as_ref().and_then(|cargo| cargo.program.as_deref());
        let go = || self.go.as_ref().and_then(|go| go.program.as_deref());
        cargo.or_else(go).unwrap_or("app")
    }

    /// Whether cargo can be asked to keep to its lock file.
    pub fn is_locked(&self) -> bool {
        self.cargo.as_ref().is_some_and(|cargo| cargo.locked)
    }

    /// What was seen, one sentence each.
    pub fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.cargo.is_some() {
            found.push("Found here: a cargo project.".to_owned());
        }
        if self.go.is_some() {
            found.push("Found here: a Go module.".to_owned());
        }
        found.extend(self.targets.iter().map(|(target, file)| format!("Built for {target}, says {file}.")));
        found
    }

    /// What the policy has to say for this project to be built as it is.
    pub fn chosen(&self) -> Vec<Chosen> {
        let mut chosen = Vec::new();
        let mut choose = |section, key, value: &str, because| {
            chosen.push(Chosen { section, key, value: value.to_owned(), because });
        };
        if let Some(target) = self.default_target.as_ref().filter(|target| targets::is_glibc(target)) {
            choose("", "linkage", "\"any\"", format!("cargo's configuration builds for {target}, which is dynamic"));
        }
        if let Some(image) = &self.image {
            choose("", "runs-on", &format!("[\"{image}\"]"), "the last stage of the Dockerfile".to_owned());
        }
        if let Some(file) = self.go.as_ref().and_then(|go| go.cgo.as_ref()) {
            choose("[go]", "cgo", "\"static\"", format!("{} imports C", file.display()));
        }
        chosen
    }
}

const PRE_COMMIT: &str = ".pre-commit-config.yaml";

fn cargo(directory: &Path) -> Option<Cargo> {
    let path = directory.join("Cargo.toml");
    path.is_file().then(|| {
        let manifest = table(&path);
        let package = manifest.get("package");
        let name = |value: Option<&Value>| value.and_then(|value| value.get("name")?.as_str()).map(str::to_owned);
        let default = package.and_then(|package| package.get("default-run")?.as_str()).map(str::to_owned);
        let bins = manifest.get("bin").and_then(Value::as_array);
        let own = || directory.join("src/main.rs").is_file().then(|| name(package)).flatten();
        let program = default.or_else(|| name(bins?.first())).or_else(own);
        Cargo { program: program.filter(|name| is_name(name)), locked: directory.join("Cargo.lock").is_file() }
    })
}

fn go(directory: &Path) -> Option<Go> {
    let module = text(&directory.join("go.mod"));
    if module.is_none() && !directory.join("go.work").is_file() {
        return None;
    }
    let path = module.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("module ")));
    let parts = path.map(|path| path.trim().trim_matches('"').rsplit('/'));
    // `example.org/tool/v2` builds `tool`.
    let is_version = |part: &&str| part.strip_prefix('v').is_some_and(|n| n.bytes().all(|byte| byte.is_ascii_digit()));
    let program = parts.and_then(|mut parts| parts.find(|part| !is_version(part))).map(str::to_owned);
    let cgo = importer_of_c(directory).and_then(|file| Some(file.strip_prefix(directory).ok()?.to_path_buf()));
    Some(Go { program: program.filter(|name| is_name(name)), cgo })
}

/// Whether a name can stand in every template without quotes.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// A Go file of the module that imports `C`; dependencies and test data do not count.
fn importer_of_c(directory: &Path) -> Option<PathBuf> {
    let mut open = vec![directory.to_path_buf()];
    let mut looked = 0;
    while let Some(directory) = open.pop() {
        let mut entries: Vec<_> = fs::read_dir(directory).ok()?.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let kind = entry.file_type().ok()?;
            if kind.is_dir()
                && !name.starts_with(['.', '_'])
                && !matches!(&*name, "vendor" | "testdata" | "target" | "node_modules")
            {
                open.push(path);
            } else if kind.is_file() && name.ends_with(".go") && !name.ends_with("_test.go") {
                looked += 1;
                if looked > MOST {
                    return None;
                }
                if text(&path)?.lines().any(|line| line.trim() == "import \"C\"") {
                    return Some(path);
                }
            }
        }
    }
    None
}

/// The image of the last stage, followed through names of stages.
fn last_image(dockerfile: &str) -> Option<String> {
    let mut stages: Vec<(String, Option<String>)> = Vec::new();
    for line in dockerfile.lines() {
        let mut words = line.split_whitespace().filter(|word| !word.starts_with("--"));
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("from")) {
            continue;
        }
        let image = words.next()?.to_owned();
        let named = words.next().is_some_and(|word| word.eq_ignore_ascii_case("as"));
        let name = if named { words.next().map(str::to_owned) } else { None };
        let base = stages.iter().rev().find(|(_, known)| known.as_ref() == Some(&image)).map(|(base, _)| base.clone());
        stages.push((base.unwrap_or(image), name));
    }
    let (image, _) = stages.pop()?;
    // A digest behind it, and variables in it, say nothing to the catalogue.
    Some(image.split('@').next().unwrap_or_default().to_owned())
}

/// A string, or the strings of an array.
fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn table(path: &Path) -> Table {
    config::read(path).unwrap_or_default()
}

fn text(path: &Path) -> Option<String> {
    let file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|data| data.is_file()))?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_of_a_dockerfile_counts() {
        let image = |text: &str| last_image(text);
        assert_eq!(image("FROM rust:1 AS build\nRUN x\nFROM scratch\nCOPY --from=build a a\n"), Some("scratch".into()));
        assert_eq!(
            image("from --platform=$X alpine:3.20@sha256:00 as base\nFROM base AS final"),
            Some("alpine:3.20".into())
        );
        assert_eq!(image("# FROM scratch\nARG X\n"), None);
        assert_eq!(image("FROM"), None);
    }
}
