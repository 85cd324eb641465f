//! Is every file that go writes found, and does each setting reach the build?

use std::path::Path;

use crate::support::{Done, Scratch};

/// A module with two programs, one of them in a directory of its own, and a library.
fn module() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("m/go.mod", "module example.org/tool/v2\n\ngo 1.21\n");
    scratch.write("m/main.go", "package main\n\nvar note = \"none\"\n\nfunc main() { println(note) }\n");
    scratch.write("m/cmd/other/other.go", "package main\n\nfunc main() {}\n");
    scratch.write("m/lib/lib.go", "package lib\n\nconst One = 1\n");
    scratch.write("policy.toml", "");
    scratch
}

/// Runs `seaworthy go …` in the module; the paths in its report, sorted, and the run.
fn built(scratch: &Scratch, variables: &[(&str, &str)], args: &[&str]) -> (Vec<String>, Done) {
    let report = scratch.join("report.json");
    let mut run = scratch.seaworthy().cwd(scratch.join("m")).args(["--policy", "../policy.toml", "--report"]);
    run = run.arg(format!("json={}", report.display())).arg("go").args(args);
    for (name, value) in variables {
        run = run.env(name, value);
    }
    let done = run.run();
    let Ok(text) = std::fs::read(&report) else { return (Vec::new(), done) };
    std::fs::remove_file(report).expect("own file");
    let report: serde_json::Value = serde_json::from_slice(&text).expect("the report is JSON");
    let artifacts = report["artifacts"].as_array().expect("a list").iter();
    let root = format!("{}/", scratch.path().canonicalize().expect("own directory").display());
    let mut paths: Vec<String> =
        artifacts.map(|one| one["path"].as_str().expect("a path").replacen(&root, "/", 1)).collect();
    paths.sort();
    (paths, done)
}

#[track_caller]
fn finds(scratch: &Scratch, variables: &[(&str, &str)], args: &[&str], expected: &[&str]) -> Done {
    let (paths, done) = built(scratch, variables, args);
    if paths != expected {
        done.fail(&format!("{args:?}: {paths:?} instead of {expected:?}"));
    }
    for path in expected {
        let place = if path.starts_with('/') { format!(".{path}") } else { format!("m/{path}") };
        assert!(scratch.join(&place).is_file(), "{place} was not written");
    }
    done
}

#[test]
fn every_shape_of_output() {
    requires!("go");
    let scratch = module();
    let m = &scratch;
    finds(m, &[], &["build"], &["tool"]);
    finds(m, &[], &["build"], &["tool"]);
    finds(m, &[], &["build", "-o", "named", "."], &["named"]);
    std::fs::create_dir(m.join("m/out")).expect("own directory");
    finds(m, &[], &["build", "-o=out", "./..."], &["out/other", "out/tool"]);
    finds(m, &[], &["build", "-o", "../up/", "./cmd/other"], &["../up/other"]);
    finds(m, &[], &["build", "main.go"], &["main"]);
    finds(m, &[("GOOS", "windows")], &["build", "./cmd/other"], &["other.exe"]);
    finds(m, &[], &["-C", "cmd/other", "build"], &["cmd/other/other"]);
    finds(m, &[], &["build", "-C", "cmd", "-o", "x", "./other"], &["cmd/x"]);
    let bin = m.join("bin").display().to_string();
    finds(m, &[("GOBIN", &bin)], &["install", "./..."], &["/bin/other", "/bin/tool"]);
    let path = m.join("gopath").display().to_string();
    let cross = [("GOPATH", path.as_str()), ("GOARCH", "arm64"), ("GOOS", "linux")];
    if cfg!(target_arch = "x86_64") {
        finds(m, &cross, &["install", "."], &["/gopath/bin/linux_arm64/tool"]);
    }
}

#[test]
fn what_is_no_program_is_not_judged() {
    requires!("go", "gcc");
    let scratch = module();
    finds(&scratch, &[], &["build", "./lib"], &[]).expect_code(0);
    finds(&scratch, &[], &["build", "-o", "lib.a", "./lib"], &[]).expect_code(0);
    finds(&scratch, &[], &["build", "-o", "c.a", "-buildmode=c-archive", "."], &[]).expect_stderr("c-archive");
    let nothing_kept = finds(&scratch, &[], &["build", "./..."], &[]).expect_code(0);
    nothing_kept.expect_stderr("built and thrown away").expect_stderr("example.org/tool/v2/cmd/other");
    finds(&scratch, &[], &["build", "-o", "/dev/null", "."], &[]).expect_stderr("built and thrown away");
}

#[test]
fn shared_objects_are_found_and_keep_cgo() {
    requires!("go", "gcc");
    let scratch = module();
    scratch.write(
        "m/main.go",
        "package main\n\nimport \"C\"\n\n//export One\nfunc One() int { return 1 }\n\nfunc main() {}\n",
    );
    let done = finds(&scratch, &[], &["build", "-buildmode=c-shared", "-o", "lib.so", "."], &["lib.so"]);
    done.expect_stderr("`-buildmode=c-shared` needs cgo");
}

#[test]
fn the_users_own_graph_is_used() {
    requires!("go");
    let scratch = module();
    finds(&scratch, &[], &["build", "-debug-actiongraph=../graph.json"], &["tool"]);
    assert!(scratch.join("graph.json").is_file());
}

#[test]
#[cfg(unix)]
fn without_a_graph_discovery_is_degraded_and_says_so() {
    requires!("go", "sh");
    let scratch = module();
    // A wrapper somebody put around the real go, which drops what it does not know.
    let script = "#!/bin/sh\nfor word; do shift; case $word in -debug-actiongraph=*) ;; *) set -- \"$@\" \"$word\";; esac; done\nexec go \"$@\"\n";
    let wrapper = scratch.executable("wrapper", script);
    let wrapper = wrapper.display().to_string();
    for (args, expected) in [
        (&["build"][..], &["tool"][..]),
        (&["build", "-o", "out/", "./..."], &["out/other", "out/tool"]),
        (&["build", "main.go"], &["main"]),
    ] {
        let done = finds(&scratch, &[("SEAWORTHY_REAL_GO", &wrapper)], args, expected);
        done.expect_stderr("action graph");
    }
}

#[test]
#[cfg(unix)]
fn go_is_asked_for_its_graph_only_where_its_rules_leave_a_doubt() {
    requires!("go", "sh");
    let scratch = module();
    for directory in ["cmd/v2", "cmd/v2x"] {
        scratch.write(&format!("m/{directory}/main.go"), "package main\n\nfunc main() {}\n");
    }
    std::fs::create_dir(scratch.join("m/out")).expect("own directory");
    std::os::unix::fs::symlink("other", scratch.join("m/cmd/link")).expect("own directory");
    let log = scratch.join("log");
    let script = format!("#!/bin/sh\necho \"$*\" > '{}'\nexec go \"$@\"\n", log.display());
    let wrapper = scratch.executable("wrapper", &script).display().to_string();
    let variables = [("SEAWORTHY_REAL_GO", wrapper.as_str())];
    for (args, expected, asked) in [
        (&["build", "-o", "x"][..], &["x"][..], false),
        (&["build", "-o", "x", "./cmd/other"], &["x"], false),
        (&["build", "-o", "./x", "main.go"], &["x"], false),
        (&["build", "-o", "x", "./lib"], &[], false),
        (&["build", "-o", "out", "./cmd/other"], &["out/other"], false),
        (&["build", "-o=./new/in/", "./cmd/v2x/"], &["new/in/v2x"], false),
        (&["build", "-o", ".", "./cmd/v2x"], &["v2x"], false),
        (&["-C", "cmd", "build", "-o", "y/", "./other"], &["cmd/y/other"], false),
        (&["build", "-o", "out/", "./cmd/v2"], &["out/cmd"], true),
        (&["build", "-o", "out/", "./cmd/link"], &["out/link"], true),
        (&["build", "-o", "out/", "."], &["out/tool"], true),
        (&["build", "-o", "out/", "main.go"], &["out/main"], true),
        (&["build", "-o", "out/", "./cmd/other", "./lib"], &["out/other"], true),
        (&["build", "-o", "../up/", "./cmd/other"], &["../up/other"], true),
        (&["build", "-o", "x.a"], &[], true),
        (&["build", "-o", "/dev/null"], &[], true),
        (&["build"], &["tool"], true),
    ] {
        // Once more when it is up to date.
        for _ in 0..2 {
            let done = finds(&scratch, &variables, args, expected).expect_code(0);
            assert!(!done.stderr().contains("degraded"), "{args:?}: {}", done.stderr());
            let typed = std::fs::read_to_string(&log).expect("the wrapper writes it");
            assert_eq!(typed.contains("-debug-actiongraph="), asked, "{args:?}: {typed}");
        }
    }
}

#[test]
#[cfg(unix)]
fn what_go_did_not_write_is_not_taken_for_its_work() {
    requires!("go", "sh");
    let scratch = module();
    finds(&scratch, &[], &["build", "-o", "x"], &["x"]).expect_code(0);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let program = std::fs::File::options().write(true).open(scratch.join("m/x")).expect("own file");
    program.set_modified(old).expect("own file");
    drop(program);
    let idle = scratch.executable("idle", "#!/bin/sh\n").display().to_string();
    let done = finds(&scratch, &[("SEAWORTHY_REAL_GO", &idle)], &["build", "-o", "x"], &["x"]);
    done.expect_stderr("discovery degraded").expect_stderr("nothing shows that go wrote");
}

#[test]
fn a_program_tells_its_package_where_go_was_not_asked() {
    requires!("go");
    let scratch = module();
    for (args, package) in [
        (&["build", "-o", "x", "./cmd/other"][..], "example.org/tool/v2/cmd/other"),
        (&["build", "-o", "x"], "example.org/tool/v2"),
        (&["build", "-trimpath", "-ldflags=-s -w", "-o", "x", "main.go"], "command-line-arguments"),
    ] {
        let run =
            scratch.seaworthy().cwd(scratch.join("m")).args(["--policy", "../policy.toml", "--format", "json", "go"]);
        let done = run.args(args).run().expect_code(0);
        let report: serde_json::Value = serde_json::from_str(&done.stderr()).expect("the report is JSON");
        assert_eq!(report["artifacts"][0]["package"], package, "{args:?}");
    }
}

#[test]
fn settings_reach_the_build_and_the_users_stay() {
    requires!("go");
    let scratch = module();
    let policy = "[go]\ntags = [\"netgo\"]\ntrimpath = true\nldflags = [\"-s\"]\n";
    scratch.write("policy.toml", policy);
    let args = ["build", "-tags", "a,b", "-ldflags", "-X 'main.note=from the user'", "."];
    built(&scratch, &[], &args).1.expect_code(0);
    let settings = scratch.program("go").args(["version", "-m", "m/tool"]).run().expect_code(0).stdout();
    for setting in ["-tags=a,b,netgo", "-trimpath=true", "CGO_ENABLED=0"] {
        assert!(settings.contains(setting), "{setting}: {settings}");
    }
    let program = scratch.program(&scratch.join("m/tool").display().to_string()).run().expect_code(0);
    assert_eq!(program.stderr().trim(), "from the user");
    let env = [("GOFLAGS", "'-ldflags=-X main.note=goflags'")];
    built(&scratch, &env, &["build"]).1.expect_code(0);
    let program = scratch.program(&scratch.join("m/tool").display().to_string()).run().expect_code(0);
    assert_eq!(program.stderr().trim(), "goflags");
}

#[test]
fn static_cgo_makes_a_static_program_of_one_that_uses_c() {
    requires!("go", "musl-gcc", "readelf");
    let scratch = module();
    scratch.write("policy.toml", "[go]\ncgo = \"static\"\ncc = \"musl-gcc\"\n");
    let main = "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.one()) }\n";
    scratch.write("m/main.go", main);
    built(&scratch, &[], &["build", "-ldflags=-extldflags=-Wl,-z,now"]).1.expect_code(0);
    let headers = scratch.program("readelf").args(["-lW", "m/tool"]).run().expect_code(0).stdout();
    assert!(!headers.contains("INTERP") && !headers.contains("DYNAMIC"), "{headers}");
}

#[test]
fn the_policy_is_the_modules_wherever_the_build_is_started() {
    requires!("go");
    let scratch = module();
    scratch
        .write("m/seaworthy.toml", "[[artifact]]\npath = \"out/tool\"\nrules = { embedded-build-path = \"deny\" }\n");
    let run = |words: &[&str]| scratch.seaworthy().arg("go").args(words).run();
    // Globs go on to be relative to the policy.
    for words in [&["-C", "m", "build", "-o", "out/tool"][..], &["build", "-C=m", "-o", "out/tool"]] {
        run(words).expect_code(3).expect_stderr("error[embedded-build-path]").expect_stderr("(m/seaworthy.toml:");
    }
    run(&["-C", "m", "build", "-o", "out/other"]).expect_code(0);
}

#[test]
fn a_clash_stops_the_build_before_it_starts() {
    requires!("go");
    let scratch = module();
    let environment = built(&scratch, &[("CGO_ENABLED", "1")], &["build"]).1.expect_code(3);
    environment.expect_stderr("`CGO_ENABLED=1` comes from the environment").expect_stderr("`go.cgo = \"off\"`");
    let file = scratch.write("goenv", "CGO_ENABLED=1\n").display().to_string();
    let by_file = built(&scratch, &[("GOENV", &file)], &["build"]).1.expect_code(3);
    by_file.expect_stderr(&format!("`CGO_ENABLED=1` comes from {file}"));
    assert!(!Path::new(&scratch.join("m/tool")).exists());
}
