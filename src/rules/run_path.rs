//! A library search path that points to a place hosts need not have.

use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::elf::ElfFacts;
use crate::facts::macho::MachOFacts;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "run-path",
    summary: "a library search path in the file points outside of it and of the system",
    default: Level::Deny,
    formats: &[Format::Elf, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Every entry of `DT_RPATH`, `DT_RUNPATH` and `LC_RPATH`. Entries relative to the file (`$ORIGIN`, `@loader_path`,
`@executable_path`) and the directories of the system's own libraries (`/lib`, `/usr/lib` and below) pass. Everything else
violates: directories of the build machine, relative and empty entries, which mean the current directory.

## Why it matters
The loader searches these directories before the system's. On the build machine they make a program work that fails
everywhere else; on a host where somebody else can write there, they let that person run code inside the program.

## Example
```text
error[run-path]: `dist/app` searches for libraries in `/home/ci/build/lib`
  = evidence: `DT_RUNPATH` contains `/home/ci/build/lib`
  = policy: `run-path` is `deny` (by default)
  = help: use `$ORIGIN` for libraries shipped beside the file, or drop `-rpath` from the linker's flags, or see `seaworthy explain run-path`
```

## How to fix
- Go: drop `-r` from `-ldflags`, and `-Wl,-rpath` from `-extldflags` and `CGO_LDFLAGS`; ship libraries beside the program
  with `-Wl,-rpath,'$ORIGIN'`.
- Cargo: drop `-C rpath` and `cargo:rustc-link-arg=-Wl,-rpath,…` of build scripts; `-C link-arg=-Wl,-rpath,$ORIGIN` for
  libraries that are shipped beside the program. `patchelf --remove-rpath` and `install_name_tool -delete_rpath` mend a file
  that is there already.
"#,
};

/// Directories of the system's own libraries: ld.so(8), and dyld's since macOS 11.
const SYSTEM: &[&str] = &["/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"];
/// Prefixes that make an entry relative to the file that carries it.
const RELATIVE_TO_FILE: &[&str] = &["$ORIGIN", "${ORIGIN}", "@loader_path", "@executable_path"];

fn check(subject: &Subject<'_>) -> Verdict {
    if let Some(elf) = subject.elf() {
        if elf.interpreter.is_none() && elf.needed.is_empty() && subject.is_program() {
            return Verdict::NotApplicable("it is statically linked: nothing is searched for");
        }
        return verdict(subject, elf_entries(elf));
    }
    match subject.macho() {
        Some(macho) => verdict(subject, macho_entries(macho)),
        None => Verdict::NotApplicable("its format has no search path"),
    }
}

/// `(header, entry)` of every search path of an ELF file. The loader ignores `DT_RPATH` where there is `DT_RUNPATH`.
fn elf_entries(elf: &ElfFacts) -> Vec<(&'static str, &str)> {
    let (header, path) = match (&elf.runpath, &elf.rpath) {
        (Some(path), _) => ("DT_RUNPATH", path),
        (None, Some(path)) => ("DT_RPATH", path),
        (None, None) => return Vec::new(),
    };
    // glibc and musl take an empty string as no path at all, and an empty entry between colons as the current directory.
    if path.is_empty() { Vec::new() } else { path.split(':').map(|entry| (header, entry)).collect() }
}

fn macho_entries(macho: &MachOFacts) -> Vec<(&'static str, &str)> {
    macho.rpaths.iter().map(|path| ("LC_RPATH", path.as_str())).collect()
}

fn verdict(subject: &Subject<'_>, entries: Vec<(&'static str, &str)>) -> Verdict {
    let bad: Vec<&(&str, &str)> = entries.iter().filter(|(_, entry)| !is_harmless(entry)).collect();
    let Some((_, first)) = bad.first() else { return Verdict::Pass };
    let place = match *first {
        "" => "the current directory".to_owned(),
        first if is_absolute(first) => format!("`{first}`"),
        first => format!("`{first}` of the current directory"),
    };
    let more = if bad.len() > 1 { format!(" and {} more", bad.len() - 1) } else { String::new() };
    let help = match subject.facts.format {
        Format::MachO => "use `@loader_path`, or remove the entry with `install_name_tool -delete_rpath`",
        _ => "use `$ORIGIN` for libraries shipped beside the file, or drop `-rpath` from the linker's flags",
    };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` searches for libraries in {place}{more}"),
        evidence: bad.iter().map(|(header, entry)| format!("`{header}` contains `{entry}`")).collect(),
        help: Some(help.into()),
        causes: vec![Cause::Setting("run-path".into())],
        ..Violation::default()
    }])
}

fn is_absolute(entry: &str) -> bool {
    entry.starts_with('/')
}

fn is_harmless(entry: &str) -> bool {
    let relative = RELATIVE_TO_FILE
        .iter()
        .any(|token| entry.strip_prefix(token).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let below =
        |directory: &&str| entry.strip_prefix(*directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    relative || (SYSTEM.iter().any(below) && !entry.split('/').any(|part| part == ".."))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::Case;

    fn runpath(path: &str) -> Case {
        Case::elf().dynamic(&["libc.so.6"]).edit(|elf| elf.runpath = Some(path.into()))
    }

    #[test]
    fn a_directory_of_the_build_machine_violates() {
        runpath("$ORIGIN/../lib:/home/ci/build/lib").documented(&RULE);
    }

    #[test]
    fn relative_empty_and_escaping_entries_violate() {
        for path in ["lib", ":/usr/lib", "/usr/lib/../../tmp", "$ORIGINAL/lib", "/usr/libexec", "/usr/local/lib"] {
            runpath(path).violations(&RULE);
        }
    }

    #[test]
    fn places_of_the_file_and_the_system_pass() {
        for path in ["$ORIGIN", "${ORIGIN}/lib", "/usr/lib/x86_64-linux-gnu/systemd", "/lib64", ""] {
            runpath(path).passes(&RULE);
        }
        Case::elf().dynamic(&["libc.so.6"]).passes(&RULE);
    }

    #[test]
    fn a_runpath_hides_an_rpath() {
        runpath("$ORIGIN").edit(|elf| elf.rpath = Some("/tmp".into())).passes(&RULE);
        Case::elf().shared().edit(|elf| elf.rpath = Some("/tmp".into())).violations(&RULE);
    }

    #[test]
    fn nothing_is_searched_for_a_static_program() {
        Case::elf().edit(|elf| elf.runpath = Some("/tmp".into())).not_applicable(&RULE);
    }

    #[test]
    fn mach_o_has_its_own_tokens() {
        let rpath = |path: &str| {
            let path = path.to_owned();
            Case::macho().edit_macho(|macho| macho.rpaths = vec![path])
        };
        rpath("/Users/ci/build").violations(&RULE);
        rpath("@loader_path/../Frameworks").passes(&RULE);
        rpath("/usr/lib/swift").passes(&RULE);
    }
}
