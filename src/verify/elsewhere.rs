//! What PE and Mach-O files need of the files of a machine: DLLs with their functions, and dylibs.
//!
//! Windows keeps API sets, and macOS its own dylibs, in no file of that name: those are the system's, and what version of it is
//! needed is a line of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::machine::number;
use super::{Check, Line, Machine, listed};
use crate::facts::macho::MachOFacts;
use crate::facts::pe::DllImport;
use crate::facts::{Details, Facts, Unreadable, Wanted, read_file};
use crate::hosts::macos;
use crate::manifest::Slice;
use crate::rules::system_dylib;

/// Contracts that Windows resolves to whichever DLL has the functions (API sets).
const API_SETS: [&str; 2] = ["api-ms-", "ext-ms-"];

/// DLLs that nobody finds, and functions that nobody exports.
#[derive(Debug, Default)]
struct Lacking {
    libraries: Vec<String>,
    functions: Vec<String>,
    unreadable: Vec<String>,
}

/// The lines about the DLLs of a program whose `directory` is looked in first, and then the system's below `root`; without a root
/// nobody knows what the system has.
pub fn dlls(slice: &Slice, imports: &[DllImport], directory: &Path, root: Option<&Path>) -> Vec<Line> {
    let system: &[&str] = if slice.bits == 32 { &["SysWOW64", "System32"] } else { &["System32"] };
    let below = |root: &Path, name| ["Windows", name].iter().try_fold(root.to_path_buf(), |at, name| entry(&at, name));
    let systems = system.iter().filter_map(|name| below(root?, name));
    let places: Vec<Names> = std::iter::once(directory.to_path_buf()).chain(systems).map(Names::of).collect();
    let mut lacking = Lacking::default();
    let mut unseen: Vec<String> = Vec::new();
    for import in imports {
        let name = import.dll.to_ascii_lowercase();
        if API_SETS.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        match places.iter().find_map(|place| place.find(&name)) {
            Some(path) => lacking.functions(import, &path),
            None if root.is_none() => unseen.push(import.dll.clone()),
            None => lacking.libraries.push(format!("{} is not found", import.dll)),
        }
    }
    let names: Vec<&str> = imports.iter().map(|import| import.dll.as_str()).collect();
    let functions: usize = imports.iter().map(|import| import.functions.len()).sum();
    let mut lines = Vec::new();
    if !unseen.is_empty() {
        let needed = [(Check::Libraries, listed(&names)), (Check::Symbols, format!("{functions} functions"))];
        let needed = needed.into_iter().take(if functions > 0 { 2 } else { 1 });
        return needed.map(|(check, needed)| Line::unknown(check, needed, not_described(&unseen))).collect();
    }
    if !names.is_empty() {
        lines.push(line(Check::Libraries, listed(&names), &lacking.libraries, "all of them"));
    }
    if functions > 0 && lacking.libraries.is_empty() {
        let needed = format!("{functions} functions");
        lines.push(match lacking.unreadable.is_empty() {
            true => line(Check::Symbols, needed, &lacking.functions, "all of them"),
            false => Line::unknown(Check::Symbols, needed, listed(&lacking.unreadable)),
        });
    }
    lines
}

fn line(check: Check, needed: String, lacking: &[String], fine: &str) -> Line {
    Line::of(check, needed, if lacking.is_empty() { fine.to_owned() } else { listed(lacking) }, lacking.is_empty())
}

/// What a description of a machine does not say.
fn not_described(names: &[String]) -> String {
    format!("the description says nothing of {}", listed(names))
}

impl Lacking {
    /// Adds the functions that a DLL does not export, by name or as `#12` by ordinal.
    fn functions(&mut self, import: &DllImport, path: &Path) {
        let exported: Result<BTreeSet<String>, Unreadable> = read_file(path, Wanted::default()).map(|file| {
            let images = file.slices.iter().filter_map(|slice| match &slice.details {
                Details::Pe(pe) => pe.exports.as_ref(),
                _ => None,
            });
            let functions = images.flat_map(|exports| &exports.functions);
            functions
                .flat_map(|export| export.name.clone().into_iter().chain([format!("#{}", export.ordinal)]))
                .collect()
        });
        match exported {
            Ok(exported) => {
                let missing = import.functions.iter().filter(|name| !exported.contains(*name));
                self.functions.extend(missing.map(|name| format!("{} has no {name}", import.dll)));
            }
            Err(why) => self.unreadable.push(format!("{} cannot be read: {}", import.dll, crate::error::plain(why))),
        }
    }
}

/// The files of a directory by their names in lower case, as Windows compares them.
struct Names(BTreeMap<String, PathBuf>);

impl Names {
    fn of(directory: PathBuf) -> Names {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        Names(entries.map(|entry| (entry.file_name().to_string_lossy().to_ascii_lowercase(), entry.path())).collect())
    }

    /// A DLL without an ending is one that ends in `.dll`.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let ending = if name.contains('.') { "" } else { ".dll" };
        self.0.get(&format!("{name}{ending}")).cloned()
    }
}

/// The entry of that name, whatever its case.
fn entry(directory: &Path, name: &str) -> Option<PathBuf> {
    Names::of(directory.to_path_buf()).0.remove(&name.to_ascii_lowercase())
}

/// The line about the dylibs of a file in `directory`; those that are no part of macOS have to lie where it names them, below
/// `root` unless that is beside the file. Without a root nobody knows what lies there.
pub fn dylibs(macho: &MachOFacts, directory: &Path, root: Option<&Path>) -> Option<Line> {
    let needed: Vec<&str> =
        macho.dylibs.iter().filter(|dylib| dylib.kind != "weak").map(|dylib| dylib.name.as_str()).collect();
    let is_there =
        |name: &&&str| system_dylib(macho, name) || places(macho, name, directory, root).any(|at| at.is_file());
    let missing: Vec<String> = needed.iter().filter(|name| !is_there(name)).map(|name| (*name).to_owned()).collect();
    let (unseen, absent): (Vec<String>, Vec<String>) =
        missing.into_iter().partition(|name| root.is_none() && paths(macho, name).any(|path| path.starts_with('/')));
    let absent: Vec<String> = absent.iter().map(|name| format!("{name} is not found")).collect();
    (!needed.is_empty()).then(|| match (absent.is_empty(), unseen.is_empty()) {
        (true, false) => Line::unknown(Check::Libraries, listed(&needed), not_described(&unseen)),
        _ => line(Check::Libraries, listed(&needed), &absent, "all of them"),
    })
}

/// The line about a program in arm64e code alone: `file` has every slice, and this is the one that the machine takes.
pub fn arm64e(slice: &Facts, file: &[Facts], machine: &Machine) -> Option<Line> {
    let needed = "a kernel that runs arm64e programs of others than Apple";
    macos::is_arm64e_alone(slice, file).then(|| match machine.macos.as_deref().and_then(number) {
        Some(version) if version < macos::ARM64E_OF_OTHERS => {
            Line::of(Check::Loading, needed, format!("macOS {version}, which does not"), false)
        }
        Some(version) => Line::unknown(Check::Loading, needed, format!("whether macOS {version} does is not known")),
        None => Line::unknown(Check::Loading, needed, "the machine's macOS is not known"),
    })
}

/// Where dyld would look.
fn places<'a>(
    macho: &'a MachOFacts,
    name: &'a str,
    directory: &'a Path,
    root: Option<&'a Path>,
) -> impl Iterator<Item = PathBuf> + 'a {
    let at = move |path: String| match path.split_once('/') {
        Some(("@loader_path" | "@executable_path", rest)) => Some(directory.join(rest)),
        Some(("", rest)) => Some(root?.join(rest)),
        _ => None,
    };
    paths(macho, name).filter_map(at)
}

/// The paths that dyld would try, in the words of the file.
fn paths<'a>(macho: &'a MachOFacts, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let through = name.strip_prefix("@rpath/").into_iter();
    let through = through.flat_map(move |rest| macho.rpaths.iter().map(move |path| format!("{path}/{rest}")));
    std::iter::once(name.to_owned()).chain(through)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::macho::Dylib;
    use crate::verify::Verdict;

    fn macho(names: &[(&str, &str)]) -> MachOFacts {
        let dylib = |(name, kind): &(&str, &str)| Dylib {
            name: (*name).into(),
            kind: (*kind).into(),
            current: "1.0.0".into(),
            compat: "1.0.0".into(),
        };
        MachOFacts {
            dylibs: names.iter().map(dylib).collect(),
            rpaths: vec!["@loader_path/../lib".into()],
            ..MachOFacts::default()
        }
    }

    #[test]
    fn dylibs_are_the_systems_or_lie_where_they_are_named() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["bin", "lib", "opt"] {
            std::fs::create_dir(root.path().join(directory)).unwrap();
        }
        let judged = |names: &[(&str, &str)]| {
            let line = dylibs(&macho(names), &root.path().join("bin"), Some(root.path())).expect("it needs something");
            (line.verdict, line.found)
        };
        let own = ("@rpath/libown.dylib", "load");
        let fine = (Verdict::Accepted, "all of them".to_owned());
        assert_eq!(judged(&[("/usr/lib/libSystem.B.dylib", "load"), ("@rpath/x.dylib", "weak")]), fine);
        assert_eq!(judged(&[own]), (Verdict::Refused, "@rpath/libown.dylib is not found".to_owned()));
        std::fs::write(root.path().join("lib/libown.dylib"), "").unwrap();
        assert_eq!(judged(&[own]), fine);
        let brewed = ("/opt/libbrewed.dylib", "load");
        assert_eq!(judged(&[brewed]).0, Verdict::Refused);
        let described = dylibs(&macho(&[own, brewed]), &root.path().join("bin"), None).expect("it needs something");
        assert_eq!(
            (described.verdict, &*described.found),
            (Verdict::Unknown, "the description says nothing of /opt/libbrewed.dylib")
        );
        std::fs::write(root.path().join("opt/libbrewed.dylib"), "").unwrap();
        assert_eq!(judged(&[brewed]), fine);
        assert_eq!(dylibs(&macho(&[]), root.path(), Some(root.path())), None);
    }
}
