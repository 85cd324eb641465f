//! Commands of cargo that are programs of their own (`cargo-deb`), and which of them make nothing that is shipped.

/// Well-known ones that make nothing to be shipped: they look at code, dependencies or programs, change the manifest, run
/// tests, or fetch what others built. From memory of what each is for; one that is missing here costs a note.
static BUILD_NOTHING: &[&str] = &[
    "about",
    "asm",
    "audit",
    "autoinherit",
    "binstall",
    "bloat",
    "cache",
    "careful",
    "chef",
    "clippy",
    "crev",
    "criterion",
    "cyclonedx",
    "deadlinks",
    "deny",
    "depgraph",
    "deps",
    "duplicates",
    "edit",
    "expand",
    "features",
    "flamegraph",
    "fmt",
    "fuzz",
    "geiger",
    "generate",
    "hakari",
    "info",
    "insta",
    "instruments",
    "kani",
    "license",
    "llvm-cov",
    "llvm-lines",
    "local-registry",
    "machete",
    "miri",
    "modules",
    "msrv",
    "mutants",
    "nextest",
    "outdated",
    "public-api",
    "rdme",
    "readme",
    "release",
    "semver-checks",
    "set-version",
    "shear",
    "show-asm",
    "sort",
    "spdx",
    "spellcheck",
    "supply-chain",
    "sweep",
    "tarpaulin",
    "udeps",
    "unused-features",
    "upgrade",
    "upgrades",
    "valgrind",
    "vet",
    "watch",
    "whatfeatures",
    "workspaces",
];

/// Whether the command behind `cargo VERB`, a program of its own, may make what is shipped.
pub(super) fn may_build(verb: &str) -> bool {
    // `cargo seaworthy` guards by itself; what has a dot or a slash is no command but a script.
    BUILD_NOTHING.binary_search(&verb).is_err() && verb != "seaworthy" && !verb.contains(['/', '\\', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(BUILD_NOTHING.is_sorted());
        assert!(may_build("deb") && may_build("hack") && !may_build("nextest"));
        assert!(!may_build("seaworthy") && !may_build("./script.rs"));
    }
}
