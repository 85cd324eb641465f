//! Which C runtime an image wants, by the DLLs it imports.

use serde::Serialize;

use super::DllImport;

/// The C runtime of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Crt {
    /// Which one.
    pub kind: CrtKind,
    /// The DLLs that show it, and other runtime libraries of the compiler, in lower case.
    pub dlls: Vec<String>,
}

/// Kinds of C runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrtKind {
    /// None is imported: linked in (`/MT`, `+crt-static`), or not used (Go).
    #[default]
    StaticOrNone,
    /// The Universal CRT alone, which is part of Windows 10 and later.
    UcrtOnly,
    /// Visual C++'s `vcruntime140.dll` with the Universal CRT: the redistributable must be installed.
    UcrtDynamic,
    /// `msvcrt.dll`, which is part of every Windows (mingw).
    Msvcrt,
    /// A numbered runtime of an older Visual C++ (`msvcr100.dll`): its redistributable must be installed.
    MsvcrVersioned,
    /// A debug runtime, which only development machines have and which may not be passed on.
    Debug,
    /// Cygwin's or MSYS's.
    Cygwin,
}

/// Decides from all imports, delayed ones included; the kind that asks most of the target wins.
pub(super) fn crt<'a>(imports: impl Iterator<Item = &'a DllImport>) -> Crt {
    let mut found = Crt::default();
    for import in imports {
        let kind = kind(&import.dll);
        if let Some(kind) = kind
            && demand(kind) > demand(found.kind)
        {
            found.kind = kind;
        }
        if (kind.is_some() || is_compiler_runtime(&import.dll)) && !found.dlls.contains(&import.dll) {
            found.dlls.push(import.dll.clone());
        }
    }
    found
}

fn kind(dll: &str) -> Option<CrtKind> {
    let name = dll.strip_suffix(".dll").unwrap_or(dll);
    let numbered =
        |prefix: &str| name.strip_prefix(prefix).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let visual_c = numbered("vcruntime").or_else(|| numbered("msvcp")).or_else(|| numbered("concrt"));
    match name {
        "ucrtbase" => Some(CrtKind::UcrtOnly),
        "msvcrt" => Some(CrtKind::Msvcrt),
        "msvcrtd" | "ucrtbased" => Some(CrtKind::Debug),
        "cygwin1" | "msys-2.0" => Some(CrtKind::Cygwin),
        _ if name.starts_with("api-ms-win-crt-") => Some(CrtKind::UcrtOnly),
        _ if visual_c.or_else(|| numbered("msvcr")).is_some_and(|rest| rest.ends_with('d')) => Some(CrtKind::Debug),
        _ if visual_c.is_some_and(|rest| rest.starts_with("14")) => Some(CrtKind::UcrtDynamic),
        _ if visual_c.is_some() || numbered("msvcr").is_some() => Some(CrtKind::MsvcrVersioned),
        _ => None,
    }
}

/// Runtime libraries that come with mingw compilers and not with Windows.
fn is_compiler_runtime(dll: &str) -> bool {
    ["libgcc_s_", "libstdc++-", "libwinpthread-", "libc++", "libunwind", "libssp-", "libgomp-", "libgfortran-"]
        .iter()
        .any(|prefix| dll.starts_with(prefix))
}

fn demand(kind: CrtKind) -> u8 {
    match kind {
        CrtKind::StaticOrNone => 0,
        CrtKind::Msvcrt => 1,
        CrtKind::UcrtOnly => 2,
        CrtKind::UcrtDynamic => 3,
        CrtKind::MsvcrVersioned => 4,
        CrtKind::Cygwin => 5,
        CrtKind::Debug => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dlls: &[&str]) -> CrtKind {
        let imports: Vec<_> = dlls.iter().map(|dll| DllImport { dll: (*dll).into(), functions: Vec::new() }).collect();
        crt(imports.iter()).kind
    }

    #[test]
    fn each_runtime_is_told_by_its_dll() {
        assert_eq!(of(&["kernel32.dll"]), CrtKind::StaticOrNone);
        assert_eq!(of(&["api-ms-win-crt-heap-l1-1-0.dll"]), CrtKind::UcrtOnly);
        assert_eq!(of(&["api-ms-win-crt-heap-l1-1-0.dll", "vcruntime140_1.dll"]), CrtKind::UcrtDynamic);
        assert_eq!(of(&["msvcp140.dll"]), CrtKind::UcrtDynamic);
        assert_eq!(of(&["msvcrt.dll", "kernel32.dll"]), CrtKind::Msvcrt);
        assert_eq!(of(&["msvcr120.dll"]), CrtKind::MsvcrVersioned);
        assert_eq!(of(&["vcruntime140d.dll", "ucrtbased.dll"]), CrtKind::Debug);
        assert_eq!(of(&["cygwin1.dll"]), CrtKind::Cygwin);
    }
}
