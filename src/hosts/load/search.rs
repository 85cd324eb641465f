//! Where loaders look: glibc's `_dl_map_object` (`elf/dl-load.c`) and musl's `load_library` (`ldso/dynlink.c`).

use super::graph::{Body, Graph, Node};
use super::objects::Opened;
use super::{Program, Reason};
use crate::facts::Kind;
use crate::facts::elf::ElfFacts;
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::Exports;
use crate::hosts::load::Files;
use crate::hosts::{Host, musl};

/// `DF_1_NODEFLIB`: the default directories are not searched for this object.
const DF_1_NODEFLIB: u64 = 0x800;
/// Directories that belong to the system, never to what is shipped: a path from `$ORIGIN` that ends up here means the host's.
const SYSTEM: &[&str] = &["/lib", "/lib64", "/lib32", "/libx32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libx32"];

/// Which tree an object lies in, and its directory there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Beside the artifact.
    Shipped(String),
    /// On the host.
    Host(String),
}

impl Place {
    fn directory(&self) -> &str {
        match self {
            Place::Shipped(directory) | Place::Host(directory) => directory,
        }
    }

    pub(super) fn same_tree(&self, other: &Place) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// What a search ends with.
#[derive(Debug)]
pub(super) enum Found<'a> {
    Object(Body<'a>, Place),
    Absent { passed_over: Option<String> },
    Unusable { path: String, why: String },
    Unknown,
}

/// The directory of an absolute path.
pub(super) fn directory(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((directory, _)) => directory.to_owned(),
    }
}

/// Which loader would run, by `PT_INTERP`; for a shared object, that of the programs on the host.
pub(super) fn loader(program: Program<'_>, elf: &ElfFacts, host: &Host) -> Result<LibcFamily, Reason> {
    let own = host.libc.map(|libc| libc.family);
    let Some(path) = elf.interpreter.as_deref() else {
        return match own {
            _ if program.facts.kind == Kind::Exe => Ok(LibcFamily::Unknown),
            Some(family) => Ok(family),
            None => Err(Reason::NothingLoads),
        };
    };
    let Some(root) = &host.root else {
        let present = || host.loaders.iter().any(|loader| loader == path);
        return own.filter(|_| present()).ok_or_else(|| no_loader(path, host));
    };
    match root.open(path) {
        Opened::Absent => Err(no_loader(path, host)),
        Opened::Unusable(why) => Err(Reason::BadLoader { path: path.to_owned(), why }),
        Opened::Unreachable(why) => Err(Reason::BadLoader { path: path.to_owned(), why: why.to_owned() }),
        Opened::Object(image) if image.facts.arch != program.facts.arch || image.facts.bits != program.facts.bits => {
            Err(Reason::BadLoader { path: path.to_owned(), why: format!("it is made for {}", image.facts.arch) })
        }
        Opened::Object(image) => Ok(crate::hosts::rootfs::family(&image)),
    }
}

fn no_loader(path: &str, host: &Host) -> Reason {
    Reason::NoLoader { path: path.to_owned(), present: host.loaders.clone() }
}

/// Finds the library that the object number `by` asks for as `name`.
pub(super) fn find<'a>(graph: &Graph<'a>, name: &str, by: usize) -> Found<'a> {
    let mut search = Search { graph, name, arch: &graph.host.arch, passed_over: None };
    let found = match graph.family {
        LibcFamily::Musl => search.musl(by),
        _ => search.glibc(by),
    };
    found.unwrap_or(Found::Absent { passed_over: search.passed_over })
}

struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    name: &'g str,
    arch: &'g str,
    passed_over: Option<String>,
}

impl<'a> Search<'_, 'a> {
    /// `None` is "not found".
    fn glibc(&mut self, by: usize) -> Option<Found<'a>> {
        if self.name.contains('/') {
            return self.at(&self.graph.nodes[by], self.name);
        }
        let asks = self.graph.nodes[by].elf();
        let has_runpath = asks.is_some_and(|elf| elf.runpath.is_some());
        if !has_runpath {
            let mut next = Some(by);
            let mut asked_main = false;
            while let Some(at) = next {
                asked_main |= at == 0;
                if let Some(found) = self.rpath(at) {
                    return Some(found);
                }
                next = self.graph.nodes[at].parent;
            }
            if !asked_main && let Some(found) = self.rpath(0) {
                return Some(found);
            }
        }
        if let Some(runpath) = asks.and_then(|elf| elf.runpath.as_deref())
            && let Some(found) = self.directories(by, runpath.split(':'))
        {
            return Some(found);
        }
        let no_default = asks.is_some_and(|elf| elf.dt_flags_1 & DF_1_NODEFLIB != 0);
        if no_default { None } else { self.defaults() }
    }

    /// `DT_RPATH` of one object, which counts only without a `DT_RUNPATH` of its own.
    fn rpath(&mut self, at: usize) -> Option<Found<'a>> {
        let elf = self.graph.nodes[at].elf().filter(|elf| elf.runpath.is_none())?;
        self.directories(at, elf.rpath.as_deref()?.split(':'))
    }

    /// musl treats both run paths alike, lets every parent's count, and stops at the first file that opens.
    fn musl(&mut self, by: usize) -> Option<Found<'a>> {
        if self.name.contains('/') {
            return self.at(&self.graph.nodes[by], self.name);
        }
        let mut next = Some(by);
        while let Some(at) = next {
            let node = &self.graph.nodes[at];
            let path = node.elf().and_then(|elf| elf.runpath.as_deref().or(elf.rpath.as_deref()));
            // Any token but $ORIGIN makes it drop the whole path (`fixup_rpath`).
            if let Some(path) = path.filter(|path| expand(path, "").is_some()) {
                let directories = path.split([':', '\n']).filter(|directory| !directory.is_empty());
                if let Some(found) = self.directories(at, directories) {
                    return Some(found);
                }
            }
            next = node.parent;
        }
        self.defaults()
    }

    fn directories<'p>(&mut self, of: usize, paths: impl Iterator<Item = &'p str>) -> Option<Found<'a>> {
        // An empty entry means the working directory, which nobody knows.
        for directory in paths.filter(|path| !path.is_empty()) {
            let path = format!("{}/{}", directory.trim_end_matches('/'), self.name);
            if let Some(found) = self.at(&self.graph.nodes[of], &path) {
                return Some(found);
            }
        }
        None
    }

    /// Opens a path as `node` writes it: `$ORIGIN` is its directory in its own tree, anything absolute is the host's.
    fn at(&mut self, node: &Node<'a>, path: &str) -> Option<Found<'a>> {
        let from_origin = path.contains("$ORIGIN") || path.contains("${ORIGIN}");
        let mut tree = &Place::Host(String::new());
        if from_origin {
            tree = &node.place;
        }
        for path in spellings(path, node.place.directory()) {
            let path = normal(&path)?;
            let system =
                SYSTEM.iter().any(|system| path.strip_prefix(system).is_some_and(|rest| rest.starts_with('/')));
            let found = match tree {
                Place::Shipped(_) if !system => self.accept(self.graph.shipped.open(&path), &path, true),
                _ => self.on_host(&path),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// A path of the host's own tree; the catalogue knows sonames only, so by path there is nothing.
    fn on_host(&mut self, path: &str) -> Option<Found<'a>> {
        let root = self.graph.host.root.as_ref()?;
        self.accept(root.open(path), path, false)
    }

    /// What the loader makes of an opened file: glibc passes over files for other machines, musl stumbles.
    fn accept(&mut self, opened: Opened, path: &str, shipped: bool) -> Option<Found<'a>> {
        let unusable = |why: String| Some(Found::Unusable { path: path.to_owned(), why });
        let image = match opened {
            Opened::Absent => return None,
            Opened::Unusable(why) => return unusable(why),
            Opened::Unreachable(why) if self.graph.family == LibcFamily::Musl => return unusable(why.to_owned()),
            Opened::Unreachable(why) => {
                self.passed_over = Some(format!("{path}: {why}"));
                return None;
            }
            Opened::Object(image) => image,
        };
        let program = match &self.graph.nodes[0].body {
            Body::Program(program, _) => program.facts,
            _ => return None,
        };
        if image.facts.arch != *self.arch || image.facts.bits != program.bits || image.facts.endian != program.endian {
            if self.graph.family == LibcFamily::Musl {
                return unusable(format!("it is made for {}", image.facts.arch));
            }
            self.passed_over = Some(format!("{path} is for another machine"));
            return None;
        }
        let Some(elf) = image.elf() else { return unusable("it is not an ELF file".to_owned()) };
        if self.graph.family == LibcFamily::Glibc && (elf.e_type == "EXEC" || elf.df_1_pie) {
            return unusable("it is a program, not a library".to_owned());
        }
        let directory = directory(path);
        let place = if shipped { Place::Shipped(directory) } else { Place::Host(directory) };
        Some(Found::Object(Body::File(image), place))
    }

    /// What the system itself provides.
    fn defaults(&mut self) -> Option<Found<'a>> {
        let host = self.graph.host;
        if let Some(root) = &host.root {
            for path in root.candidates(self.name, self.graph.family) {
                if let Some(found) = self.on_host(&path) {
                    return Some(found);
                }
            }
            return None;
        }
        match host.library(self.name) {
            Some(library) => Some(Found::Object(Body::Table(library), Place::Host(String::new()))),
            None if host.complete || is_libc(self.name) => None,
            None => Some(Found::Unknown),
        }
    }
}

/// Whether a name is the C library's own, so that a host without it surely has none elsewhere.
fn is_libc(name: &str) -> bool {
    musl::is_own_name(name) || name.starts_with("ld-") || name.starts_with("ld64")
}

/// The path with its tokens replaced, once for each meaning of `$LIB`; none when it has a token nobody knows.
fn spellings(path: &str, origin: &str) -> Vec<String> {
    if !path.contains("$LIB") && !path.contains("${LIB}") {
        return expand(path, origin).into_iter().collect();
    }
    // `lib64` with most, `lib/TRIPLET` with Debian's glibc, `lib` on 32-bit systems.
    let with = |lib: &str| expand(&path.replace("${LIB}", lib).replace("$LIB", lib), origin);
    ["lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib"].into_iter().filter_map(with).collect()
}

/// Replaces `$ORIGIN` and `${ORIGIN}`.
fn expand(path: &str, origin: &str) -> Option<String> {
    let path = path.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
    (!path.contains('$')).then_some(path)
}

/// The absolute path without `.`, `..` and double slashes; `None` for a relative one, which depends on the working directory.
fn normal(path: &str) -> Option<String> {
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

/// musl's libc, which is in every scope without being asked for.
pub(super) fn musl_libc<'a>(host: &'a Host, interpreter: Option<&str>) -> Option<Body<'a>> {
    if let Some(root) = &host.root {
        let path = interpreter.map(str::to_owned).or_else(|| host.loaders.first().cloned())?;
        return match root.open(&path) {
            Opened::Object(image) => Some(Body::File(image)),
            _ => None,
        };
    }
    let library = host.libraries.iter().find(|library| matches!(library.exports, Exports::Musl(..)))?;
    Some(Body::Table(library))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_plain() {
        assert_eq!(normal("/a/./b//../c").as_deref(), Some("/a/c"));
        assert_eq!(normal("/../..").as_deref(), Some("/"));
        assert_eq!(normal("a/b"), None);
        assert_eq!(spellings("${ORIGIN}/../lib/x", "/opt/bin"), ["/opt/bin/../lib/x"]);
        assert_eq!(spellings("$ORIGIN/$LIB/x", "/o").len(), 4);
        assert!(spellings("$PLATFORM/x", "/o").is_empty());
        assert_eq!(directory("/app"), "/");
    }
}
