//! Is a part brought into a file only where that is safe, and only once?

use super::{cargo_project, read};

/// File, what it holds before, and what has to be in it afterwards; `None` where it must stay as it was.
const CASES: &[(&str, &str, &str, Option<&str>)] = &[
    ("make", "GNUmakefile", "all:\n\ttrue\n", Some("include seaworthy.mk\n\nall:\n\ttrue\n")),
    ("just", "justfile", "default:\n    true\n", Some("default:\n    true\n\n# Builds what ships")),
    ("just", "justfile", "guarded-build:\n    true\n", None),
    ("gitlab", ".gitlab-ci.yml", "test:\n  script: [true]\n", Some("script: [true]\n\n# Builds with the guard")),
    ("gitlab", ".gitlab-ci.yml", "seaworthy-cargo:\n  script: [true]\n", None),
    (
        "pre-commit",
        ".pre-commit-config.yaml",
        "repos:\n  - repo: meta\n    hooks: []\n",
        Some("hooks: []\n  - repo: local\n"),
    ),
    ("pre-commit", ".pre-commit-config.yaml", "repos: []\nci: {}\n", None),
    ("cargo-config", ".cargo/config.toml", "[build]\njobs = 1\n", Some("jobs = 1\n\n# Whatever cargo links")),
    ("cargo-config", ".cargo/config.toml", "[target]\nx86_64-unknown-linux-musl = { linker = 'x' }\n", None),
    ("docker", "Dockerfile", "FROM scratch\n", None),
    ("goreleaser", ".goreleaser.yml", "version: 2\n", None),
];

#[test]
fn a_part_goes_in_where_that_is_safe_and_only_once() {
    for (option, file, before, after) in CASES {
        let scratch = cargo_project();
        scratch.write("seaworthy.toml", "");
        scratch.write(file, before);
        let init = || scratch.seaworthy().args(["init", "--merge", &format!("--{option}")]).run().expect_code(0);
        let done = init();
        let merged = read(&scratch, file);
        match after {
            Some(after) => assert!(merged.contains(after), "{file}:\n{merged}"),
            None => {
                assert_eq!(merged, *before, "{file}");
                done.expect_stderr("is there already: ");
                continue;
            }
        }
        assert_eq!(init().stdout(), "", "the second time there is nothing to do for {option}");
        assert_eq!(read(&scratch, file), merged);
    }
}
