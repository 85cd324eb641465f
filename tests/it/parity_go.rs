//! Is a wrapped go told from the bare one by what it prints or how it ends?

use crate::support::{Done, Run, Scratch};

fn module() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/tool\n\ngo 1.21\n");
    scratch.write(
        "main.go",
        "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"out\"); os.Exit(7) }\n",
    );
    scratch.write("main_test.go", "package main\n\nimport \"testing\"\n\nfunc TestNothing(*testing.T) {}\n");
    scratch.write("broken/main.go", "package main\n\nfunc main() { undefined() }\n");
    scratch
}

fn both(scratch: &Scratch, args: &[&str]) -> (Done, Done) {
    let run = |run: Run| run.env("CGO_ENABLED", "0").args(args).run();
    run(scratch.program("go"));
    (run(scratch.program("go")), run(scratch.seaworthy().arg("go")))
}

#[test]
fn builds_print_and_end_alike() {
    requires!("go");
    let scratch = module();
    for (args, code) in [
        (&["build"][..], 0),
        (&["build", "-v", "-x", "-o", "x", "."], 0),
        (&["build", "./broken"], 1),
        (&["build", "-json", "./broken"], 1),
        (&["build", "-no-such-flag"], 2),
        (&["build", "./missing"], 1),
        (&["build", "--", "main.go"], 0),
        (&["build", "-n"], 0),
        (&["build", "-h"], 2),
        (&["no-such-verb"], 2),
        (&["vet", "."], 0),
        (&["run", "."], 1),
        (&["list", "./..."], 0),
        (&["env", "GOVERSION"], 0),
        (&[], 2),
    ] {
        let (bare, ours) = both(&scratch, args);
        assert_eq!(bare.code(), Some(code), "{args:?}: {}", bare.stderr());
        // Names of temporary directories differ from run to run.
        let stable = |done: &Done| {
            let text = done.stdout();
            let words = text.split_inclusive([' ', '/', '\n', '=']).filter(|word| !word.starts_with("go-build"));
            words.collect::<String>()
        };
        if stable(&bare) != stable(&ours) || bare.code() != ours.code() {
            ours.fail(&format!("{args:?} is not as without seaworthy: {} and\n{}", bare.output.status, bare.stdout()));
        }
        if code != 0 && !ours.stderr().starts_with(&bare.stderr()) {
            ours.fail(&format!("{args:?}: standard error does not begin with\n{}", bare.stderr()));
        }
    }
}

#[test]
fn a_guarded_build_leaves_the_cache_as_a_plain_one_does() {
    requires!("go");
    let scratch = module();
    let plain = || scratch.program("go").env("CGO_ENABLED", "0").args(["build", "-v", "-x", "-o", "x", "."]);
    plain().run().expect_code(0);
    scratch.seaworthy().args(["go", "build", "-o", "x", "."]).run().expect_code(0);
    let again = plain().run().expect_code(0);
    assert!(!again.stderr().contains("/compile "), "a plain build compiled again:\n{}", again.stderr());
}

#[test]
#[cfg(unix)]
fn output_names_need_not_be_text() {
    use std::os::unix::ffi::OsStringExt;
    requires!("go");
    let scratch = module();
    let name = std::ffi::OsString::from_vec(b"odd\xffname".to_vec());
    let mut command = scratch.seaworthy().args(["go", "build", "-o"]).arg(&name).into_command();
    let output = command.output().expect("the program just built");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && scratch.join(&name).is_file(), "{text}");
    assert!(text.contains("odd") && !text.contains("cannot"), "{text}");
}

#[test]
fn the_version_stamp_stays_clean() {
    requires!("go", "git");
    let scratch = module();
    let git =
        |args: &[&str]| scratch.program("git").args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args).run();
    git(&["init", "-q"]).expect_code(0);
    scratch.write(".gitignore", "/tool\n");
    git(&["add", "."]).expect_code(0);
    git(&["commit", "-q", "-m", "all"]).expect_code(0);
    scratch.seaworthy().args(["go", "build"]).run().expect_code(0);
    let settings = scratch.program("go").args(["version", "-m", "tool"]).run().expect_code(0).stdout();
    assert!(settings.contains("vcs.modified=false"), "{settings}");
}
