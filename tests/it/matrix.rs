//! The table of artifacts and hosts: does it say where each binary runs, in every form?

use seaworthy::check::{HostVerdict, Overall, Runs};
use seaworthy::report::{self, Report, Styles};

use crate::report::everything::result;
use crate::support::{Run, Scratch};

/// A dynamic glibc program and a static one, with a policy that names hosts of three kinds.
fn programs() -> Scratch {
    let scratch = Scratch::empty();
    scratch.write("main.c", "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n");
    scratch.program("gcc").args(["-o", "dynamic", "main.c"]).run().expect_code(0);
    scratch.program("musl-gcc").args(["-static", "-o", "static", "main.c"]).run().expect_code(0);
    scratch.write("seaworthy.toml", "runs-on = [\"scratch\", \"alpine:3.20\", \"debian:13\", \"macos:13\"]\n");
    scratch
}

/// Checks one file, and that the table of it ends so.
fn expect_row(scratch: &Scratch, file: &str, code: i32, row: &str) {
    let done = scratch.seaworthy().args(["check", "--matrix", file]).run().expect_code(code);
    assert!(done.stdout().ends_with(row), "{}", done.stdout());
}

#[test]
fn a_table_says_where_each_binary_runs() {
    requires!("gcc", "musl-gcc");
    let scratch = programs();
    let done = scratch.seaworthy().args(["check", "--matrix", "dynamic", "static"]).run().expect_code(3);
    let wanted = "         scratch  alpine:3.20  debian:13  macos:13\n\
                  dynamic  no       no           runs       -\n\
                  static   runs     runs         runs       -\n";
    assert_eq!(done.stdout(), wanted);
    scratch.seaworthy().args(["check", "--matrix", "static"]).run().expect_code(0);

    let markdown = scratch.seaworthy().args(["check", "--matrix=markdown", "dynamic", "static"]).run().expect_code(3);
    assert!(markdown.stdout().contains("| `dynamic` | no | no | runs | - |\n"), "{}", markdown.stdout());
    assert!(markdown.stdout().contains("- `dynamic` on `scratch`: "), "{}", markdown.stdout());

    let json =
        scratch.seaworthy().args(["check", "--matrix", "--format", "json", "static"]).run().expect_code(0).json();
    let hosts = json["artifacts"][0]["hosts"].as_array().expect("a list").clone();
    let verdicts: Vec<_> = hosts.iter().map(|host| host["verdict"].as_str().unwrap_or_default()).collect();
    assert_eq!(verdicts, ["runs", "runs", "runs", "not-applicable"]);
}

#[test]
fn other_hosts_can_be_asked_for_than_the_policys() {
    requires!("gcc", "musl-gcc");
    let scratch = programs();
    let check = |arguments: &[&str]| scratch.seaworthy().arg("check").args(arguments).run();
    let done = check(&["--matrix", "--runs-on", "rhel:9", "--runs-on", "alpine:3.18", "dynamic"]).expect_code(3);
    assert_eq!(done.stdout(), "         rhel:9  alpine:3.18\ndynamic  runs    no\n");
    let said = check(&["--runs-on", "alpine:3.18", "dynamic"]).expect_code(3).stdout();
    assert!(said.contains("policy: `runs-on` lists `alpine:3.18` (on the command line)"), "{said}");
    let unknown = check(&["--runs-on", "alpin:3.18", "static"]).expect_code(2).stderr();
    assert!(unknown.starts_with("error: unknown host `alpin:3.18` (did you mean `alpine:3.18`"), "{unknown}");
    check(&["--runs-on", "rhel:9", "--manifest", "m.json", "static"]).expect_code(2);
}

#[test]
fn what_cannot_be_read_is_unknown_everywhere() {
    requires!("gcc", "musl-gcc");
    let scratch = programs();
    let bytes = std::fs::read(scratch.join("static")).expect("it was made");
    scratch.write("cut", &bytes[..100]);
    expect_row(&scratch, "cut", 3, "cut  unknown  unknown      unknown    unknown\n");
}

#[test]
fn a_rule_that_is_allowed_does_not_make_a_binary_run() {
    requires!("gcc", "musl-gcc");
    let scratch = programs();
    let policy = "linkage = \"any\"\nruns-on = [\"scratch\"]\n[rules]\nmissing-library = \"allow\"\n";
    scratch.write("seaworthy.toml", policy);
    expect_row(&scratch, "dynamic", 0, "dynamic  no\n");
}

#[test]
fn what_nobody_verified_is_said_where_a_binary_runs_by_it() {
    requires!("gcc", "musl-gcc");
    let scratch = programs();
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"alpine:3.20\", \"alpine:3.23\"]\n");
    scratch.program("musl-gcc").args(["-o", "musl", "main.c"]).run().expect_code(0);
    let json = scratch.seaworthy().args(["check", "--format", "json", "musl", "static"]).run().expect_code(0).json();
    let why = |artifact: usize, host: usize| json["artifacts"][artifact]["hosts"][host]["why"].clone();
    assert!(why(0, 0).as_str().is_some_and(|why| why.starts_with("unverified: what `alpine:3.20` has")), "{json}");
    assert!(why(0, 1).is_null() && why(1, 0).is_null(), "verified, or nothing of the host is used: {json}");
    let text = scratch.seaworthy().args(["check", "musl"]).run().expect_code(0);
    assert!(text.stdout().contains("; runs on alpine:3.20 (unverified), alpine:3.23\n"), "{}", text.stdout());
    let table = scratch.seaworthy().args(["check", "--matrix=markdown", "musl"]).run().expect_code(0);
    assert!(table.stdout().contains("- `musl` on `alpine:3.20`: unverified: "), "{}", table.stdout());
}

#[test]
fn a_symbol_that_no_relocation_names_is_looked_for_by_nobody() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"debian:12\"]\n");
    let check = |source: &str, code: i32, row: &str| {
        scratch.write("a.c", source);
        scratch.program("gcc").args(["-O2", "-shared", "-fPIC", "a.c", "-o", "a.so"]).run().expect_code(0);
        expect_row(&scratch, "a.so", code, row);
    };
    check("__asm__(\".globl nowhere_at_all\"); int f(void) { return 1; }\n", 0, "a.so  runs\n");
    check("int nowhere_at_all(void); int f(void) { return nowhere_at_all(); }\n", 3, "a.so  no\n");
}

#[test]
fn a_c_library_of_another_release_than_the_loader_may_do_anything() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"debian:12\", \"debian:13\"]\n");
    scratch.write("main.c", "int main(void) { return 0; }\n");
    scratch.program("gcc").args(["main.c", "-Wl,-rpath,$ORIGIN", "-o", "main"]).run().expect_code(0);
    let libc = scratch.program("gcc").arg("-print-file-name=libc.so.6").run().expect_code(0);
    std::fs::copy(libc.stdout().trim(), scratch.join("libc.so.6")).expect("the C library of this machine");
    let done = scratch.seaworthy().args(["check", "main"]).run().expect_code(3);
    assert!(done.stdout().contains("whether the loader, which is of glibc 2."), "{}", done.stdout());
}

#[test]
fn a_program_is_at_home_where_its_file_lies() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"debian:12\"]\n");
    scratch.write("own.c", "int own(void) { return 0; }\n");
    scratch.write("main.c", "int own(void); int main(void) { return own(); }\n");
    scratch.write("real/lib/empty", "");
    let gcc = |arguments: &[&str]| scratch.program("gcc").args(arguments).run().expect_code(0);
    gcc(&["-shared", "-fPIC", "own.c", "-Wl,-soname,libown.so", "-o", "real/lib/libown.so"]);
    gcc(&["main.c", "real/lib/libown.so", "-Wl,-rpath,$ORIGIN/lib", "-o", "real/main"]);
    scratch.program("ln").args(["-s", "real/main", "link"]).run().expect_code(0);
    expect_row(&scratch, "link", 0, "link  runs\n");
}

#[test]
fn a_level_of_cpus_is_asked_of_libraries_too() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"rhel:8\", \"rhel:9\", \"rhel:10\"]\n");
    let note = ".section .note.gnu.property,\"a\"\n.p2align 3\n.long 4,16,5\n.string \"GNU\"\n.long 0xc0008002,4,7,0\n";
    scratch.write("v3.s", note);
    scratch.write("way.c", "int own(void) { return 0; }\n");
    scratch.write("main.c", "int own(void); void _start(void) { own(); for (;;); }\n");
    let gcc = |arguments: &[&str]| scratch.program("gcc").args(arguments).run().expect_code(0);
    gcc(&["-shared", "-fPIC", "-nostdlib", "way.c", "v3.s", "-o", "libway.so"]);
    gcc(&["-nostdlib", "main.c", "libway.so", "-Wl,-rpath,$ORIGIN", "-o", "main"]);
    let done = scratch.seaworthy().args(["check", "main"]).run().expect_code(3);
    let said = "libway.so, needed by main, cannot be loaded from ";
    let why = "it needs x86-64-v3, the host starts on x86-64-v2";
    assert!(done.stdout().contains(said) && done.stdout().contains(why), "{}", done.stdout());
    expect_row(&scratch, "main", 3, "main  runs    no      runs\n");
}

#[test]
fn version_needs_that_were_wiped_out_are_refused_by_glibc() {
    requires!("gcc", "objcopy");
    let scratch = Scratch::empty();
    scratch.write("main.c", "int main(void) { return 42; }\n");
    scratch.program("gcc").args(["-o", "app", "main.c"]).run().expect_code(0);
    scratch.program("objcopy").args(["-R", ".gnu.version", "-R", ".gnu.version_r", "app"]).run().expect_code(0);
    let loader = Run::program(scratch.join("app")).run();
    assert_ne!(loader.code(), Some(42));
    loader.expect_stderr("unsupported version 0 of Verneed record");
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"debian:12\"]\n");
    let done = scratch.seaworthy().args(["check", "app"]).run().expect_code(3);
    let told = [done.stdout(), done.stderr()].concat();
    assert!(told.contains("unsupported version 0 of Verneed record"), "{told}");
}

#[test]
fn without_hosts_there_is_nothing_to_show() {
    requires!("gcc", "musl-gcc");
    let scratch = programs();
    scratch.write("seaworthy.toml", "");
    let done = scratch.seaworthy().args(["check", "--matrix", "static"]).run().expect_code(4);
    done.expect_stderr("set `runs-on`");
}

#[test]
fn what_stands_beside_libc_is_expected_of_interpreters_alone() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\nruns-on = [\"debian:12\"]\n");
    let check = |source: &str| {
        scratch.write("a.c", source);
        scratch.program("gcc").args(["-O2", "-shared", "-fPIC", "a.c", "-o", "a.so"]).run().expect_code(0);
        scratch.seaworthy().args(["check", "a.so"]).run()
    };
    let calls = |name: &str| {
        check(&format!("double sin(double); int {name}(void);\ndouble f(double x) {{ {name}(); return sin(x); }}\n"))
    };
    for name in ["Py_Initialize", "_emalloc_8", "add_assoc_long_ex", "perl_clone", "dav_register_provider"] {
        calls(name).expect_code(0);
    }
    let done = calls("rand").expect_code(3);
    let said = "a.so does not ask for libm.so.6, which defines `sin`; whether the loading program has it is not known";
    assert!(done.stdout().contains(said) && done.stdout().starts_with("error[inconclusive]"), "{}", done.stdout());
    // Names that PostgreSQL gives its extensions have nothing in common, but every extension defines one of them.
    let extension = "int text_to_cstring(void); int f(void) { return text_to_cstring(); }\n";
    check(&format!("{extension}void Pg_magic_func(void) {{}}\n")).expect_code(0);
    check(extension).expect_code(3);
    // A library of native methods has nothing undefined that shows it.
    let native = "double sin(double); double f(double x) { return sin(x); }\n";
    check(&format!("{native}int JNI_OnLoad(void) {{ return 0; }}\n")).expect_code(0);
    check(&format!("{native}void Java_org_example_Native_run(void) {{}}\n")).expect_code(0);
    check("int sapi_module(void); int f(void) { return sapi_module(); } void get_module(void) {}\n").expect_code(0);
}

/// So many files on so many hosts.
fn table(files: usize, hosts: usize, width: Option<usize>) -> String {
    let on = |number| HostVerdict { host: format!("debian:{number}"), verdict: Runs::Yes, why: None };
    let file = |number| {
        let mut file = result(&format!("dist/app{number}"), Overall::Pass, Vec::new());
        file.hosts = (1..=hosts).map(on).collect();
        file
    };
    let report = Report { artifacts: (1..=files).map(file).collect(), ..Report::default() };
    report::matrix::text(&report, &Styles::PLAIN, width)
}

#[test]
fn what_is_wider_than_the_terminal_is_turned_or_split() {
    let one_line = table(1, 3, None);
    assert_eq!(one_line, "           debian:1  debian:2  debian:3\ndist/app1  runs      runs      runs\n");
    assert_eq!(table(1, 3, Some(39)), one_line);
    let turned = "          dist/app1\ndebian:1  runs\ndebian:2  runs\ndebian:3  runs\n";
    assert_eq!(table(1, 3, Some(38)), turned);
    // Of two ways to split, the one with fewer lines.
    let split = table(2, 5, Some(25));
    let second = "\n\n          dist/app2\ndebian:1  runs\n";
    assert!(split.starts_with("          dist/app1\ndebian:1  runs\n") && split.contains(second), "{split}");
    let split = table(5, 2, Some(25));
    let second = "\n\n           debian:2\ndist/app1  runs\n";
    assert!(split.starts_with("           debian:1\ndist/app1  runs\n") && split.contains(second), "{split}");
}

#[cfg(unix)]
#[test]
fn a_terminal_says_how_wide_it_is() {
    requires!("gcc", "musl-gcc", "python3");
    let scratch = programs();
    let program = env!("CARGO_BIN_EXE_seaworthy");
    let check = |columns: &str| {
        let command = ["env", columns, program, "--color", "never", "check", "--matrix", "static"];
        crate::parity_terminal::shown(&scratch, "watch", &command).replace('\r', "")
    };
    let turned = "             static\nscratch      runs\nalpine:3.20  runs\ndebian:13    runs\nmacos:13     -\n";
    let shown = check("COLUMNS=40");
    assert!(shown.contains(turned), "{shown}");
    assert!(check("COLUMNS=80").contains("        scratch  alpine:3.20  debian:13  macos:13\n"));
}
