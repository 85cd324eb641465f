//! A file that should be judged cannot be read. Raised by the check of a whole run.

use super::Rule;
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "unreadable-binary",
    summary: "a file that should be judged cannot be read as a linked binary",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: None,
    docs: r#"## What it checks
That every artifact is a regular file in a format this tool reads (ELF, PE, Mach-O), with headers that agree with its
length. The dynamic symbols of an ELF file are read, and have to agree too, where somebody looks at them: with `runs-on`, a
floor of glibc, `[baseline]` or a report, and in what is meant for musl.

## Why it matters
What cannot be read cannot be judged, and must not pass. A damaged file is usually one that was cut short by a full disk, a
broken download, or a linker that is still writing.

What a build makes for WebAssembly, Plan 9 or AIX is whole, and in a format for which there are no rules: a warning says so,
unless the policy names a level. Modules for WebAssembly that lie in a directory are left out, as Java classes are.

## Example
```text
error[unreadable-binary]: `dist/app` cannot be read: damaged: program headers at offset 0x40: 728 bytes wanted, the file has 512
  = evidence: damaged: program headers at offset 0x40: 728 bytes wanted, the file has 512
  = policy: `unreadable-binary` is `deny` (by default)
  = help: build it again, and see that the disk is not full; what is no program gets an `[[exception]]`, or is left out, or see `seaworthy explain unreadable-binary`
```

## How to fix
- Go: build with `-a` to link afresh, and check the space left on the disk.
- Cargo: `cargo clean -p PACKAGE` and build again; scripts and archives among the paths given to `seaworthy check` can be
  left out.
- A package or an archive: unpack it, and check the directory.
- A build for WebAssembly, Plan 9 or AIX, which is warned of: to let its files through without that, an `[[artifact]]` entry
  with `target = "js/wasm"`, or whatever it is built for, and `rules = { unreadable-binary = "allow" }`.
"#,
};

/// Whether programs for a target, a triple or `GOOS/GOARCH`, are in none of the formats that are read: there is nothing wrong with
/// them, and no policy names a place where they run.
pub(crate) fn is_foreign(target: &str) -> bool {
    ["wasm", "aix", "plan9"].iter().any(|system| target.contains(system))
}

#[cfg(test)]
mod tests {
    #[test]
    fn targets_with_formats_of_their_own_are_told_by_their_names() {
        for foreign in
            ["js/wasm", "wasip1/wasm", "wasm32-unknown-unknown", "powerpc64-ibm-aix", "aix/ppc64", "plan9/arm"]
        {
            assert!(super::is_foreign(foreign), "{foreign}");
        }
        for native in ["linux/amd64", "x86_64-unknown-linux-musl", "aarch64-apple-darwin", "windows/arm64"] {
            assert!(!super::is_foreign(native), "{native}");
        }
    }
}
