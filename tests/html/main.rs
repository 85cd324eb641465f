//! Is the page in HTML one that people can use? Opened in headless Chromium by `scripts/look-at-page`; screenshots stay in
//! `target/html`. Run by `make test-html`.

#[path = "../it/report/everything.rs"]
mod everything;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use seaworthy::report;

/// Libraries of the program that needs many.
const MANY: usize = 60;

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
}

#[track_caller]
fn done(command: &mut Command) {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A program that needs one library more than the C library, and one that needs many; checked by the real tool.
fn real_page(directory: &Path, page: &Path) {
    let write =
        |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("a scratch directory is writable");
    let mut calls = String::from("#include <stdio.h>\n#include <sys/random.h>\n");
    let mut body = String::new();
    let mut link = Command::new("gcc");
    link.current_dir(directory).args(["-o", "many", "many.c", "-L.", "-Wl,-rpath,/opt/app/lib", "-Wl,--no-as-needed"]);
    for number in 0..MANY {
        let name = format!("part{number}");
        write(&format!("{name}.c"), &format!("int {name}(void) {{ return {number}; }}\n"));
        let file = format!("lib{name}.so");
        let soname = format!("-Wl,-soname,{file}.1");
        done(Command::new("gcc").current_dir(directory).args(["-shared", "-o", &file, &soname, &format!("{name}.c")]));
        _ = writeln!(calls, "int {name}(void);");
        _ = write!(body, " + {name}()");
        link.arg(format!("-l{name}"));
    }
    write(
        "many.c",
        &format!("{calls}int main(void) {{ char b[8]; getrandom(b, 8, 0); return printf(\"%d\", 0{body}); }}\n"),
    );
    write(
        "one.c",
        "#include <math.h>\n#include <stdlib.h>\nint main(int n, char **a) { return (int)pow(n, atof(a[0])); }\n",
    );
    done(&mut link);
    done(Command::new("gcc").current_dir(directory).args(["-o", "one", "one.c", "-lm"]));
    let hosts = ["scratch", "alpine:3.20", "debian:10", "debian:11", "debian:12", "ubuntu:22.04", "rhel:8", "rhel:9"];
    write("seaworthy.toml", &format!("runs-on = {hosts:?}\nlinkage = \"any\"\n"));
    let report = format!("html={}", page.display());
    let output = run(Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .current_dir(directory)
        .args(["-q", "--report", &report, "check", "one", "many"]));
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_page_can_be_read_and_used_in_a_browser() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shown = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("html");
    std::fs::create_dir_all(&shown).expect("the target directory is writable");
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let pages = ["everything.html", "fine.html", "real.html"].map(|name| shown.join(name));
    let everything = everything::everything();
    let mut fine = everything.clone();
    fine.artifacts = vec![fine.artifacts.remove(3)];
    (fine.general, fine.problems) = (Vec::new(), Vec::new());
    std::fs::write(&pages[0], report::html::render(&everything)).expect("the target directory is writable");
    std::fs::write(&pages[1], report::html::render(&fine)).expect("the target directory is writable");
    real_page(scratch.path(), &pages[2]);
    let looked = run(Command::new(root.join("scripts/look-at-page")).arg(&shown).args(&pages));
    let said = format!("{}{}", String::from_utf8_lossy(&looked.stdout), String::from_utf8_lossy(&looked.stderr));
    assert!(looked.status.success(), "{said}");
}
