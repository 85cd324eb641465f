//! Are bad policies refused, each in its own words, and do the good ones parse?

use std::path::{Path, PathBuf};

use seaworthy::policy;

use crate::support::{Scratch, repository};

/// Every bad policy of `tests/policy`, with what is said about it in the `.stderr` beside it.
#[test]
fn every_bad_policy_is_refused_in_these_words() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&directory)
        .expect("the directory of bad policies")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(files.len() > 10, "only {} bad policies", files.len());
    for file in files {
        let name = PathBuf::from(file.file_name().expect("a name"));
        let error = policy::load(Some(&name), &directory).expect_err(&format!("{} is no good policy", name.display()));
        let seaworthy::Error::Policy(errors) = error else { panic!("{}: {error}", name.display()) };
        assert!(!errors.rendered.is_empty() && errors.rendered.len() == errors.styled.len());
        let said = errors.rendered.iter().map(|block| format!("{block}\n\n")).collect::<String>();
        let expected = snapbox::Data::read_from(&file.with_extension("stderr"), None).raw();
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(said, expected);
    }
}

#[test]
fn the_reference_page_is_the_one_the_parser_would_write() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md");
    let expected = snapbox::Data::read_from(&page, None).raw();
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(policy::reference(), expected);
}

/// Every policy of the repository that is meant to be good.
#[test]
fn every_preset_and_every_example_is_a_good_policy() {
    let mut files = Vec::new();
    for directory in ["templates", "examples"] {
        find_policies(&repository().join(directory), &mut files);
    }
    assert!(files.len() >= 6, "only {files:?}");
    for file in files {
        if let Err(error) = policy::load(Some(&file), &repository()) {
            let seaworthy::Error::Policy(errors) = error else { panic!("{}: {error}", file.display()) };
            panic!("{}", errors.rendered.join("\n"));
        }
    }
}

/// Presets, example policies, and files called `seaworthy.toml`.
fn find_policies(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                find_policies(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "toml")
            && (path.ends_with("seaworthy.toml") || directory.ends_with("presets") || directory.ends_with("policies"))
        {
            found.push(path);
        }
    }
}

/// What `load` says when there is no reading the file at all.
fn refusal(explicit: Option<&str>, directory: &Path) -> String {
    match policy::load(explicit.map(Path::new), directory) {
        Ok(policy) => panic!("{:?} was read", policy.file),
        Err(error) => {
            assert_eq!(error.exit_code(), seaworthy::exit::ENVIRONMENT);
            error.to_string()
        }
    }
}

#[test]
fn what_is_no_file_is_refused_by_name() {
    let scratch = Scratch::empty();
    let directory = scratch.path();
    std::fs::create_dir(directory.join("folder.toml")).expect("a directory");
    scratch.write("large.toml", "#".repeat((1 << 20) + 1));
    scratch.write("largest.toml", "#".repeat(1 << 20));
    assert_eq!(
        refusal(Some("folder.toml"), directory),
        "the policy `folder.toml` is a directory; name a policy file with --policy, or move it away"
    );
    assert_eq!(
        refusal(Some("large.toml"), directory),
        "the policy `large.toml` has more than 1 MiB, which none needs; is it the right file?"
    );
    assert!(policy::load(Some(Path::new("largest.toml")), directory).is_ok());
    let missing = refusal(Some("missing.toml"), directory);
    assert!(missing.starts_with("cannot read the policy `missing.toml`: "), "{missing}");
    assert!(missing.contains("; name one that is there with --policy"), "{missing}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting_for_its_other_end() {
    let scratch = Scratch::empty();
    let made = std::process::Command::new("mkfifo").arg(scratch.path().join("pipe.toml")).status();
    assert!(made.expect("mkfifo is part of every Unix").success());
    assert_eq!(
        refusal(Some("pipe.toml"), scratch.path()),
        "the policy `pipe.toml` is no regular file; name a policy file with --policy, or move it away"
    );
}

#[cfg(unix)]
#[test]
fn a_policy_that_is_there_but_cannot_be_read_is_not_passed_over() {
    let scratch = Scratch::empty();
    let deep = scratch.path().join("a/b");
    std::fs::create_dir_all(&deep).expect("directories");
    std::os::unix::fs::symlink("nowhere", scratch.path().join("seaworthy.toml")).expect("a link");
    let said = refusal(None, &deep);
    assert!(said.starts_with("cannot read the policy `../../seaworthy.toml`: "), "{said}");
    std::fs::create_dir(scratch.path().join("a/seaworthy.toml")).expect("a directory");
    let said = refusal(None, &deep);
    assert!(said.starts_with("the policy `../seaworthy.toml` is a directory"), "{said}");
}

#[test]
fn the_nearest_policy_upwards_holds() {
    let scratch = Scratch::empty();
    let deep = scratch.path().join("a/b");
    std::fs::create_dir_all(&deep).expect("directories");
    let load = || policy::load(None, &deep).expect("a good policy");
    scratch.write("seaworthy.toml", "\nlinkage = \"any\"");
    assert_eq!(load().linkage.origin.to_string(), "../../seaworthy.toml:2");
    scratch.write("a/seaworthy.toml", "# nothing\n");
    assert_eq!(load().linkage.origin.to_string(), "by default");
    assert_eq!(load().file, Some(scratch.path().join("a/seaworthy.toml")));
}

#[test]
fn a_build_elsewhere_has_the_policy_from_there() {
    let scratch = Scratch::empty();
    let (here, there) = (scratch.path().join("ci/jobs"), scratch.path().join("ci/svc/cmd"));
    for directory in [&here, &there] {
        std::fs::create_dir_all(directory).expect("directories");
    }
    let origin = |project: &str| {
        let policy = policy::load_for(None, &here, &here.join(project)).expect("a good policy");
        policy.linkage.origin.to_string()
    };
    assert_eq!(origin("../svc/cmd"), "by default");
    scratch.write("ci/jobs/seaworthy.toml", "linkage = \"any\"");
    assert_eq!(origin("../svc/cmd"), "seaworthy.toml:1", "the working directory's holds where there is no other");
    assert_eq!(origin("gone"), "seaworthy.toml:1");
    scratch.write("seaworthy.toml", "\nlinkage = \"any\"");
    assert_eq!(origin("../svc/cmd"), "../../seaworthy.toml:2", "`..` leads upwards, not along the words of the path");
    scratch.write("ci/svc/seaworthy.toml", "\n\nlinkage = \"any\"");
    assert_eq!(origin("../svc/cmd"), "../svc/seaworthy.toml:3");
    let absolute = there.display().to_string();
    assert_eq!(origin(&absolute), "../svc/seaworthy.toml:3");
    let explicit = policy::load_for(Some(Path::new("seaworthy.toml")), &here, &there).expect("a good policy");
    assert_eq!(explicit.linkage.origin.to_string(), "seaworthy.toml:1");
}

/// A large policy that is wrong from end to end is refused in time, in few words.
#[test]
fn wrong_from_end_to_end_is_told_in_time() {
    let scratch = Scratch::empty();
    for line in [
        "x",
        "x\n",
        "x = 1\n",
        "a = [\n",
        "[[exception]]\n",
        "[go]\n",
        "runs-on = [",
        "\"",
        "[",
        "{",
        "a.b.c.d = 1\n",
        "\u{e9}\r\n",
    ] {
        let text = line.repeat((1 << 18) / line.len());
        scratch.write("p.toml", text);
        let start = std::time::Instant::now();
        let seaworthy::Error::Policy(errors) =
            policy::load(Some(Path::new("p.toml")), scratch.path()).expect_err("not a policy")
        else {
            panic!("{line:?} is a policy with errors")
        };
        assert!(errors.rendered.len() <= 50 && errors.rendered.iter().all(|block| block.len() < 4_000), "{line:?}");
        assert!(start.elapsed().as_secs() < 10, "{line:?} took {:?} unoptimised", start.elapsed());
    }
}

/// The program under test is itself a binary that can be judged: here, one that needs its loader and libraries.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn an_exception_counts_from_end_to_end_until_it_is_over() {
    let scratch = Scratch::empty();
    std::fs::copy(env!("CARGO_BIN_EXE_seaworthy"), scratch.join("legacy")).expect("a copy of the program");
    let exception = |until: &str| {
        format!("[[exception]]\nrule = \"dynamic-loader\"\nartifact = \"legacy\"\nreason = \"vendor blob\"\n{until}\n")
    };
    let check = |policy: String| {
        scratch.write("seaworthy.toml", policy);
        scratch.seaworthy().args(["check", "legacy"]).run()
    };
    let text = check(String::new()).expect_code(3).stdout();
    assert!(text.contains("error[dynamic-loader]: `legacy` ") && text.contains("by default"), "{text}");
    let text = check(exception("")).expect_code(0).stdout();
    assert!(text.contains("excepted: dynamic-loader: `legacy` ") && text.contains("(vendor blob)"), "{text}");
    let text = check(exception("until = 2001-01-01")).expect_code(3).stdout();
    assert!(text.contains("error[dynamic-loader]: ") && text.contains("warning[expired-exception]: "), "{text}");
    assert!(text.contains("expired on 2001-01-01") && text.contains("(seaworthy.toml:1)"), "{text}");
    let text = check(format!("linkage = \"any\"\n{}", exception(""))).expect_code(0).stdout();
    assert!(text.contains("warning[unused-exception]: "), "{text}");
    let levels =
        "[rules]\ndynamic-loader = \"allow\"\n[[artifact]]\npath = \"leg*\"\nrules = { dynamic-loader = \"warn\" }";
    let text = check(levels.to_owned()).expect_code(0).stdout();
    assert!(text.contains("warning[dynamic-loader]: "), "{text}");
}
