//! Libraries that are shipped beside the file, looked for where dyld and the loader of Windows look.
//!
//! Sources: dyld's `Loader::expandAtLoaderPath`, `expandAtExecutablePath` and `forEachResolvedAtPathVar` (run paths in order,
//! files of another architecture passed over); Microsoft, "Dynamic-link library search order" (the directory of the program
//! before those of the system).

use std::sync::Arc;

use super::windows::shown;
use crate::facts::macho::MachOFacts;
use crate::facts::pe::DllImport;
use crate::facts::{Details, Facts, Format};
use crate::hosts::load::{Files, Opened};
use crate::rules::Subject;

/// Most places that are looked at for the dylibs of one file: real ones have a few run paths, a hostile one has thousands.
const MOST_PLACES: usize = 10_000;

/// `CPU_SUBTYPE_ARM64E`: a process is either that or plain arm64.
const ARM64E: u32 = 2;

/// What came of looking for a dylib.
#[derive(Debug)]
pub(in crate::rules) enum Beside {
    /// It is there.
    Found(Slice),
    /// It is at none of these places: one clause for each.
    Absent(Vec<String>),
    /// It hangs on what nobody knows.
    Unknown(String),
}

/// The slice of a dylib that dyld takes.
#[derive(Debug)]
pub(in crate::rules) struct Slice {
    slices: Arc<[Facts]>,
    at: usize,
}

impl Slice {
    /// What only Mach-O files have.
    pub(in crate::rules) fn macho(&self) -> Option<&MachOFacts> {
        as_dylib(self.slices.get(self.at)?)
    }
}

/// Where a name leads.
enum Place {
    /// To this path of the tree that the file is shipped in.
    Here(String),
    /// To the directory of a program that is not known; in a bundle, most likely to this path of it.
    ByProgram(Option<String>),
    /// To a directory of whatever machine it runs on.
    Elsewhere(String),
}

impl Subject<'_> {
    /// Looks for a dylib that is named by a path relative to the file (`@loader_path`, `@executable_path`, `@rpath`).
    pub(in crate::rules) fn dylib_beside(&self, macho: &MachOFacts, name: &str) -> Beside {
        let Some((home, files)) = self.loads.beside() else {
            return Beside::Unknown(format!("where `{name}` is looked for is not known"));
        };
        if macho.rpaths.len().saturating_mul(macho.dylibs.len()) > MOST_PLACES {
            return Beside::Unknown("it names more dylibs and run paths than are looked at".into());
        }
        let by_run_path = name.strip_prefix("@rpath/");
        let places: Vec<Place> = match by_run_path {
            Some(rest) => macho.rpaths.iter().map(|path| self.place(&format!("{path}/{rest}"), home)).collect(),
            None => vec![self.place(name, home)],
        };
        let mut hangs_on_program = by_run_path.is_some() && !self.is_program();
        let mut tried = Vec::new();
        let mut by_bundle = String::new();
        for place in places {
            hangs_on_program |= matches!(place, Place::ByProgram(_));
            match place {
                Place::Here(path) => match dylib(self.facts, macho, &files.open(&path)) {
                    Ok(slice) => return Beside::Found(slice),
                    Err(fault) => tried.push(format!("`{}` {fault}", plain(&path))),
                },
                Place::ByProgram(Some(path)) => match dylib(self.facts, macho, &files.open(&path)) {
                    Ok(slice) => return Beside::Found(slice),
                    Err(fault) => by_bundle = format!("; for those of its bundle, `{}` {fault}", plain(&path)),
                },
                Place::ByProgram(None) => {}
                Place::Elsewhere(path) => tried.push(format!("`{path}` is not shipped with it")),
            }
        }
        match (hangs_on_program, tried.is_empty()) {
            (true, _) => Beside::Unknown(format!(
                "where `{name}` is looked for is the matter of the program that loads it{by_bundle}"
            )),
            (false, true) => Beside::Absent(vec!["it has no run path".into()]),
            (false, false) => Beside::Absent(tried),
        }
    }

    fn place(&self, path: &str, home: &str) -> Place {
        let after = |token: &str| path.strip_prefix(token).filter(|rest| rest.starts_with('/'));
        match (after("@loader_path"), after("@executable_path")) {
            (Some(rest), _) => Place::Here(format!("{home}{rest}")),
            (_, Some(rest)) if self.is_program() => Place::Here(format!("{home}{rest}")),
            (_, Some(rest)) => Place::ByProgram(programs_of_bundle(home).map(|programs| format!("{programs}{rest}"))),
            (None, None) => Place::Elsewhere(path.to_owned()),
        }
    }

    /// Those imports whose DLL does not lie beside the image, each with what shows it. The loader looks there first; for a
    /// DLL it is the directory of the program, or its own where the program asks for that, as Node.js and CPython do.
    pub(in crate::rules) fn without_dll_beside<'i>(
        &self,
        imports: impl Iterator<Item = (&'i DllImport, &'static str)>,
    ) -> Vec<(&'i DllImport, String)> {
        imports
            .filter_map(|(import, how)| {
                let shown = shown(import, how);
                let Some((home, files)) = self.loads.beside() else { return Some((import, shown)) };
                let fault = dll_fault(self.facts, &import.dll, home, files)?;
                Some((import, format!("{shown}, and `{}/{}` {fault}", plain(home), import.dll)))
            })
            .collect()
    }
}

/// Where the programs of the application lie that this directory is a part of (Apple, "Placing content in a bundle").
fn programs_of_bundle(home: &str) -> Option<String> {
    let parts: Vec<&str> = home.split('/').collect();
    let at = parts.windows(2).rposition(|pair| pair[0].ends_with(".app") && pair[1] == "Contents")?;
    Some(format!("{}/MacOS", parts.get(..at + 2)?.join("/")))
}

/// What dyld loads from a place, or why it passes over what lies there.
fn dylib(mine: &Facts, macho: &MachOFacts, opened: &Opened) -> Result<Slice, String> {
    let slices = foreign(opened, Format::MachO)?;
    let dylibs = || slices.iter().enumerate().filter_map(|(at, slice)| Some((at, slice, as_dylib(slice)?)));
    let is_mine = |slice: &Facts, its: &MachOFacts| {
        slice.arch == mine.arch
            && (mine.arch != "aarch64" || (its.cpu_subtype == ARM64E) == (macho.cpu_subtype == ARM64E))
    };
    if dylibs().next().is_none() {
        return Err("is no dylib".into());
    }
    match dylibs().find(|(_, slice, its)| is_mine(slice, its)) {
        Some((at, ..)) => Ok(Slice { slices: Arc::clone(slices), at }),
        None => Err(made_for(slices)),
    }
}

fn as_dylib(slice: &Facts) -> Option<&MachOFacts> {
    match &slice.details {
        Details::MachO(macho) if macho.file_type == "dylib" => Some(macho),
        _ => None,
    }
}

/// Why Windows does not load the DLL from the directory of the image; `None` when it does.
fn dll_fault(mine: &Facts, dll: &str, home: &str, files: &dyn Files) -> Option<String> {
    // The loader adds the extension to a name without one.
    let name = if dll.contains('.') { dll.to_owned() } else { format!("{dll}.dll") };
    if name.contains(['/', '\\', ':']) {
        return Some("is not looked for: it is a path".into());
    }
    match foreign(&files.open_in_any_case(home, &name), Format::Pe) {
        Err(fault) => Some(fault),
        Ok(slices) if slices.iter().any(|slice| slice.arch == mine.arch) => None,
        Ok(slices) => Some(made_for(slices)),
    }
}

/// The slices of a file of this format, or what is wrong with it, as the end of a sentence.
fn foreign(opened: &Opened, format: Format) -> Result<&Arc<[Facts]>, String> {
    match opened {
        Opened::Foreign(slices) if slices.iter().all(|slice| slice.format == format) => Ok(slices),
        Opened::Absent => Err("is not there".into()),
        Opened::Foreign(_) | Opened::Object(_) => Err(format!("is no {format} file")),
        Opened::Unreachable(why) => Err(format!("cannot be reached: {why}")),
        Opened::Unusable(why) | Opened::Damaged { why, .. } => Err(format!("cannot be loaded: {why}")),
    }
}

fn made_for(slices: &[Facts]) -> String {
    let archs: Vec<&str> = slices.iter().map(|slice| &*slice.arch).collect();
    format!("is made for {}", archs.join(" and "))
}

/// The path as it is shown, without `.` and `..`.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            "" if !parts.is_empty() => {}
            ".." if parts.last().is_some_and(|last| !["", ".."].contains(last)) => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
