//! The objects of a load: the program, then every library, breadth first, each found as the loader finds it.

use std::cell::OnceCell;
use std::sync::{Arc, LazyLock};

use super::loader::{self, Loader};
use super::objects::{Files, Image, Opened};
use super::search::{self, Found, Place};
use super::{Gap, Load, Program, Reason};
use crate::facts::Kind;
use crate::facts::elf::ElfFacts;
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::{Answer, Exports, Listed};
use crate::hosts::{Host, Library, musl};

/// Libraries a table says nothing about but that one of ours always brings along; their own needs.
const IMPLIED: &[(&str, &[&str])] =
    &[("libstdc++.so.6", &["libm.so.6", "libgcc_s.so.1", "libc.so.6"]), ("libgcc_s.so.1", &["libc.so.6"])];

/// A program that exports nothing.
static NOTHING: LazyLock<Exports> = LazyLock::new(|| Exports::Listed(Listed::default()));

/// What the kernel maps into every process by itself.
const VDSO: &str = "linux-vdso.so.1";

/// What libc of glibc does not define itself, or did not before 2.34.
const BESIDE_LIBC: [&str; 4] = ["libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"];

/// A chain of needs is never this long outside a hostile file.
const MOST_OBJECTS: usize = 4096;

/// One loaded object.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// Names it was asked for by; its `DT_SONAME` is not among them until somebody asks by it.
    pub(super) names: Vec<String>,
    pub(super) body: Body<'a>,
    pub(super) place: Place,
    /// Who asked for it first.
    pub(super) parent: Option<usize>,
}

/// What is known of an object.
#[derive(Debug)]
pub(super) enum Body<'a> {
    Program(Program<'a>, &'a ElfFacts),
    File(Arc<Image>),
    Table(&'a Library),
}

impl Node<'_> {
    pub(super) fn elf(&self) -> Option<&ElfFacts> {
        match &self.body {
            Body::Program(_, elf) => Some(elf),
            Body::File(image) => image.elf(),
            Body::Table(_) => None,
        }
    }

    /// How reports name it: its path, or the name it was asked for by.
    pub(super) fn label(&self) -> &str {
        match &self.body {
            Body::Program(program, _) => program.path.rsplit('/').next().unwrap_or(program.path),
            Body::File(_) | Body::Table(_) => self.names.first().map_or("", String::as_str),
        }
    }

    /// Whether the loader takes `name` for this object: by a name it was asked for, and with glibc by its soname too.
    fn answers_to(&self, name: &str, family: LibcFamily) -> bool {
        self.names.iter().any(|known| known == name)
            || match &self.body {
                Body::Table(library) => library.soname == name,
                _ if family == LibcFamily::Musl => false,
                _ => self.elf().is_some_and(|elf| elf.soname.as_deref() == Some(name)),
            }
    }
}

/// The directory of the file, which is its `$ORIGIN`. For a program it is that of the file itself, whatever link it was started by, as the
/// kernel tells it; for a library that of the path it was found at.
fn origin(program: Program<'_>, elf: &ElfFacts, shipped: &dyn Files) -> String {
    let is_asked = [&elf.runpath, &elf.rpath].into_iter().flatten().any(|path| path.contains("ORIGIN"));
    match elf.interpreter.is_some() && is_asked {
        true => super::paths::directory(&shipped.real(program.path)),
        false => super::paths::directory(program.path),
    }
}

/// The objects of one load.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) host: &'a Host,
    pub(super) shipped: &'a dyn Files,
    /// Of which C library the loader is.
    pub(super) family: LibcFamily,
    pub(super) loader: Loader,
    pub(super) nodes: Vec<Node<'a>>,
    missing: Vec<Reason>,
    gaps: Vec<Gap>,
    /// Somebody asked for musl's libc, whose symbols are in scope only then.
    asks_for_musl: bool,
    /// The program as a library of its own, for its symbols.
    own: OnceCell<Option<Arc<Image>>>,
}

impl<'a> Graph<'a> {
    /// Finds the loader and every library.
    ///
    /// # Errors
    /// The reason why no loader starts at all.
    pub(super) fn build(
        program: Program<'a>,
        elf: &'a ElfFacts,
        host: &'a Host,
        shipped: &'a dyn Files,
    ) -> Result<Self, Reason> {
        let family = loader::family(program, elf, host)?;
        let directory = origin(program, elf, shipped);
        let place = if program.at_home { Place::Host(directory) } else { Place::Shipped(directory) };
        let main = Node { names: Vec::new(), body: Body::Program(program, elf), place, parent: None };
        let mut graph = Graph {
            host,
            shipped,
            family,
            loader: Loader::of(elf, family, host),
            nodes: vec![main],
            missing: Vec::new(),
            gaps: Vec::new(),
            asks_for_musl: program.facts.kind == Kind::SharedObject,
            own: OnceCell::new(),
        };
        if !matches!(family, LibcFamily::Glibc | LibcFamily::Musl) {
            graph.gaps.push(Gap::library(format!(
                "how `{}` loads programs is not known",
                elf.interpreter.as_deref().unwrap_or("the loader")
            )));
            return Ok(graph);
        }
        graph.preload();
        graph.follow(0);
        if family == LibcFamily::Musl && graph.asks_for_musl {
            match search::musl_libc(host, elf.interpreter.as_deref()) {
                Some(body) => graph.nodes.push(Node {
                    names: vec!["libc.so".to_owned()],
                    body,
                    place: Place::Host(String::new()),
                    parent: None,
                }),
                None => graph.gaps.push(Gap::library(format!("the C library of `{}` cannot be read", host.name))),
            }
        }
        Ok(graph)
    }

    /// A shared object is loaded by a program that has the C library already; its symbols are in scope.
    pub(super) fn add_loading_program(&mut self) {
        if self.family == LibcFamily::Glibc && self.named("libc.so.6").is_none() {
            let before = self.nodes.len();
            if let Found::Object(body, place) = search::of_system(self, "libc.so.6") {
                self.nodes.push(Node { names: vec!["libc.so.6".to_owned()], body, place, parent: None });
                self.follow(before);
            }
        }
    }

    /// What `/etc/ld.so.preload` of the root names: loaded right behind the program, and passed over where it cannot be.
    fn preload(&mut self) {
        let Some(root) = self.host.root.as_ref().filter(|_| self.family == LibcFamily::Glibc) else { return };
        for name in root.preloads() {
            self.need(&name, 0, false);
        }
    }

    /// Loads what the objects from number `at` on need, breadth first.
    fn follow(&mut self, mut at: usize) {
        while at < self.nodes.len() && self.nodes.len() < MOST_OBJECTS {
            for name in self.needs(at) {
                self.need(&name, at, true);
            }
            for name in self.auxiliaries(at) {
                self.need(&name, at, false);
            }
            at += 1;
        }
    }

    /// The libraries that one object asks for.
    fn needs(&self, at: usize) -> Vec<String> {
        match &self.nodes[at].body {
            Body::Table(library) if library.soname == "libc.so.6" => {
                Some(self.loader.soname.clone()).filter(|soname| !soname.is_empty()).into_iter().collect()
            }
            Body::Table(Library { exports: Exports::Glibc(library), soname, .. }) if *soname != self.loader.soname => {
                library.needs().iter().map(|&name| name.to_owned()).collect()
            }
            Body::Table(library) => {
                let implied = IMPLIED.iter().find(|(soname, _)| *soname == library.soname);
                implied.map_or_else(Vec::new, |(_, needs)| needs.iter().map(|&name| name.to_owned()).collect())
            }
            _ => self.nodes[at].elf().map_or_else(Vec::new, |elf| match self.family {
                LibcFamily::Musl => elf.needed.clone(),
                _ => elf.needed.iter().chain(&elf.filters).cloned().collect(),
            }),
        }
    }

    /// The libraries that one object takes where they are there.
    fn auxiliaries(&self, at: usize) -> Vec<String> {
        let elf = self.nodes[at].elf().filter(|_| self.family == LibcFamily::Glibc);
        elf.map_or_else(Vec::new, |elf| elf.auxiliaries.clone())
    }

    /// Loads one library; `required` says whether the load fails without it.
    fn need(&mut self, name: &str, by: usize, required: bool) {
        let interpreter = self.interpreter();
        if self.family == LibcFamily::Musl && (musl::is_own_name(name) || interpreter == Some(name)) {
            self.asks_for_musl = true;
            return;
        }
        if self.family == LibcFamily::Glibc && name == VDSO {
            return;
        }
        let family = self.family;
        if let Some(node) = self.nodes.iter_mut().find(|node| node.answers_to(name, family)) {
            if !node.names.iter().any(|known| known == name) {
                node.names.push(name.to_owned());
            }
            return;
        }
        let needed_by = self.nodes[by].label().to_owned();
        match self.running(name).unwrap_or_else(|| search::find(self, name, by)) {
            Found::Object(Body::File(image), _) if self.family == LibcFamily::Musl && image.is_libc() => {
                self.asks_for_musl = true;
            }
            Found::Object(body, place) => {
                if let Body::File(image) = &body
                    && let Some(node) = self.nodes.iter_mut().find(|node| {
                        matches!(&node.body, Body::File(known) if known.path == image.path)
                            && node.place.same_tree(&place)
                    })
                {
                    node.names.push(name.to_owned());
                    return;
                }
                self.nodes.push(Node { names: vec![name.to_owned()], body, place, parent: Some(by) });
            }
            Found::Absent { .. } | Found::Unusable { .. } if !required => {}
            Found::Absent { passed_over } => {
                self.missing.push(Reason::MissingLibrary { name: name.to_owned(), needed_by, passed_over });
            }
            Found::Unusable { path, why } => {
                self.missing.push(Reason::UnusableLibrary { name: name.to_owned(), path, why, needed_by });
            }
            Found::Doubtful(why) => self.gaps.push(Gap::library(format!(
                "whether {name}, needed by {needed_by}, can be loaded is not known: {why}"
            ))),
            Found::Unknown => self.gaps.push(Gap::library(format!(
                "whether `{}` has {name}, needed by {needed_by}, is not known",
                self.host.name
            ))),
        }
    }

    /// `PT_INTERP` of the program.
    pub(super) fn interpreter(&self) -> Option<&'a str> {
        match &self.nodes[0].body {
            Body::Program(_, elf) => elf.interpreter.as_deref(),
            _ => None,
        }
    }

    /// What the file is whose load this is.
    pub(super) fn kind(&self) -> Option<Kind> {
        match &self.nodes[0].body {
            Body::Program(program, _) => Some(program.facts.kind),
            _ => None,
        }
    }

    /// Whether that is a shared object, for a program that is not known.
    pub(super) fn is_of_shared_object(&self) -> bool {
        matches!(self.kind(), Some(Kind::SharedObject | Kind::RunnableSharedObject))
    }

    /// What only the C library of a program that loads the shared object defines: the object itself does not ask for it.
    pub(super) fn only_loading_program_has(&self, symbol: &str, version: Option<&str>) -> bool {
        if self.kind() != Some(Kind::SharedObject)
            || self.family != LibcFamily::Glibc
            || self.named("libc.so.6").is_some()
        {
            return false;
        }
        ["libc.so.6", &self.loader.soname].into_iter().any(|name| self.host_has(name, symbol, version))
    }

    /// The library beside libc that defines what a shared object leaves open without asking for the library: programs that load shared
    /// objects mostly have it.
    pub(super) fn beside_libc(&self, symbol: &str) -> Option<&'static str> {
        let mut beside = BESIDE_LIBC.into_iter().filter(|name| self.named(name).is_none());
        let of_glibc = self.is_of_shared_object() && self.family == LibcFamily::Glibc;
        of_glibc.then(|| beside.find(|name| self.host_has(name, symbol, None))).flatten()
    }

    /// Whether a library that the host has, loaded or not, defines a symbol.
    fn host_has(&self, library: &str, symbol: &str, version: Option<&str>) -> bool {
        let found = self.running(library).unwrap_or_else(|| search::find(self, library, 0));
        let exports = match &found {
            Found::Object(Body::Table(library), _) => &library.exports,
            Found::Object(Body::File(image), _) => &image.exports,
            _ => return false,
        };
        exports.satisfies_glibc(symbol, version) == Answer::Yes
    }

    /// Paths, or names, of the objects.
    pub(super) fn paths(&self) -> Vec<String> {
        let path = |node: &Node<'_>| match &node.body {
            Body::Program(program, _) => program.path.to_owned(),
            Body::File(image) => image.path.clone(),
            Body::Table(library) => library.soname.clone(),
        };
        self.nodes.iter().map(path).collect()
    }

    /// The object that a version need names (`_dl_name_match_p`: names asked for, not the soname by itself).
    pub(super) fn named(&self, name: &str) -> Option<&Node<'a>> {
        self.nodes.iter().find(|node| node.names.iter().any(|known| known == name))
    }

    /// Whether that library was asked for and not found.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        self.missing.iter().any(|reason| match reason {
            Reason::MissingLibrary { name: known, .. } | Reason::UnusableLibrary { name: known, .. } => known == name,
            _ => false,
        })
    }

    /// Whether everything that was asked for was found.
    pub(super) fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.gaps.is_empty()
    }

    /// Whether a library is missing for certain.
    pub(super) fn lacks_libraries(&self) -> bool {
        !self.missing.is_empty()
    }

    /// What an object defines; the program's own symbols are read only when somebody asks.
    pub(super) fn exports<'s>(&'s self, node: &'s Node<'a>) -> Option<&'s Exports> {
        match &node.body {
            Body::Table(library) => Some(&library.exports),
            Body::Program(_, elf) if elf.defined_count == 0 => Some(&NOTHING),
            _ => self.image(node).map(|image| &image.exports),
        }
    }

    /// The file of an object; the program's own is opened only when somebody asks.
    pub(super) fn image<'s>(&'s self, node: &'s Node<'a>) -> Option<&'s Image> {
        match &node.body {
            Body::Table(_) => None,
            Body::File(image) => Some(image),
            Body::Program(program, _) => {
                let read = || match self.shipped.open(program.path) {
                    Opened::Object(image) => Some(image),
                    _ => None,
                };
                self.own.get_or_init(read).as_deref()
            }
        }
    }

    /// Adds what was missing to the result, in front of what follows from it.
    pub(super) fn finish(self, result: &mut Load) {
        result.reasons.splice(0..0, self.missing);
        result.gaps.splice(0..0, self.gaps);
    }
}
