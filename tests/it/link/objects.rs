//! Of all that stands on a link line, only what the linker took is blamed.

use crate::support::{Done, Scratch};

/// Two archives with the same reference, of which one is needed: `libneeded.a(needed.o)`; the other is `libidle.a(idle.o)`.
fn archives() -> Scratch {
    let scratch = Scratch::empty();
    for name in ["needed", "idle"] {
        let code = format!("unsigned arc4random(void);\nint {name}(void) {{ return (int)arc4random(); }}\n");
        scratch.write(&format!("{name}.c"), code);
        scratch.program("gcc").args(["-c", &format!("{name}.c")]).run().expect_code(0);
        archive(&scratch, "rcs", name);
    }
    scratch.write("main.c", "int needed(void);\nint main(void) { return needed(); }\n");
    scratch.program("gcc").args(["-c", "main.c"]).run().expect_code(0);
    // `arc4random` came with glibc 2.36.
    scratch.write("seaworthy.toml", "linkage = \"any\"\n[linux]\nglibc = \"2.35\"\n");
    scratch
}

fn archive(scratch: &Scratch, how: &str, name: &str) {
    drop(std::fs::remove_file(scratch.join(format!("lib{name}.a"))));
    scratch.program("ar").args([how, &format!("lib{name}.a"), &format!("{name}.o")]).run().expect_code(0);
}

fn link(scratch: &Scratch, more: &[&str]) -> Done {
    let words = ["link", "gcc", "-o", "app", "main.o", "-L.", "-lidle", "-lneeded"];
    scratch.seaworthy().args(words).args(more).run().expect_code(3)
}

/// The `= blame:` line of the finding of a rule, without the scratch directory.
#[track_caller]
fn blame(done: &Done, rule: &str, scratch: &Scratch) -> String {
    let stderr = done.stderr();
    let findings = stderr.split("error[").filter(|part| part.starts_with(&format!("{rule}]")));
    let mut lines = findings.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix("= blame: "));
    let line = lines.next().unwrap_or_else(|| done.fail("a blame line was expected"));
    let folder = std::fs::canonicalize(scratch.path()).expect("it is there");
    line.replace(&format!("{}/", folder.display()), "").replace("./", "")
}

#[test]
fn the_member_that_was_taken_is_named() {
    requires!("gcc");
    let scratch = archives();
    let wanted = "`libneeded.a(needed.o)` refers to `arc4random`";
    assert_eq!(blame(&link(&scratch, &[]), "newer-glibc", &scratch), wanted);
    let several = "one of these, which a stripped output does not tell: `libidle.a(idle.o)`, `libneeded.a(needed.o)`; \
                   refers to `arc4random`";
    assert_eq!(blame(&link(&scratch, &["-s"]), "newer-glibc", &scratch), several);
    archive(&scratch, "rcsT", "needed"); // a thin archive
    assert_eq!(blame(&link(&scratch, &[]), "newer-glibc", &scratch), wanted);
}

#[test]
fn an_executable_stack_is_blamed_on_the_object_or_the_flag_that_brings_it() {
    requires!("gcc");
    let scratch = archives();
    for name in ["bare", "idle"] {
        scratch.write(&format!("{name}.s"), format!(".globl {name}\n{name}:\n\tret\n"));
        scratch.program("gcc").args(["-c", &format!("{name}.s")]).run().expect_code(0);
    }
    archive(&scratch, "rcs", "idle");
    assert_eq!(blame(&link(&scratch, &["bare.o"]), "executable-stack", &scratch), "`bare.o`");
    let by_flag = link(&scratch, &["-Wl,-z,execstack"]);
    assert_eq!(blame(&by_flag, "executable-stack", &scratch), "`-Wl,-z,execstack` on the link line");
}

#[test]
fn a_loader_and_a_run_path_are_blamed_on_the_flag_that_names_them() {
    requires!("gcc");
    let scratch = archives();
    scratch.write("seaworthy.toml", "linkage = 'any'\nruns-on = ['debian:12']\nrules.run-path = 'deny'\n");
    for flag in ["-Wl,--dynamic-linker=/lib/nope.so", "-Wl,--dynamic-linker,/lib/nope.so", "-Wl,-I/lib/nope.so"] {
        let done = link(&scratch, &[flag]);
        assert_eq!(blame(&done, "missing-library", &scratch), format!("`{flag}` on the link line"));
        done.expect_stderr("help: take that flag out");
    }
    let done = link(&scratch, &["-Wl,-rpath,$ORIGIN/lib", "-Wl,-rpath-link,/x", "-Wl,-rpath,/opt/bad"]);
    assert_eq!(blame(&done, "run-path", &scratch), "`-Wl,-rpath,/opt/bad` on the link line");
}
