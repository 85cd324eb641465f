//! The command line: usage, help, exit codes, files that are no binaries, streams that are closed.

mod bad_input;
mod guarded;

use crate::support::{Run, Scratch};

#[test]
fn help_and_version_are_fine_and_no_command_is_not() {
    let help = Run::seaworthy().arg("--help").run().expect_code(0);
    for word in ["cargo", "go", "check", "plan", "facts", "explain", "--policy", "--report", "Exit codes"] {
        assert!(help.stdout().contains(word), "`{word}` is missing in:\n{}", help.stdout());
    }
    let version = Run::seaworthy().arg("--version").run().expect_code(0).stdout();
    assert_eq!(version, Run::seaworthy().arg("version").run().expect_code(0).stdout());
    assert_eq!(version, format!("seaworthy {}\n", env!("CARGO_PKG_VERSION")));
    Run::seaworthy().run().expect_code(2).expect_stderr("Usage:");
}

#[test]
fn usage_errors_exit_with_2_and_say_what_is_meant() {
    let refused =
        |args: &[&str], text: &str| drop(Run::seaworthy().args(args).run().expect_code(2).expect_stderr(text));
    refused(&["chek", "x"], "'check'");
    refused(&["check"], "<PATH>");
    refused(&["--format", "yaml", "check", "x"], "text, short, json");
    refused(&["--report", "x.json", "check", "x"], "FORMAT=FILE");
    refused(&["--report", "yaml=x", "check", "x"], "`json`");
    refused(&["--polcy", "x", "cargo", "build"], "--policy");
    refused(&["-q", "-v", "go", "build"], "--verbose");
    refused(&["plan", "npm", "build"], "cargo, go");
    refused(&["plan"], "<TOOL>");
}

#[test]
fn variables_stand_in_for_options_and_are_checked_as_they_are() {
    let run = Run::seaworthy().env("SEAWORTHY_FORMAT", "yaml").args(["cargo", "--version"]);
    run.run().expect_code(2).expect_stderr("text, short, json");
}

#[test]
fn a_variable_that_is_empty_is_none() {
    let names = ["SEAWORTHY_POLICY", "SEAWORTHY_REPORT", "SEAWORTHY_FORMAT", "SEAWORTHY_COLOR"];
    for words in [&["rules"][..], &["--color", "never", "rules"], &["-q", "cargo", "--version"]] {
        let run = names.iter().fold(Run::seaworthy(), |run, name| run.env(name, ""));
        run.args(words).run().expect_code(0);
    }
    let one = Run::seaworthy().env("SEAWORTHY_POLICY", "").env("SEAWORTHY_FORMAT", "json").args(["-q", "rules"]);
    assert!(one.run().expect_code(0).stdout().starts_with('['), "the others are heard");
}

#[test]
fn a_host_is_of_an_architecture_that_there_is() {
    let host = |arch: &str| Run::seaworthy().args(["hosts", "debian:12", "--arch", arch]).run();
    assert_eq!(host("arm64").expect_code(0).stdout(), host("aarch64").expect_code(0).stdout());
    assert!(host("amd64").stdout().contains("loaders: /lib64/ld-linux-x86-64.so.2"));
    host("x86_65").expect_code(2).expect_stderr("no host is of the architecture `x86_65`");
    let own = Scratch::empty();
    own.write("seaworthy.toml", "[hosts.mine]\nrootfs = \"gone\"\n");
    own.seaworthy().args(["hosts", "mine"]).run().expect_code(4).expect_stderr("the host `mine` cannot be used");
}

#[test]
fn an_empty_name_is_no_host() {
    for name in ["", " "] {
        Run::seaworthy().args(["hosts", name]).run().expect_code(2).expect_stderr("no host is called");
        let check = Run::seaworthy().args(["check", "--runs-on", name]).arg(env!("CARGO_BIN_EXE_seaworthy"));
        check.run().expect_code(2).expect_stderr("unknown host");
    }
}

#[test]
fn completions_and_the_man_page_come_from_the_definition() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = Run::seaworthy().args(["completions", shell]).run().expect_code(0).stdout();
        assert!(script.contains("explain") && script.contains("policy"), "{shell}: {script}");
    }
    let bash = Run::seaworthy().args(["completions", "bash"]).run().stdout();
    requires!("bash");
    Run::program("bash").args(["-n", "-c", &bash]).run().expect_code(0);
    let page = Run::seaworthy().arg("man").run().expect_code(0).stdout();
    assert!(page.contains(".TH seaworthy"), "{page}");
}

#[test]
fn a_misspelt_rule_gets_a_hint() {
    let done = Run::seaworthy().args(["explain", "dynamic-loder"]).run().expect_code(2);
    assert!(done.stderr().contains("there is no rule `dynamic-loder`"), "{}", done.stderr());
    for (word, meaning) in [("error[conflict]", "clashes with the policy"), ("inconclusive", "a fact is missing")] {
        Run::seaworthy().args(["explain", word]).run().expect_code(2).expect_stderr(meaning);
    }
    Run::seaworthy().arg("explain").run().expect_code(0);
}

#[test]
fn facts_name_every_file_that_cannot_be_read() {
    let scratch = Scratch::empty();
    scratch.write("script", "#!/bin/sh\n");
    let done = scratch.seaworthy().args(["facts", "--format", "json", "script", "gone"]).run().expect_code(4);
    let files = done.json()["files"].as_array().expect("files").clone();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| file["error"].is_string() && file.get("facts").is_none()), "{files:?}");
    let stderr = done.stderr();
    assert!(stderr.contains("`script`: not a linked binary") && stderr.contains("`gone`: No such file"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn names_from_outside_never_reach_the_terminal_raw() {
    let scratch = Scratch::empty();
    let done = scratch.seaworthy().args(["facts", "a\u{1b}[31mb\n"]).run().expect_code(4);
    assert!(done.stderr().contains("a\\x1b[31mb\\n") && !done.stderr().contains('\u{1b}'), "{}", done.stderr());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_not() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let status =
        Run::seaworthy().arg("version").into_command().stdout(full).stderr(std::process::Stdio::null()).status();
    assert_eq!(status.expect("started").code(), Some(4));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = Run::seaworthy().args(["completions", "bash"]).into_command().stdout(writer).status();
    assert_eq!(status.expect("started").code(), Some(0));
}
