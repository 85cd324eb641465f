//! Is what a link line makes found, and left alone where it is no program?

use super::hello;
use crate::support::Report;

#[test]
fn what_is_no_program_stays() {
    requires!("gcc", "clang", "ld");
    let scratch = hello();
    scratch.write("all.h", "int one(void);\n");
    scratch.write("raw.c", "int one = 1;\n");
    scratch.program("gcc").args(["-c", "raw.c"]).run().expect_code(0);
    for words in [
        &["gcc", "all.h", "-o", "all.h.gch"][..],
        &["clang", "-x", "c-header", "all.h", "-o", "all.pch"],
        &["gcc", "--compile", "hello.c", "-o", "long.o"],
        &["clang", "--analyze", "hello.c", "-o", "hello.plist"],
        &["ld", "--oformat", "binary", "-o", "raw.bin", "-e", "0", "raw.o"],
    ] {
        let done = scratch.seaworthy().args(["link", "--"]).args(words).run().expect_code(0);
        assert!(!done.stderr().contains("seaworthy"), "{words:?}: {}", done.stderr());
        let output = words.iter().skip_while(|word| **word != "-o").nth(1).expect("an output");
        assert!(scratch.join(output).exists(), "{words:?}");
    }
    scratch.seaworthy().args(["link", "gcc", "-Wl,--version", "hello.c", "-o", "app"]).run().expect_code(0);
}

#[test]
fn an_output_that_was_never_made_is_not_said_to_be_removed() {
    requires!("sh");
    let scratch = hello();
    let done = scratch.seaworthy().args(["link", "sh", "-u", "-e", "-o", "errexit"]).run();
    assert!(!done.stderr().contains("was removed"), "{}", done.stderr());
}

#[test]
fn an_output_that_is_named_to_the_linker_is_judged() {
    requires!("gcc");
    let scratch = hello();
    scratch.write("line", "-o hidden");
    for (word, output) in [("-Wl,-o,hid", "hid"), ("-Wl,@line", "hidden")] {
        let done = scratch.seaworthy().args(["link", "gcc", "hello.c", word]).run().expect_code(3);
        done.expect_stderr(&format!("error[dynamic-loader]: `{output}`"));
        assert!(!scratch.join(output).exists(), "{word}");
    }
}

#[test]
fn compilers_with_command_lines_of_their_own() {
    requires!("cc", "zig");
    let scratch = hello();
    scratch.write("m.rs", "fn main() {}\n");
    let rustc = ["link", "--", "rustc", "--target", "x86_64-unknown-linux-gnu", "m.rs"];
    let done = scratch.seaworthy().args(rustc).run().expect_code(3).expect_stderr("error[dynamic-loader]: `m`");
    assert!(!done.stderr().contains("`-static` on the link line"), "{}", done.stderr());
    assert!(!scratch.join("m").exists());
    let zig = ["link", "--", "zig", "build-exe", "hello.c", "-lc", "-target", "x86_64-linux-gnu", "-femit-bin=zz"];
    scratch.seaworthy().args(zig).run().expect_code(3).expect_stderr("error[dynamic-loader]: `zz`");
    assert!(!scratch.join("zz").exists());
}

#[test]
fn what_is_not_judged_is_said_not_to_be() {
    requires!("sh");
    let scratch = hello();
    scratch.write("build.sh", "true\n");
    scratch.seaworthy().args(["link", "--", "sh", "build.sh"]).run().expect_code(0).expect_stderr("nothing was judged");
}

#[cfg(unix)]
#[test]
fn an_output_behind_a_symbolic_link_is_put_away() {
    requires!("gcc");
    let scratch = hello();
    std::fs::create_dir(scratch.join("real")).expect("a scratch directory is writable");
    std::os::unix::fs::symlink("real/app", scratch.join("link")).expect("a scratch directory is writable");
    for _ in 0..2 {
        let done = scratch.seaworthy().args(["link", "gcc", "hello.c", "-o", "link"]).run().expect_code(3);
        assert!(!scratch.join("real/app").exists() && !scratch.join("link").exists(), "{}", done.stderr());
    }
}

#[test]
fn every_link_can_have_a_report_of_its_own() {
    requires!("gcc", "make");
    let scratch = hello();
    scratch.write(
        "Makefile",
        ".PHONY: bad good\nbad:\n\t$(CC) -o out/bad hello.c\ngood:\n\t$(CC) -static -o good hello.c\n",
    );
    std::fs::create_dir(scratch.join("out")).expect("a scratch directory is writable");
    let compiler = format!("CC={} link -- gcc", env!("CARGO_BIN_EXE_seaworthy"));
    let make = |report: &str| {
        let run = scratch.program("make").env("SEAWORTHY_REPORT", report);
        run.args(["-k", "bad", "good", &compiler]).run().expect_code(2)
    };
    make("json=one.json").expect_stderr("`one.json` told of `out/bad`, which was rejected, and is replaced");
    let done = make("json={output}.json");
    assert!(!done.stderr().contains("is replaced"), "{}", done.stderr());
    for (file, verdict) in [("out_bad.json", "fail"), ("good.json", "pass")] {
        assert_eq!(Report::read(&scratch.join(file)).artifacts[0].verdict, verdict, "{file}");
    }
}
