//! Are bad policies refused, each in its own words, and do the good ones parse?

use std::path::{Path, PathBuf};

use seaworthy::policy;

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
