//! A Windows image needs a C runtime that is not part of Windows.

use super::support::advice::{Maker, STATIC_CXX};
use super::support::windows::{Dll, comes_with_loading_program, dll, imports, shown};
use super::support::{NOT_WINDOWS, listed};
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::pe::PeFacts;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "dynamic-c-runtime",
    summary: "a Windows image needs a C runtime that is not part of Windows",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Imported and delay-loaded DLLs against the runtimes of compilers: Visual C++ (`vcruntime140.dll`, `msvcp140.dll`,
`msvcr120.dll` …), their debug forms, GCC for Windows (`libgcc_s_seh-1.dll`, `libstdc++-6.dll`, `libwinpthread-1.dll`) and
LLVM's (`libunwind.dll`, `libc++.dll`). The universal CRT (`ucrtbase.dll`, `api-ms-win-crt-*`) and `msvcrt.dll` are part of
Windows 10 and pass. In an extension module for CPython, `vcruntime140.dll` passes too: CPython ships it. So
does a runtime that lies in the same directory as the file, for the same architecture; a debug form may not be shipped at all.

## Why it matters
On the developer's machine these DLLs are there, because the compiler is. A fresh Windows, Server Core and Nano Server have
none of them, and the program ends with "the code execution cannot proceed because VCRUNTIME140.dll was not found".

## Example
```text
error[dynamic-c-runtime]: `dist/app.exe` needs `vcruntime140.dll`, which Windows does not have
  = evidence: it imports `memcpy` of `vcruntime140.dll`, and `/app/dist/vcruntime140.dll` is not there
  = policy: `dynamic-c-runtime` is `deny` (by default)
  = help: build with `-C target-feature=+crt-static`, or see `seaworthy explain dynamic-c-runtime`
```

## How to fix
- Go: with cgo and MinGW, `-ldflags='-linkmode=external -extldflags=-static'`; without cgo no such DLL is needed.
- Cargo: `-C target-feature=+crt-static`, for `-msvc` and for `-gnu` targets. C++ code compiled by a build script needs the
  static runtime as well: for `-msvc` the `cc` crate follows `crt-static`, for `-gnu` it takes `CXXSTDLIB=static=stdc++`.
- MinGW: `-static-libgcc` and `-static-libstdc++` for GCC's own libraries, `-static` for `libwinpthread` and everything
  else. MSVC: compile with `/MT`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else {
        return Verdict::NotApplicable(NOT_WINDOWS);
    };
    let shipped_by_cpython = for_cpython(subject, pe);
    let runtimes = imports(pe)
        .filter(|(import, _)| matches!(dll(&import.dll), Dll::Msvc(_) | Dll::Debug(_) | Dll::Mingw(_)))
        .filter(|(import, _)| {
            !(shipped_by_cpython && ["vcruntime140.dll", "vcruntime140_1.dll"].contains(&&*import.dll))
        });
    // One that may not be shipped counts wherever it lies.
    let (debug, others): (Vec<_>, Vec<_>) = runtimes.partition(|(import, _)| matches!(dll(&import.dll), Dll::Debug(_)));
    let mut found = subject.without_dll_beside(others.into_iter());
    found.extend(debug.into_iter().map(|(import, how)| (import, shown(import, how))));
    if found.is_empty() {
        return Verdict::Pass;
    }
    let names: Vec<String> = found.iter().map(|(import, _)| import.dll.clone()).collect();
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` needs {}, which Windows does not have", listed(&names, 3)),
        evidence: found.into_iter().map(|(_, evidence)| evidence).collect(),
        help: Some(help(subject, &names)),
        causes: names.into_iter().map(Cause::Library).collect(),
        ..Violation::default()
    }])
}

/// Whether it is an extension module for CPython.
fn for_cpython(subject: &Subject<'_>, pe: &PeFacts) -> bool {
    let is_python = |name: &str| name.starts_with("python") && comes_with_loading_program(name);
    !subject.is_program() && pe.imports.iter().any(|import| is_python(&import.dll))
}

fn help(subject: &Subject<'_>, names: &[String]) -> String {
    let debug = names.iter().find_map(|name| if let Dll::Debug(of) = dll(name) { Some((name, of)) } else { None });
    if let Some((name, of)) = debug {
        return format!("`{name}` is a debug runtime ({of}) that may not be shipped: build for release");
    }
    let product = names.iter().find_map(|name| if let Dll::Msvc(of) = dll(name) { Some(of) } else { None });
    match (subject.maker(), product) {
        (Maker::Rust, Some(_)) => "build with `-C target-feature=+crt-static`".into(),
        // What rustc brings itself it links statically then; what C and C++ in build scripts bring it does not.
        (Maker::Rust, None) => {
            // rustc puts `-lstdc++` behind `-Bdynamic` by name, which `-static-libstdc++` does not change.
            let (cxx, others): (Vec<_>, Vec<_>) =
                names.iter().cloned().partition(|name| name.starts_with("libstdc++-"));
            let cxx = (!cxx.is_empty()).then(|| STATIC_CXX.to_owned());
            let others = (!others.is_empty())
                .then(|| format!("for what C and C++ bring {}", static_pieces(&others, "-C link-arg=")));
            let more: Vec<String> = cxx.into_iter().chain(others).collect();
            format!("build with `-C target-feature=+crt-static`, and {}", more.join(", and "))
        }
        (Maker::Go, _) => {
            "build with `CGO_ENABLED=0`, or with `-ldflags='-linkmode=external -extldflags=-static'`".into()
        }
        (Maker::Other, Some(product)) => {
            format!("compile with `/MT`, or install the redistributable of {product} on every host")
        }
        (Maker::Other, None) => format!("link with {}, or ship the DLL beside the program", static_pieces(names, "")),
    }
}

/// The flags that take the pieces of MinGW's runtime out of DLLs: GCC has one for its own libraries, none for threads.
fn static_pieces(names: &[String], prefix: &str) -> String {
    let pieces = [("libgcc_s_", "-static-libgcc"), ("libstdc++-", "-static-libstdc++")];
    let flag = |name: &String| pieces.iter().find(|(start, _)| name.starts_with(start)).map(|(_, flag)| *flag);
    let flags: Option<Vec<&str>> = names.iter().map(flag).collect();
    let mut flags = flags.unwrap_or_else(|| vec!["-static"]);
    flags.sort_unstable();
    flags.dedup();
    let flags: Vec<String> = flags.iter().map(|flag| format!("{prefix}{flag}")).collect();
    listed(&flags, flags.len())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::pe::DllImport;
    use crate::facts::{Kind, Os};
    use crate::rules::support::testing::Case;

    fn import(dll: &str, function: &str) -> DllImport {
        DllImport { dll: dll.into(), functions: vec![function.into()] }
    }

    fn needs(dlls: &[&str]) -> Case {
        let imports = dlls.iter().map(|dll| import(dll, "memcpy")).collect();
        Case::pe().edit_pe(|pe| pe.imports = imports)
    }

    #[test]
    fn a_runtime_of_visual_c_violates() {
        needs(&["kernel32.dll", "vcruntime140.dll", "api-ms-win-crt-heap-l1-1-0.dll"]).rust().documented(&RULE);
    }

    #[test]
    fn other_runtimes_violate_with_their_own_advice() {
        let help = |dll: &str| needs(&[dll]).violations(&RULE).remove(0).help.expect("help");
        assert!(help("libgcc_s_seh-1.dll").contains("`-static-libgcc`"));
        assert!(help("libwinpthread-1.dll").contains("`-static`"));
        assert!(help("msvcr120.dll").contains("Visual C++ 2013"));
        assert!(help("vcruntime140d.dll").contains("debug"));
    }

    #[test]
    fn the_advice_names_every_piece() {
        let help = |case: Case| case.violations(&RULE).remove(0).help.expect("help");
        let pieces = || needs(&["libstdc++-6.dll", "libgcc_s_seh-1.dll"]);
        assert!(help(pieces()).contains("`-static-libgcc` and `-static-libstdc++`"));
        let rust = help(pieces().rust());
        assert!(rust.contains("`-C link-arg=-static-libgcc`") && !rust.contains("-static-libstdc++"), "{rust}");
        assert!(rust.contains("`CXXSTDLIB=static=stdc++`"), "{rust}");
        assert!(help(pieces().go(&[])).contains("-extldflags=-static"));
    }

    #[test]
    fn a_delay_loaded_runtime_violates() {
        Case::pe().edit_pe(|pe| pe.delay_imports = vec![import("msvcp140.dll", "f")]).violations(&RULE);
    }

    #[test]
    fn what_windows_or_cpython_has_passes() {
        needs(&["kernel32.dll", "ucrtbase.dll", "msvcrt.dll"]).passes(&RULE);
        let module = needs(&["python312.dll", "vcruntime140.dll"]);
        module.with(|case| case.facts.kind = Kind::SharedObject).passes(&RULE);
        needs(&["python312.dll", "vcruntime140.dll"]).violations(&RULE);
    }

    #[test]
    fn a_runtime_beside_the_program_passes_unless_it_is_for_debugging() {
        let beside = |dll: &str| needs(&[dll]).beside(&format!("/app/dist/{dll}"), Case::pe());
        beside("libwinpthread-1.dll").passes(&RULE);
        beside("vcruntime140.dll").passes(&RULE);
        beside("vcruntime140d.dll").violations(&RULE);
    }

    #[test]
    fn firmware_is_left_alone() {
        Case::pe().with(|case| case.facts.os = Os::Efi).not_applicable(&RULE);
    }
}
