//! Undefined symbols: every strong one must be defined by something in scope, by name and version.

use std::cell::OnceCell;

use super::bindings::{self, Bindings};
use super::graph::{Body, Graph, Node};
use super::{Gap, Load, Mode, Reason};
use crate::facts::elf::{ElfFacts, UndefinedSymbol};
use crate::facts::libc::LibcFamily;
use crate::hosts::exports::Answer;
use crate::hosts::musl;

/// Programs that load shared objects and provide symbols to them, by the prefixes of their interfaces.
const FAMILIES: &[(&str, &[&str])] = &[
    ("CPython", &["Py", "_Py"]),
    ("Node.js", &["napi_", "node_", "_ZN2v8", "_ZNK2v8", "_ZTIN2v8", "_ZN4node", "_ZNK4node", "uv_"]),
    ("Ruby", &["rb_", "ruby_"]),
    ("Perl", &["Perl_", "PerlIO", "PL_", "perl_", "boot_"]),
    ("Lua", &["lua_", "luaL_"]),
    (
        "PHP",
        &[
            "zend_",
            "php_",
            "_zend_",
            "_php_",
            "_emalloc",
            "_efree",
            "_ecalloc",
            "_erealloc",
            "_estrdup",
            "add_assoc_",
            "add_next_index_",
        ],
    ),
    ("R", &["R_", "Rf_"]),
    ("Erlang", &["enif_", "driver_"]),
    ("OCaml", &["caml_", "Caml_state", "camlStdlib"]),
    ("Apache", &["ap_", "apr_", "dav_", "core_module"]),
    ("PostgreSQL", &["pg_", "SPI_", "errstart", "errmsg", "errfinish", "palloc", "pfree"]),
];

/// Programs whose interfaces have no prefix in common, by what every extension of theirs has to define.
const MARKS: &[(&str, &str)] = &[("PostgreSQL", "Pg_magic_func"), ("PHP", "get_module")];

/// Judges every strong undefined symbol, and the targets of copy relocations, of every object whose file is known; what the
/// program expects is kept for the next host.
pub(super) fn check(graph: &Graph<'_>, of_program: &OnceCell<Bindings>, mode: Mode<'_>, result: &mut Load) {
    if !matches!(graph.family, LibcFamily::Glibc | LibcFamily::Musl) {
        return;
    }
    let mut beside = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        let Some(elf) = node.elf() else { continue };
        let own = OnceCell::new();
        let bindings = if at == 0 { of_program } else { &own }.get_or_init(|| Bindings::of(elf));
        let met = bindings.met(graph, elf);
        let strong = elf.undefined.iter().filter(|symbol| !symbol.weak).map(|symbol| (symbol, &graph.nodes[..]));
        // What is copied is looked for in the libraries alone.
        let copied = elf.copied.iter().map(|symbol| (symbol, &graph.nodes[1..]));
        for (symbol, scope) in strong.chain(copied) {
            let is_met = symbol.need.is_some_and(|at| {
                let need = elf.version_needs.get(at);
                met.get(at) == Some(&true) || need.is_some_and(|need| bindings::is_met(graph, need, symbol.name))
            });
            if !is_met {
                one(graph, node, elf, (symbol, scope), mode, result, &mut beside);
            }
        }
    }
    if !beside.is_empty() && is_for_jvm(graph) {
        result.expects.push("Java");
    }
    // Interpreters have all of glibc's libraries.
    if result.expects.is_empty() {
        result.gaps.append(&mut beside);
    }
}

fn one(
    graph: &Graph<'_>,
    node: &Node<'_>,
    elf: &ElfFacts,
    (symbol, scope): (UndefinedSymbol<'_>, &[Node<'_>]),
    mode: Mode<'_>,
    result: &mut Load,
    beside: &mut Vec<Gap>,
) {
    let versioned = graph.family == LibcFamily::Glibc;
    let version = symbol.version.filter(|_| versioned);
    if version.is_some_and(|version| is_reported(graph, elf, version, result)) {
        return;
    }
    let by_program = matches!(node.body, Body::Program(..));
    match defined(graph, scope, (symbol.name, version), by_program) {
        Answer::Yes => {}
        _ if is_expected(graph, symbol.name, mode, result) => {}
        _ if is_never_asked(graph, node, symbol.name) => {}
        Answer::No if version.is_none() && graph.lacks_libraries() => {
            // Surely the missing library has it; the loader does not come this far.
        }
        Answer::No if graph.only_loading_program_has(symbol.name, version) && mode.strict_symbols => {
            result.gaps.push(Gap::symbol(format!(
                "{} does not ask for the C library that defines `{}`; whether the loading program has it is not known",
                node.label(),
                symbol.name
            )));
        }
        Answer::No
            if version.is_none()
                && !mode.strict_symbols
                && let Some(library) = graph.beside_libc(symbol.name) =>
        {
            beside.push(Gap::symbol(format!(
                "{} does not ask for {library}, which defines `{}`; whether the loading program has it is not known",
                node.label(),
                symbol.name
            )));
        }
        Answer::No if graph.is_whole() || version.is_some() => result.reasons.push(Reason::UndefinedSymbol {
            name: symbol.name.to_string(),
            version: version.map(str::to_owned),
            needed_by: node.label().to_owned(),
        }),
        _ => {
            let name = version.map_or_else(|| symbol.name.to_string(), |version| format!("{}@{version}", symbol.name));
            let host = &graph.host.name;
            result.gaps.push(Gap::symbol(format!(
                "whether `{host}` defines `{name}`, needed by {}, is not known",
                node.label()
            )));
        }
    }
}

/// Whether it is a library of native methods, which a JVM opens: it looks for functions of these names (Java Native Interface
/// Specification, chapters 2 and 5). `java` opens `libjvm.so` with `RTLD_GLOBAL`, which asks for libdl, libm, libpthread and librt.
fn is_for_jvm(graph: &Graph<'_>) -> bool {
    let exports = graph.exports(&graph.nodes[0]).filter(|_| graph.is_of_shared_object());
    exports.is_some_and(|exports| exports.has_any(|name| name.starts_with("JNI_OnLoad") || name.starts_with("Java_")))
}

/// Whether no relocation of the object names the symbol: loaders look for what relocations name, and for nothing else.
fn is_never_asked(graph: &Graph<'_>, node: &Node<'_>, name: &str) -> bool {
    let image = graph.image(node);
    image.is_some_and(|image| image.relocated.never_asked.binary_search_by(|known| known.as_str().cmp(name)).is_ok())
}

/// Whether the version of a symbol is missing already, or belongs to a library that is.
fn is_reported(graph: &Graph<'_>, elf: &ElfFacts, version: &str, result: &Load) -> bool {
    let mut files = elf.version_needs.iter().filter(|need| need.version == version).map(|need| &need.file).peekable();
    files.peek().is_some()
        && files.all(|file| {
            graph.is_missing(file)
                || graph.named(file).is_none()
                || result.reasons.iter().any(|reason| {
                    matches!(reason, Reason::MissingVersion { library, version: known, .. } if **library == **file && known == version)
                })
        })
}

/// Whether something in scope defines the symbol: a yes anywhere decides, then a doubt anywhere. `by_program` says who leaves it open.
fn defined(graph: &Graph<'_>, scope: &[Node<'_>], (name, version): (&str, Option<&str>), by_program: bool) -> Answer {
    let mut answer = Answer::No;
    // The libraries first: the program itself rarely defines what a library leaves open, and its table is read for this alone.
    let is_program = |node: &&Node<'_>| matches!(node.body, Body::Program(..));
    for node in scope.iter().filter(|node| !is_program(node)).chain(scope.iter().filter(is_program)) {
        // What an object leaves open it does not define, so its own table would change nothing here.
        if by_program && is_program(&node) && answer == Answer::Unknown {
            continue;
        }
        let Some(exports) = graph.exports(node) else {
            answer = Answer::Unknown;
            continue;
        };
        let here = match graph.family {
            LibcFamily::Musl => exports.satisfies_musl(name),
            _ => exports.satisfies_glibc(name, version),
        };
        match here {
            Answer::Yes => return Answer::Yes,
            Answer::Unknown => answer = Answer::Unknown,
            Answer::No => {}
        }
    }
    let alias = musl::load_time_alias(name, graph.host.musl()).filter(|_| graph.family == LibcFamily::Musl);
    match alias {
        Some(alias) if graph.musl_release() == Some(true) => defined(graph, scope, (alias, None), by_program),
        _ => answer,
    }
}

/// Whether the program that loads a shared object is to provide the symbol.
fn is_expected(graph: &Graph<'_>, name: &str, mode: Mode<'_>, result: &mut Load) -> bool {
    if !graph.is_of_shared_object() || mode.strict_symbols {
        return false;
    }
    if mode.provided.is_some_and(|provided| provided(name)) {
        return true;
    }
    let family = FAMILIES.iter().find(|(_, prefixes)| prefixes.iter().any(|prefix| name.starts_with(prefix)));
    let defines = |mark: &str| {
        let exports = graph.exports(&graph.nodes[0]);
        exports.is_some_and(|exports| exports.satisfies_glibc(mark, None) == Answer::Yes)
    };
    let marked = || MARKS.iter().find(|(_, mark)| defines(mark)).map(|(family, _)| family);
    let Some(family) = family.map(|(family, _)| family).or_else(marked) else { return false };
    if !result.expects.contains(family) {
        result.expects.push(family);
    }
    true
}
