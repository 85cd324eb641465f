//! Which DLLs are part of Windows, and whose runtime the others are: `data/windows-dlls.tsv`.

use crate::facts::pe::{DllImport, PeFacts};
use crate::hosts::windows::{dll_row, function_row};

/// Whose a DLL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Dll {
    /// Part of Windows 10 and later, or an API set that the loader resolves.
    System,
    /// Microsoft's C or C++ runtime of this product, which is not part of Windows.
    Msvc(&'static str),
    /// A debug runtime, which may not be shipped at all.
    Debug(&'static str),
    /// The runtime of GCC or LLVM for Windows.
    Mingw(&'static str),
    /// Somebody else's.
    Foreign,
}

/// Whose `dll` is; its name in lower case.
pub(in crate::rules) fn dll(name: &str) -> Dll {
    dll_row(name).map_or(Dll::Foreign, of_row)
}

fn of_row(row: &'static str) -> Dll {
    let mut fields = row.split('\t');
    let part = fields.next().unwrap_or_default();
    let of = fields.nth(2).unwrap_or_default();
    match part {
        "msvc-runtime" => Dll::Msvc(of),
        "debug-runtime" => Dll::Debug(of),
        "mingw-runtime" => Dll::Mingw(of),
        _ => Dll::System,
    }
}

/// What an image of Windows has of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum OnImage<'i> {
    /// The DLL, and no function is known to be missing in it.
    Present,
    /// Not the DLL.
    NoDll,
    /// The DLL, but without this function.
    NoFunction(&'i str),
    /// Nobody publishes that.
    Unknown,
}

/// What the named image of Windows has of an import. Whether the DLL is part of Windows at all is another rule's question, so
/// one that is not counts as there.
pub(in crate::rules) fn on_image<'i>(import: &'i DllImport, host: &str) -> OnImage<'i> {
    let column = match host {
        _ if host.contains("servercore") => 1,
        _ if host.contains("nanoserver") => 2,
        _ => return OnImage::Present,
    };
    let Some(row) = dll_row(&import.dll).filter(|row| of_row(row) == Dll::System) else { return OnImage::Present };
    let has = |row: &str| row.split('\t').nth(column).map(|has| has == "yes");
    let lacks = |function: &&String| function_row(&import.dll, function).and_then(has) == Some(false);
    match row.split('\t').nth(column) {
        Some("yes") => import.functions.iter().find(lacks).map_or(OnImage::Present, |name| OnImage::NoFunction(name)),
        Some("no") => OnImage::NoDll,
        _ => OnImage::Unknown,
    }
}

/// Every imported DLL with how it is imported, delay-loaded ones last.
pub(in crate::rules) fn imports(pe: &PeFacts) -> impl Iterator<Item = (&DllImport, &'static str)> {
    let now = pe.imports.iter().map(|import| (import, "imports"));
    now.chain(pe.delay_imports.iter().map(|import| (import, "delay-loads")))
}

/// One import as evidence, with its first functions.
pub(in crate::rules) fn shown(import: &DllImport, how: &str) -> String {
    match import.functions.len() {
        0 => format!("it {how} `{}`", import.dll),
        _ => format!("it {how} {} of `{}`", super::listed(&import.functions, 2), import.dll),
    }
}

/// Whether the program that loads an extension provides this DLL: itself, the interpreter it embeds, or the Java runtime, whose
/// directory is the program's or loaded before (JNI, "The Invocation API" and "The AWT Native Interface").
pub(in crate::rules) fn comes_with_loading_program(name: &str) -> bool {
    let is_python = name.starts_with("python3") && name.ends_with(".dll");
    name.ends_with(".exe") || is_python || matches!(name, "java.dll" | "jawt.dll" | "jvm.dll")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dlls_are_known_by_name() {
        assert_eq!(dll("kernel32.dll"), Dll::System);
        assert_eq!(dll("api-ms-win-core-synch-l1-2-0.dll"), Dll::System);
        assert_eq!(dll("api-ms-win-crt-runtime-l1-1-0.dll"), Dll::System);
        assert_eq!(dll("wdfldr.sys"), Dll::System);
        assert_eq!(dll("xaudio2_9.dll"), Dll::System);
        assert_eq!(dll("storport.sys"), Dll::System);
        assert_eq!(dll("vcruntime140.dll"), Dll::Msvc("Visual C++ 2015-2022"));
        assert_eq!(dll("ucrtbased.dll"), Dll::Debug("Visual C++ 2015-2022"));
        assert_eq!(dll("libgcc_s_seh-1.dll"), Dll::Mingw("MinGW-w64 GCC"));
        assert_eq!(dll("libssl-3-x64.dll"), Dll::Foreign);
        assert_eq!(dll("icuuc77.dll"), Dll::Foreign);
        assert!(comes_with_loading_program("node.exe") && comes_with_loading_program("python312.dll"));
    }
}
