//! Commands of cargo that are programs of their own (`cargo-deb`), and which of them make nothing that is shipped.

use std::ffi::OsString;

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

/// What such a command is told to do when it does not build: the names are cargo's, as `cargo hack check` hands them on.
const LOOKS: [&str; 14] =
    ["bench", "c", "check", "clippy", "d", "doc", "fix", "fmt", "metadata", "miri", "nextest", "t", "test", "tree"];

/// Whether the command behind `cargo VERB`, a program of its own, may make what is shipped when it is given `words`.
pub(super) fn may_build(verb: &str, words: &[OsString]) -> bool {
    // `cargo seaworthy` guards by itself; what has a dot or a slash is no command but a script.
    let is_none = BUILD_NOTHING.binary_search(&verb).is_ok() || verb == "seaworthy" || verb.contains(['/', '\\', '.']);
    let mut words = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    !is_none && !words.any(|word| LOOKS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(BUILD_NOTHING.is_sorted());
        let told = |verb, words: &str| may_build(verb, &words.split(' ').map(OsString::from).collect::<Vec<_>>());
        for (verb, words) in [("deb", ""), ("hack", "build --each-feature"), ("xtask", "dist"), ("make", "-- test")] {
            assert!(told(verb, words), "{verb} {words}");
        }
        for (verb, words) in
            [("nextest", "run"), ("seaworthy", "build"), ("./script.rs", ""), ("hack", "--depth 2 check")]
        {
            assert!(!told(verb, words), "{verb} {words}");
        }
    }
}
