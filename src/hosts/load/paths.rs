//! Paths as loaders read them: the tokens of run paths, and what is relative.

use crate::hosts::{Host, glibc};

/// What `$PLATFORM` is on some machine or other (`AT_PLATFORM`, and glibc's `sysdeps/x86/cpu-features.c`).
const PLATFORMS: &[(&str, &[&str])] = &[("x86_64", &["x86_64", "haswell", "xeon_phi"]), ("aarch64", &["aarch64"])];

/// A path with its tokens replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelled {
    /// Where it may lead; one path in all but rare cases.
    pub(super) paths: Vec<String>,
    /// Whether it leads there on every machine.
    pub(super) is_certain: bool,
    /// It starts from the object's own directory.
    pub(super) from_origin: bool,
}

/// The path as glibc reads it (`_dl_dst_substitute`): a token that it does not know stays as it is.
pub(super) fn glibc_path(path: &str, origin: &str, host: &Host, loader: &str) -> Spelled {
    let from_origin = path.starts_with("$ORIGIN") || path.starts_with("${ORIGIN}");
    let path = replace(path, "ORIGIN", origin);
    let mut spelled = Spelled { paths: vec![path], is_certain: true, from_origin };
    spelled.choose("LIB", &lib(host, loader));
    let platforms = PLATFORMS.iter().find(|(arch, _)| *arch == host.arch).map_or(&[][..], |(_, names)| names);
    spelled.choose("PLATFORM", &platforms.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    spelled
}

impl Spelled {
    /// Replaces a token by each of its meanings; of several nobody knows which it is.
    fn choose(&mut self, token: &str, meanings: &[String]) {
        if meanings.is_empty() || !self.paths.iter().any(|path| replace(path, token, "") != *path) {
            return;
        }
        self.is_certain &= meanings.len() == 1 && token != "PLATFORM";
        let paths = self.paths.iter().flat_map(|path| meanings.iter().map(|meaning| replace(path, token, meaning)));
        self.paths = paths.collect();
    }
}

/// The run path as musl reads it (`fixup_rpath`): it knows `$ORIGIN` alone, and any other token makes it drop the whole path.
pub(super) fn musl_run_path(path: &str) -> Option<&str> {
    (!replace(path, "ORIGIN", "").contains('$')).then_some(path)
}

/// One directory of such a run path.
pub(super) fn musl_path(path: &str, origin: &str) -> Spelled {
    let from_origin = path.starts_with("$ORIGIN") || path.starts_with("${ORIGIN}");
    Spelled { paths: vec![replace(path, "ORIGIN", origin)], is_certain: true, from_origin }
}

/// A path without any meaning beyond its letters.
pub(super) fn literal(path: &str) -> Spelled {
    Spelled { paths: vec![path.to_owned()], is_certain: true, from_origin: false }
}

fn replace(path: &str, token: &str, meaning: &str) -> String {
    path.replace(&format!("${{{token}}}"), meaning).replace(&format!("${token}"), meaning)
}

/// What `$LIB` is: Debian's and Ubuntu's glibc has the triplet in it, others `lib64`; every meaning where nobody knows.
fn lib(host: &Host, loader: &str) -> Vec<String> {
    if let Some(root) = &host.root {
        return root.lib_token(loader).into_iter().collect();
    }
    let name = host.listed_as.unwrap_or(&host.name);
    let triplet = glibc::triplet(&host.arch).map(|triplet| format!("lib/{triplet}"));
    let wide = if matches!(host.arch.as_str(), "i386" | "arm") { "lib" } else { "lib64" };
    match name.split_once(':').map_or("", |(family, _)| family) {
        "debian" | "ubuntu" | "distroless" => triplet.into_iter().collect(),
        "rhel" | "centos" | "rocky" | "fedora" | "opensuse" | "amazonlinux" | "lambda" => vec![wide.to_owned()],
        _ => triplet.into_iter().chain([wide.to_owned(), "lib".to_owned()]).collect(),
    }
}

/// The absolute path without `.`, `..` and double slashes; `None` for a relative one, which depends on the working directory.
pub(super) fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.strip_prefix('/')?.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// The directory of an absolute path.
pub(super) fn directory(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((directory, _)) => directory.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::find;

    #[test]
    fn paths_are_made_plain() {
        assert_eq!(normal("/a/./b//../c").as_deref(), Some("/a/c"));
        assert_eq!(normal("/../..").as_deref(), Some("/"));
        assert_eq!(normal("a/b"), None);
        assert_eq!(directory("/app"), "/");
    }

    #[test]
    fn tokens_mean_what_the_host_makes_of_them() {
        let host = |name| find(name, "x86_64").expect("a host");
        let spelled = |path, name| glibc_path(path, "/o", &host(name), "");
        assert_eq!(spelled("${ORIGIN}/../lib/x", "debian:12").paths, ["/o/../lib/x"]);
        assert_eq!(spelled("$ORIGIN/$LIB/x", "debian:12").paths, ["/o/lib/x86_64-linux-gnu/x"]);
        assert_eq!(spelled("$ORIGIN/$LIB/x", "rhel:9").paths, ["/o/lib64/x"]);
        let unsure = spelled("$ORIGIN/$LIB/x", "glibc:2.31");
        assert!(!unsure.is_certain && unsure.paths.len() == 3);
        assert!(!spelled("$PLATFORM/x", "debian:12").is_certain);
        assert_eq!(spelled("/$FOO/x", "debian:12").paths, ["/$FOO/x"]);
    }

    #[test]
    fn musl_knows_one_token() {
        assert_eq!(musl_run_path("$ORIGIN/lib:/usr/lib"), Some("$ORIGIN/lib:/usr/lib"));
        assert_eq!(musl_run_path("$ORIGIN/lib:$LIB"), None);
        assert_eq!(musl_path("${ORIGIN}/lib", "/o").paths, ["/o/lib"]);
    }
}
