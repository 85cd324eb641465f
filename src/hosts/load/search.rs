//! Where loaders look: glibc's `_dl_map_object` (`elf/dl-load.c`) and musl's `load_library` (`ldso/dynlink.c`).

use super::accept::{self, Accepted};
use super::graph::{Body, Graph, Node};
use super::level;
use super::objects::Opened;
use super::paths::{self, Spelled, directory, normal};
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::Exports;
use crate::hosts::load::Files;
use crate::hosts::{Host, Version, musl};

/// `DF_1_NODEFLIB`: the default directories are not searched for this object.
const DF_1_NODEFLIB: u64 = 0x800;
/// Directories that belong to the system, never to what is shipped: a path from `$ORIGIN` that ends up here means the host's.
const SYSTEM: &[&str] = &["/lib", "/lib64", "/lib32", "/libx32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libx32"];
/// Subdirectories that glibc prefers on CPUs of a level (glibc 2.33 NEWS), tried after the directory itself.
const LEVELS: &[&str] = &["x86-64-v2", "x86-64-v3", "x86-64-v4"];
const KNOWS_LEVELS: Version = Version::new(2, 33);
/// Those that it preferred by features of the CPU before 2.37 (its NEWS), the ones that nest not more than twice.
const LEGACY: &[&str] = &[
    "tls",
    "x86_64",
    "haswell",
    "xeon_phi",
    "avx512_1",
    "tls/x86_64",
    "tls/haswell",
    "haswell/x86_64",
    "haswell/avx512_1",
];
const FORGETS_LEGACY: Version = Version::new(2, 37);

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
    Absent {
        passed_over: Option<String>,
    },
    Unusable {
        path: String,
        why: String,
    },
    /// Whether the loader takes it hangs on what this sentence says.
    Doubtful(String),
    Unknown,
}

/// Whether a plain path lies in a directory that belongs to the system.
pub(super) fn is_system(path: &str) -> bool {
    SYSTEM.iter().any(|system| path.strip_prefix(system).is_some_and(|rest| rest.starts_with('/')))
}

/// Finds the library that the object number `by` asks for as `name`.
pub(super) fn find<'a>(graph: &Graph<'a>, name: &str, by: usize) -> Found<'a> {
    let mut search = Search { graph, name, passed_over: None, is_stopped: false, relative: Vec::new() };
    let found = match graph.family {
        LibcFamily::Musl => search.musl(by),
        _ => search.glibc(by),
    };
    match found {
        Some(found) => found,
        None if search.is_in_working_directory() => Found::Unknown,
        None => Found::Absent { passed_over: search.passed_over },
    }
}

/// Finds a library of the programs of the host, which have no run path of their own.
pub(super) fn of_system<'a>(graph: &Graph<'a>, name: &str) -> Found<'a> {
    let mut search = Search { graph, name, passed_over: None, is_stopped: false, relative: Vec::new() };
    match search.library_path().or_else(|| search.defaults(true)) {
        Some(found) => found,
        None => Found::Absent { passed_over: search.passed_over },
    }
}

struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    name: &'g str,
    passed_over: Option<String>,
    /// glibc searches the rest of a list no further.
    is_stopped: bool,
    /// Paths from the working directory, which nobody knows.
    relative: Vec<String>,
}

impl<'a> Search<'_, 'a> {
    /// `None` is "not found".
    fn glibc(&mut self, by: usize) -> Option<Found<'a>> {
        let node = &self.graph.nodes[by];
        if self.name.contains('/') {
            return self.at(
                node,
                &paths::glibc_path(self.name, node.place.directory(), self.graph.host, &self.graph.loader.path),
            );
        }
        let asks = node.elf();
        if asks.is_none_or(|elf| elf.runpath.is_none())
            && let Some(found) = self.rpaths(by)
        {
            return Some(found);
        }
        if let Some(found) = self.library_path() {
            return Some(found);
        }
        // An empty one is none (`decompose_rpath`), though a `DT_RPATH` beside it does not count.
        if let Some(runpath) = asks.and_then(|elf| elf.runpath.as_deref()).filter(|path| !path.is_empty())
            && let Some(found) = self.directories(by, runpath.split(':'))
        {
            return Some(found);
        }
        self.defaults(asks.is_none_or(|elf| elf.dt_flags_1 & DF_1_NODEFLIB == 0))
    }

    /// `DT_RPATH` of an object, of those that brought it in, and of the program.
    fn rpaths(&mut self, by: usize) -> Option<Found<'a>> {
        let mut next = Some(by);
        let mut asked_main = false;
        while let Some(at) = next {
            asked_main |= at == 0;
            if let Some(found) = self.rpath(at) {
                return Some(found);
            }
            next = self.graph.nodes[at].parent;
        }
        if asked_main { None } else { self.rpath(0) }
    }

    /// `DT_RPATH` of one object, which counts only without a `DT_RUNPATH` of its own.
    fn rpath(&mut self, at: usize) -> Option<Found<'a>> {
        let elf = self.graph.nodes[at].elf().filter(|elf| elf.runpath.is_none())?;
        let rpath = elf.rpath.as_deref().filter(|path| !path.is_empty())?;
        self.directories(at, rpath.split(':'))
    }

    /// musl treats both run paths alike, lets every parent's count, and stops at the first file that opens.
    fn musl(&mut self, by: usize) -> Option<Found<'a>> {
        if self.name.contains('/') {
            return self.at(&self.graph.nodes[by], &paths::literal(self.name));
        }
        if let Some(found) = self.library_path() {
            return Some(found);
        }
        let mut next = Some(by);
        while let Some(at) = next {
            let node = &self.graph.nodes[at];
            let path = node.elf().and_then(|elf| elf.runpath.as_deref().or(elf.rpath.as_deref()));
            if let Some(path) = path.and_then(paths::musl_run_path) {
                let directories = path.split([':', '\n']).filter(|directory| !directory.is_empty());
                if let Some(found) = self.directories(at, directories) {
                    return Some(found);
                }
            }
            next = node.parent;
        }
        self.defaults(true)
    }

    /// `LD_LIBRARY_PATH`, where the host is known to set it; its tokens are the program's.
    fn library_path(&mut self) -> Option<Found<'a>> {
        let root = self.graph.host.root.as_ref()?;
        self.directories(0, root.library_path().iter().map(String::as_str))
    }

    fn directories<'p>(&mut self, of: usize, list: impl Iterator<Item = &'p str>) -> Option<Found<'a>> {
        let node = &self.graph.nodes[of];
        for directory in list {
            let directory = if directory.is_empty() { "." } else { directory.trim_end_matches('/') };
            let spelled = match self.graph.family {
                LibcFamily::Musl => paths::musl_path(directory, node.place.directory()),
                _ => paths::glibc_path(directory, node.place.directory(), self.graph.host, &self.graph.loader.path),
            };
            let found = self.inside(node, &spelled, "");
            if found.is_some() || std::mem::take(&mut self.is_stopped) {
                return found;
            }
            if let Some(found) = self.subdirectories(|search, below| search.inside(node, &spelled, below)) {
                return Some(found);
            }
        }
        None
    }

    /// The library in one directory of a list, or `below` it.
    fn inside(&mut self, node: &Node<'a>, directory: &Spelled, below: &str) -> Option<Found<'a>> {
        let inside = |path: &String| format!("{path}/{below}{}", self.name);
        let spelled = Spelled { paths: directory.paths.iter().map(inside).collect(), ..directory.clone() };
        self.at(node, &spelled)
    }

    /// What glibc looks into besides a directory itself. On which CPUs it does is another matter, so what is found there
    /// alone is found for sure only where every CPU is known to have that level.
    fn subdirectories(&mut self, mut look: impl FnMut(&mut Self, &str) -> Option<Found<'a>>) -> Option<Found<'a>> {
        let host = self.graph.host;
        let glibc =
            self.graph.loader.glibc.filter(|_| self.graph.family == LibcFamily::Glibc && host.arch == "x86_64")?;
        for name in LEVELS.iter().filter(|_| glibc >= KNOWS_LEVELS) {
            if let Some(found) = look(self, &format!("glibc-hwcaps/{name}/")) {
                let is_certain = host.cpu.and_then(level) >= level(name);
                return Some(if is_certain { found } else { Found::Unknown });
            }
        }
        let legacy = LEGACY.iter().filter(|_| glibc < FORGETS_LEGACY);
        legacy.into_iter().any(|name| look(self, &format!("{name}/")).is_some()).then_some(Found::Unknown)
    }

    /// Opens a path as `node` writes it: `$ORIGIN` is its directory in its own tree, anything absolute is the host's.
    fn at(&mut self, node: &Node<'a>, spelled: &Spelled) -> Option<Found<'a>> {
        let mut tree = &Place::Host(String::new());
        if spelled.from_origin {
            tree = &node.place;
        }
        for path in &spelled.paths {
            let Some(plain) = normal(path) else {
                self.relative.push(path.clone());
                continue;
            };
            let system = is_system(&plain);
            // `..` is left for the file system to follow: behind a link it leads elsewhere, behind nothing nowhere.
            let found = match tree {
                Place::Shipped(_) if !system => self.accept(self.graph.shipped.open(path), path, true),
                _ => self.on_host(path),
            };
            match found {
                Some(_) if !spelled.is_certain => return Some(Found::Unknown),
                Some(_) => return found,
                None if self.is_stopped => return None,
                None => {}
            }
        }
        None
    }

    /// Whether a relative path leads to the library when the program is run from its own directory.
    fn is_in_working_directory(&self) -> bool {
        let home = self.graph.nodes[0].place.directory();
        let is_there = |path: &String| matches!(self.graph.shipped.open(&format!("{home}/{path}")), Opened::Object(_));
        self.relative.iter().any(is_there)
    }

    /// A path of the host's own tree; the catalogue knows sonames only, so by path next to nothing.
    fn on_host(&mut self, path: &str) -> Option<Found<'a>> {
        match &self.graph.host.root {
            Some(root) => self.accept(root.open(path), path, false),
            // By soname the search goes on without it; a path is all there is of a name with a slash in it.
            None if self.name.contains('/') && normal(path).is_some_and(|path| is_system(&path)) => {
                let soname = self.name.rsplit('/').next().unwrap_or_default();
                let host = self.graph.host;
                (host.library(soname).is_some() || !host.complete).then_some(Found::Unknown)
            }
            None => None,
        }
    }

    fn accept(&mut self, opened: Opened, path: &str, shipped: bool) -> Option<Found<'a>> {
        match accept::accept(self.graph, opened) {
            Accepted::Object(image) => {
                let directory = directory(path);
                let place = if shipped { Place::Shipped(directory) } else { Place::Host(directory) };
                Some(Found::Object(Body::File(image), place))
            }
            Accepted::Unusable(why) => Some(Found::Unusable { path: path.to_owned(), why }),
            Accepted::PassedOver(why) => {
                self.passed_over = Some(format!("{path}: {why}"));
                None
            }
            Accepted::Stop(why) => {
                self.passed_over = Some(format!("{path}: {why}"));
                self.is_stopped = true;
                None
            }
            Accepted::Doubtful(why) => Some(Found::Doubtful(format!("{path}: {why}"))),
            Accepted::Unknown => Some(Found::Unknown),
            Accepted::Absent => None,
        }
    }

    /// What the system itself provides. Without its default directories (`DF_1_NODEFLIB`) there is still what the cache knows
    /// outside of them.
    fn defaults(&mut self, with_directories: bool) -> Option<Found<'a>> {
        let host = self.graph.host;
        let Some(root) = &host.root else {
            return match host.library(self.name) {
                _ if !with_directories => None,
                Some(library) => Some(Found::Object(Body::Table(library), Place::Host(String::new()))),
                None if host.complete || is_libc(self.name) => None,
                None => Some(Found::Unknown),
            };
        };
        let searched = root.searched(self.graph.family, &self.graph.loader.path);
        let directories = &searched.directories;
        if self.graph.family != LibcFamily::Musl {
            // By its beginning, as glibc compares: the subdirectories for CPUs are default ones too.
            let is_default = |path: &String| {
                directories.iter().any(|one| path.strip_prefix(one.as_str()).is_some_and(|rest| rest.starts_with('/')))
            };
            for path in searched.cached(self.name).iter().filter(|path| with_directories || !is_default(path)) {
                if let Some(found) = self.on_host(path) {
                    return Some(found);
                }
            }
        }
        for directory in directories.iter().filter(|_| with_directories) {
            let found = self.on_host(&format!("{directory}/{}", self.name));
            if found.is_some() || std::mem::take(&mut self.is_stopped) {
                return found;
            }
            let name = self.name;
            let below = |search: &mut Self, below: &str| search.on_host(&format!("{directory}/{below}{name}"));
            if let Some(found) = self.subdirectories(below) {
                return Some(found);
            }
        }
        None
    }
}

/// Whether a name is the C library's own, so that a host without it surely has none elsewhere.
fn is_libc(name: &str) -> bool {
    musl::is_own_name(name) || name.starts_with("ld-") || name.starts_with("ld64")
}

/// The loader itself, which is there before anything is searched for.
pub(super) fn loader_object<'a>(host: &'a Host, interpreter: Option<&str>, soname: &str) -> Option<Body<'a>> {
    if let Some(root) = &host.root {
        let path = interpreter.map(str::to_owned).or_else(|| host.loaders.first().cloned())?;
        return match root.open(&path) {
            Opened::Object(image) => Some(Body::File(image)),
            _ => None,
        };
    }
    host.library(soname).map(Body::Table)
}

/// musl's libc, which is the loader too.
pub(super) fn musl_libc<'a>(host: &'a Host, interpreter: Option<&str>) -> Option<Body<'a>> {
    if host.root.is_some() {
        return loader_object(host, interpreter, "");
    }
    let library = host.libraries.iter().find(|library| matches!(library.exports, Exports::Musl(..)))?;
    Some(Body::Table(library))
}
