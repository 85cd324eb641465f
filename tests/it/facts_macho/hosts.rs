//! Which Macs run a program: by its processors, and by what its load commands ask of the kernel and of dyld.

use super::handmade::Builder;
use super::universal;
use crate::support::Scratch;

const X86_64: u32 = 0x0100_0007;
const ARM64: u32 = 0x0100_000c;

/// A program for one processor whose `LC_BUILD_VERSION` says this platform and lowest system (`0x000a_0f00` is 10.15).
fn program(cpu: u32, platform: u32, min: u32) -> Builder {
    Builder::new(cpu, 2)
        .command(0x32, &[platform, min, min, 0], "")
        .command(0xe, &[12], "/usr/lib/dyld")
        .dylib(0xc, "/usr/lib/libSystem.B.dylib")
}

/// The table's line about a file, one word for each of these hosts.
fn runs(file: &[u8], hosts: &[&str]) -> Vec<String> {
    let scratch = Scratch::empty();
    scratch.write("app", file);
    scratch.write("seaworthy.toml", format!("runs-on = {hosts:?}\n"));
    let table = scratch.seaworthy().args(["check", "--matrix", "app"]).run().stdout();
    let row = table.lines().last().expect("a row").to_owned();
    row.split_whitespace().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_mac_takes_the_code_for_its_own_processor() {
    let (intel, arm) = (program(X86_64, 1, 0x000a_0d00).build(), program(ARM64, 1, 0x000d_0000).build());
    let hosts = ["macos:10.12", "macos:10.15", "macos:12", "macos:13"];
    let both = universal(&[(X86_64, &intel), (ARM64, &arm)], false);
    assert_eq!(runs(&both, &hosts), ["no", "runs", "no", "runs"]);
    assert_eq!(runs(&intel, &hosts), ["no", "runs", "runs", "runs"]);
    assert_eq!(runs(&program(ARM64, 1, 0x000b_0000).build(), &hosts), ["no", "no", "runs", "runs"]);

    let scratch = Scratch::empty();
    scratch.write("both", &both);
    scratch.write("seaworthy.toml", "[rules]\nunsigned-code = \"allow\"\n");
    let told = scratch.seaworthy().args(["check", "both"]).run().expect_code(0).stdout();
    assert!(told.contains("Mach-O x86_64+aarch64; needs macos 10.13 (x86_64) · macos 13.0 (aarch64) · "), "{told}");
}

#[test]
fn programs_in_arm64e_code_alone_are_killed() {
    const ARM64E: u32 = 2;
    // The capability bits say which version of the ABI it is.
    let arm64e = program(ARM64, 1, 0x000c_0000).subtype(0x8000_0000 | ARM64E).build();
    let (intel, arm) = (program(X86_64, 1, 0x000a_0d00).build(), program(ARM64, 1, 0x000c_0000).build());
    let hosts = ["macos:11", "macos:13", "macos:15", "macos:26"];
    assert_eq!(runs(&arm64e, &hosts), ["no", "no", "no", "unknown"]);
    // The kernel takes arm64e code before any for Intel Macs.
    assert_eq!(runs(&universal(&[(X86_64, &intel), (ARM64, &arm64e)], false), &hosts), ["no", "no", "no", "unknown"]);
    assert_eq!(runs(&universal(&[(ARM64, &arm64e), (ARM64, &arm)], false), &hosts), ["no", "runs", "runs", "runs"]);

    let scratch = Scratch::empty();
    scratch.write("app", &arm64e);
    scratch.write("seaworthy.toml", "[rules]\nunsigned-code = \"allow\"\n");
    scratch.seaworthy().args(["manifest", "app"]).run().expect_code(0);
    for version in ["15.1", "26.1"] {
        scratch
            .write("mac.json", format!("{{\"system\": \"macos\", \"arch\": \"aarch64\", \"macos\": \"{version}\"}}"));
        let run = scratch.seaworthy().args(["verify", "--machine", "mac.json"]).run();
        let told = run.expect_code(3).stdout();
        assert!(told.contains("arm64e programs of others than Apple"), "{told}");
    }
}

#[test]
fn what_is_made_for_other_systems_is_said_to_be() {
    let hosts = ["macos:10.15", "macos:13"];
    let made_for = |platform: u32| program(ARM64, platform, 0x000e_0000).build();
    assert_eq!(runs(&made_for(6), &hosts), ["no", "runs"], "Mac Catalyst");
    assert_eq!(runs(&made_for(2), &hosts), ["no", "unknown"], "iOS");
    assert_eq!(runs(&made_for(7), &hosts), ["no", "no"], "its simulator");
    assert_eq!(runs(&made_for(10), &hosts), ["unknown", "unknown"], "DriverKit");
    let unnamed = Builder::new(ARM64, 2).dylib(0xc, "/usr/lib/libSystem.B.dylib").build();
    assert_eq!(runs(&unnamed, &["debian:12", "macos:13"]), ["-", "unknown"]);

    let scratch = Scratch::empty();
    scratch.write("app", made_for(7));
    scratch.write("seaworthy.toml", "");
    let told = scratch.seaworthy().args(["check", "app"]).run().expect_code(0).stdout();
    assert!(told.contains("program Mach-O aarch64 for the simulator of iOS; needs "), "{told}");
}

#[test]
fn dyld_has_to_know_the_load_commands() {
    let hosts = ["macos:10.7", "macos:10.13", "macos:10.15", "macos:11"];
    let main = || program(X86_64, 1, 0x000a_0600).command(0x8000_0028, &[0, 0, 0, 0], "");
    assert_eq!(runs(&main().build(), &hosts), ["no", "runs", "runs", "runs"]);
    let trie = main().command(0x8000_0033, &[0, 0], "");
    assert_eq!(runs(&trie.build(), &hosts), ["no", "no", "unknown", "runs"]);
    assert_eq!(
        runs(&main().command(0x8000_0077, &[0, 0], "").build(), &hosts),
        ["no", "unknown", "unknown", "unknown"]
    );

    let scratch = Scratch::empty();
    scratch.write("app", main().command(0x8000_0033, &[0, 0], "").build());
    scratch.write("seaworthy.toml", "");
    let told = scratch.seaworthy().args(["check", "app"]).run().expect_code(0).stdout();
    assert!(told.contains("; needs macos 11.0 · "), "{told}");
}

#[test]
fn a_symbol_of_the_system_that_came_later_ends_a_program_unless_it_is_weak() {
    requires!("zig");
    let made = |declaration: &str| {
        let scratch = Scratch::empty();
        scratch
            .write("main.c", format!("{declaration}\nint main(int n, char **v) {{ return *strchrnul(v[0], n); }}\n"));
        let target = ["cc", "-w", "-target", "aarch64-macos.11.0", "main.c", "-o", "app"];
        scratch.program("zig").args(target).run().expect_code(0);
        std::fs::read(scratch.path().join("app")).expect("app")
    };
    let hosts = ["macos:11", "macos:15", "macos:15.4", "macos:26"];
    // As configure scripts and bindings declare it; the header of the SDK says since when it is there.
    let strong = made("char *strchrnul(const char *, int);");
    assert_eq!(runs(&strong, &hosts), ["no", "no", "runs", "runs"]);
    assert_eq!(runs(&made("#include <string.h>"), &hosts), ["runs", "runs", "runs", "runs"]);

    let scratch = Scratch::empty();
    scratch.write("app", &strong);
    scratch.write("seaworthy.toml", "runs-on = [\"macos:15\"]\n");
    let told = scratch.seaworthy().args(["check", "app"]).run().expect_code(3).stdout();
    assert!(told.contains("`_strchrnul` of `/usr/lib/libSystem.B.dylib` came with macOS 15.4"), "{told}");
}
