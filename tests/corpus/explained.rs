//! Differences between the manifest and this tool that were looked into: which side is right, and why.

use serde_json::Value;

/// One difference.
pub(crate) struct Difference<'d> {
    pub(crate) record: &'d Value,
    pub(crate) field: &'d str,
    pub(crate) theirs: &'d Value,
    pub(crate) ours: &'d Value,
}

/// One row: when it applies, and the reason.
struct Explained {
    applies: fn(&Difference<'_>) -> bool,
    why: &'static str,
}

static TABLE: &[Explained] = &[
    Explained {
        applies: |it| {
            let symbols = ["undefined", "undefined_weak", "hardening.fortify"].contains(&it.field)
                || it.field.starts_with("symbols_by_glibc_version");
            it.record["arch"] == "ppc64le" && symbols && none(it.theirs) && !none(it.ours)
        },
        why: "here: readelf prints `[<localentry>: 8]` between the columns of a ppc64le symbol, and the manifest's reading of \
              its table lost those symbols; llvm-readobj shows them undefined",
    },
    Explained {
        applies: |it| {
            let counts = it.field == "n_undefined" && it.ours.as_u64() > it.theirs.as_u64()
                || it.field == "n_defined_dynsyms" && it.ours.as_u64() < it.theirs.as_u64();
            it.record["arch"] == "ppc64le" && counts
        },
        why: "here: the same lost symbols, counted by the manifest as defined",
    },
    Explained {
        applies: |it| it.record["arch"] == "ppc64le" && it.field == "hardening.canary" && it.ours == &Value::Bool(true),
        why: "here: __stack_chk_fail is among the same lost symbols",
    },
    Explained {
        applies: |it| {
            let own = it.record["soname"].as_str().is_some_and(|soname| soname.starts_with("libc.so.6"));
            let marked = |name: &Value| name.as_str().is_some_and(|name| name.ends_with("(copy-reloc)"));
            own && it.field.starts_with("symbols_by_glibc_version")
                && it.theirs.as_array().is_some_and(|names| names.iter().all(marked))
                && none(it.ours)
        },
        why: "here: glibc's own libc.so.6 defines these with its own hidden versions (DT_VERDEF); they are no copy relocations",
    },
    Explained {
        applies: |it| {
            let weak = it.record["verneed_weak"].as_array().into_iter().flatten();
            it.field == "max_glibc" && weak.map(|need| &need[1]).any(|version| version == it.theirs)
        },
        why: "here: the manifest's maximum is a weak need, and the loader does not fail for a weak one",
    },
    Explained {
        applies: |it| it.field == "libc" && it.theirs == "static-unknown" && it.ours == "static-musl",
        why: "here: the manifest looked for strings only; the code at e_entry is musl's crt1, and there is no NT_GNU_ABI_TAG",
    },
    Explained {
        applies: |it| {
            it.field == "libc" && it.theirs == "musl" && it.ours == "bionic" && it.record["notes"]["Android"] == true
        },
        why: "here: both libraries are called libc.so; the file has Android's note and needs liblog.so",
    },
    Explained {
        applies: |it| {
            let known = it.record["known_language"].as_str().unwrap_or_default();
            let of_rust =
                known.contains("rust") || it.record["package"].as_str().is_some_and(|name| name.contains("rust"));
            it.field == "language" && it.theirs == "other" && it.ours == "rust" && of_rust
        },
        why: "here: the package is Rust; Debian's compiler leaves neither .comment nor paths with a commit, only library/std/src",
    },
    Explained {
        applies: |it| {
            let embedded =
                ["language", "language_evidence.rustc_paths", "language_evidence.clang_lld"].contains(&it.field);
            embedded && it.record["family"] == "hugo"
        },
        why: "here: the Rust and clang strings belong to WebAssembly modules that this Go program embeds as data",
    },
    Explained {
        applies: |it| {
            let raw = it.theirs.as_str().unwrap_or_default();
            let quoted = format!("{:?}", it.ours.as_str().unwrap_or_default());
            it.field.starts_with("go.settings.") && raw.contains('\\') && quoted.contains(raw.trim_end_matches('\\'))
        },
        why: "here: the manifest keeps part of the quotation marks that `go version -m` puts around the value",
    },
    Explained {
        applies: |it| {
            let names = |side: &Value| side.as_array().cloned().unwrap_or_default();
            let is_number = |name: &Value| name.as_str().is_some_and(|name| name.starts_with('/'));
            let mut pairs = names(it.theirs).into_iter().zip(names(it.ours));
            it.record["format"] == "pe"
                && it.field == "sections"
                && names(it.theirs).len() == names(it.ours).len()
                && pairs.all(|(theirs, ours)| theirs == ours || is_number(&theirs))
        },
        why: "here: names longer than eight bytes are looked up in the COFF string table; the manifest has `/4` as it stands",
    },
    Explained {
        applies: |it| it.field == "slices.undefined_symbols" && none(it.theirs),
        why: "here: dyld binds these (llvm-objdump --bind, --chained-fixups), though the symbol table, which the manifest \
              read, does not list them as undefined: thread locals, and definitions of their own that may be overridden",
    },
    Explained {
        applies: |it| it.field == "slices.weak_undefined" && none(it.theirs),
        why: "here: the bind opcodes, which dyld obeys, mark the import weak (llvm-objdump --bind); the symbol table does not",
    },
    Explained {
        applies: |it| it.field == "slices.hardening.canary" && it.theirs == false && it.ours == true,
        why: "here: ___stack_chk_fail is imported (llvm-nm -u); the manifest kept no symbol names of a file with so many",
    },
];

/// Whether nothing is left on this side.
fn none(side: &Value) -> bool {
    side.is_null() || side.as_array().is_some_and(Vec::is_empty)
}

/// The reason for a difference.
pub(crate) fn why(difference: &Difference<'_>) -> Option<&'static str> {
    TABLE.iter().find(|row| (row.applies)(difference)).map(|row| row.why)
}
