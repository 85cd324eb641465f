//! Is a wrapped cargo told from the bare one by what it prints or how it ends?

use std::ffi::OsString;

use crate::support::{Done, Run, Scratch};

const MUSL: &str = "x86_64-unknown-linux-musl";

/// A crate that builds for musl, with a build script that talks and a feature that breaks it.
fn project() -> Scratch {
    let scratch = Scratch::empty();
    scratch.package("[features]\nbroken = []\n");
    scratch
        .write("build.rs", "fn main() { println!(\"plain line\"); println!(\"cargo::rerun-if-changed=build.rs\"); }");
    let main = "fn main() { let unused = 1; println!(\"{:?}\", std::env::args().skip(1).collect::<Vec<_>>());\n\
                #[cfg(feature = \"broken\")] let _: u8 = \"text\"; }\n#[test] fn passes() {}\n";
    scratch.write("src/main.rs", main);
    let alias = "[alias]\nbb = ['build', '--quiet']\nzz = 'bb'\nb = 'build -q'\nsh = 'build --message-format=short'\n\
                 rr = 'rustc --'\n";
    scratch.write(".cargo/config.toml", alias);
    scratch
}

/// Both runs, in the same tree and with the same target, so that paths and freshness are the same.
fn both(scratch: &Scratch, args: &[&str]) -> (Done, Done) {
    let bare = || scratch.program("cargo").env("CARGO_BUILD_TARGET", MUSL).args(args);
    // The first bare run makes the second as fresh as the wrapped one.
    bare().run();
    (bare().run(), scratch.seaworthy().arg("cargo").env("CARGO_BUILD_TARGET", MUSL).args(args).run())
}

#[track_caller]
fn same(scratch: &Scratch, args: &[&str]) -> (Done, Done) {
    let (bare, ours) = both(scratch, args);
    if bare.output.stdout != ours.output.stdout || bare.output.status != ours.output.status {
        ours.fail(&format!("{args:?} is not as without seaworthy: {} and\n{}", bare.output.status, bare.stdout()));
    }
    (bare, ours)
}

#[test]
fn success_failure_and_nonsense() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    for args in [
        &["build"][..],
        &["build", "--release"],
        &["+stable", "--version"],
        &["build", "--no-such-option"],
        &["no-such-verb"],
        &["build", "--manifest-path", "missing/Cargo.toml"],
        &["build", "--", "--foo"],
        &["rustc", "--", "--cfg", "extra"],
        &["build", "--help"],
        &["--color", "always", "build", "-q"],
        &["build", "--target"],
        &[],
    ] {
        same(&scratch, args);
    }
}

#[test]
fn a_compile_error_looks_the_same() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    for args in [
        &["build", "--features", "broken", "--color=always"][..],
        &["build", "--features=broken", "--message-format=short"],
    ] {
        let (bare, ours) = same(&scratch, args);
        assert_eq!(ours.code(), Some(101));
        // Nothing of it is lost or changed; what this program adds comes after it.
        if !ours.stderr().starts_with(&bare.stderr()) {
            ours.fail(&format!("standard error does not begin with\n{}", bare.stderr()));
        }
    }
}

#[test]
fn every_message_format() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    for format in [
        "human",
        "short",
        "json",
        "JSON",
        "json-diagnostic-short",
        "json-diagnostic-rendered-ansi",
        "json-render-diagnostics",
        "json,json-diagnostic-short",
        "json,json-render-diagnostics",
        "json-render-diagnostics,json",
        "human,short",
        "human,json",
        "xml",
    ] {
        same(&scratch, &["build", "--message-format", format]);
    }
    same(&scratch, &["build", "--message-format=json", "--message-format=json-diagnostic-short"]);
    let (_, ours) = same(&scratch, &["build", "--message-format=json"]);
    assert!(ours.stdout().contains("\"reason\":\"build-finished\""), "{}", ours.stdout());
}

#[test]
fn aliases() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    for args in
        [&["zz"][..], &["b"], &["sh"], &["rr", "--cfg", "x"], &["r", "--", "a"], &["--offline", "bb", "--release"]]
    {
        let (_, ours) = same(&scratch, args);
        assert_eq!(ours.code(), Some(0), "{args:?}");
    }
    let by_variable = scratch.seaworthy().env("CARGO_ALIAS_VV", "build -q").args(["cargo", "vv"]).run().expect_code(0);
    assert!(by_variable.stderr().contains(&format!("target/{MUSL}/debug/app")), "{}", by_variable.stderr());
}

#[test]
fn lines_of_build_scripts_and_macros_go_through() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    // `-vv` shows a build script's output on standard output; it is run anew when its source is touched.
    let build = |run: Run, text: &str| {
        scratch.write("build.rs", text);
        run.env("CARGO_BUILD_TARGET", MUSL).args(["build", "-vv"]).run().expect_code(0).stdout()
    };
    let script = |note: &str| format!("// {note}\nfn main() {{ println!(\"{{{{\\\"reason\\\":\\nplain\"); }}");
    let bare = build(scratch.program("cargo"), &script("bare"));
    assert!(bare.contains("plain"), "{bare}");
    assert_eq!(build(scratch.seaworthy().arg("cargo"), &script("wrapped")), bare);
}

#[test]
fn what_is_not_guarded_is_not_touched() {
    requires!("cargo");
    let scratch = project();
    let args: [&[&str]; 6] = [
        &["run", "-q", "--", "a b", "--help"],
        &["test", "-q"],
        &["metadata", "--no-deps", "--format-version=1"],
        &["locate-project"],
        &["--list"],
        &["run", "--no-such-option"],
    ];
    for args in args {
        let run = |run: Run| run.args(args).run();
        run(scratch.program("cargo"));
        let (bare, ours) = (run(scratch.program("cargo")), run(scratch.seaworthy().arg("cargo")));
        assert_eq!(ours.code(), bare.code(), "{args:?}");
        let untimed = |done: &Done| done.stdout().split("; finished in").next().map(str::to_owned);
        assert_eq!(untimed(&ours), untimed(&bare), "{args:?}");
        assert!(!scratch.join("target").join(MUSL).exists(), "{args:?}");
    }
}

#[test]
#[cfg(unix)]
fn arguments_need_not_be_text() {
    use std::os::unix::ffi::OsStringExt;
    requires!("cargo");
    let scratch = project();
    let odd = OsString::from_vec(b"--features=\xff".to_vec());
    let run = |run: Run| run.args(["build".into(), odd.clone()]).run();
    let (bare, ours) = (run(scratch.program("cargo")), run(scratch.seaworthy().arg("cargo")));
    assert_eq!((ours.code(), ours.stderr()), (bare.code(), bare.stderr()));
}

#[test]
fn a_pipe_nobody_reads_breaks_as_it_does_without() {
    requires!("cargo", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    let status = |run: Run, args: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = run.env("CARGO_BUILD_TARGET", MUSL).args(args).into_command();
        let output = command.stdout(writer).output().expect("a program");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for args in [&["build"][..], &["build", "--message-format=json"], &["build", "-vv"], &["build", "--help"]] {
        scratch.write("build.rs", "fn main() { println!(\"bare\") }");
        let (bare, _) = status(scratch.program("cargo"), args);
        scratch.write("build.rs", "fn main() { println!(\"wrapped\") }");
        let (ours, text) = status(scratch.seaworthy().arg("cargo"), args);
        assert_eq!(ours, bare, "{args:?}: {text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
#[cfg(unix)]
fn what_outlives_cargo_is_not_waited_for() {
    requires!("cargo", "sh", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    // Something that cargo's environment started holds its standard output, as a compiler cache's server may.
    let wrapper = scratch.executable("wrapper", "#!/bin/sh\nsleep 40 2>&- &\nexec cargo \"$@\"\n");
    let mut command = scratch.seaworthy().env("SEAWORTHY_REAL_CARGO", &wrapper).args(["cargo", "build"]).into_command();
    let since = std::time::Instant::now();
    let status = command.stdout(std::process::Stdio::null()).status().expect("the program just built");
    assert!(status.success() && since.elapsed().as_secs() < 35, "{:?}", since.elapsed());
    assert!(scratch.join(format!("target/{MUSL}/debug/app")).is_file());
}

#[test]
fn nothing_is_left_in_the_work_tree() {
    requires!("cargo", "go", "rust-std:x86_64-unknown-linux-musl");
    let scratch = project();
    scratch.seaworthy().args(["cargo", "build", "-q"]).run().expect_code(0);
    let names = |directory: &std::path::Path| {
        let entries =
            std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<_> = entries.filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        names
    };
    assert_eq!(names(scratch.path()), [".cargo", "Cargo.lock", "Cargo.toml", "build.rs", "src", "target"]);
}
