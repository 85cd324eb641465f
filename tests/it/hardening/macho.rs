//! Mach-O, from C by zig's compiler and LLD, and by Go's own linker.

use super::{Row, compare};
use crate::support::{Scratch, rust_lld};

const POLICY: &str = r#"
[macos]
min = "12.0"

[rules]
build-path-install-name = "deny"
fixed-load-address = "deny"
"#;

const ROWS: &[Row] = &[
    ("everything", "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o -o $OUT", &[]),
    (
        "everything, unsigned as Intel may be",
        "$LINKER -arch x86_64 -platform_version macos 11.0 11.0 x86_64.o -o $OUT",
        &[],
    ),
    (
        "no signature",
        "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o -no_adhoc_codesign -o $OUT",
        &["unsigned-code"],
    ),
    (
        "no PIE",
        "$LINKER -arch x86_64 -platform_version macos 11.0 11.0 x86_64.o -no_pie -o $OUT",
        &["fixed-load-address"],
    ),
    ("a newer macOS", "$LINKER -arch arm64 -platform_version macos 14.0 14.0 arm64.o -o $OUT", &["newer-macos"]),
    (
        "a dylib of Homebrew's",
        "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o brew.tbd -o $OUT",
        &["non-system-dylib"],
    ),
    (
        "a dylib of the system's",
        "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o system.tbd -o $OUT",
        &[],
    ),
    (
        "a run path elsewhere",
        "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o -rpath /opt/ci/lib -o $OUT",
        &["run-path"],
    ),
    (
        "a run path beside it",
        "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o -rpath @loader_path -o $OUT",
        &[],
    ),
    ("no LC_UUID", "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o -no_uuid -o $OUT", &["missing-uuid"]),
    (
        "no room for a signature",
        "$LINKER -arch x86_64 -platform_version macos 11.0 11.0 x86_64.o -headerpad 0 -o $OUT",
        &["no-header-padding"],
    ),
    (
        "a dylib named after the build machine",
        "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o -dylib -install_name /Users/ci/libthing.dylib -o $OUT",
        &["build-path-install-name"],
    ),
    (
        "a dylib that moves",
        "$LINKER -arch arm64 -platform_version macos 11.0 11.0 arm64.o -dylib -install_name @rpath/thing -o $OUT",
        &[],
    ),
    // Go's linker
    ("Go", "GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go build -o $OUT main.go", &[]),
    ("Go for Intel", "GOOS=darwin GOARCH=amd64 CGO_ENABLED=0 go build -o $OUT main.go", &[]),
    (
        "Go without LC_UUID",
        "GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go build -ldflags=-buildid= -o $OUT main.go",
        &["missing-uuid"],
    ),
];

const PREPARE: &str = "
zig cc -target aarch64-macos.11.0 -c main.c -o arm64.o
zig cc -target x86_64-macos.11.0 -c main.c -o x86_64.o
";

/// A stub of a dylib, as linkers take it for the dylib itself.
fn stub(install_name: &str) -> String {
    format!(
        "--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-macos, x86_64-macos ]\ninstall-name: '{install_name}'\nexports:\n  \
         - targets: [ arm64-macos, x86_64-macos ]\n    symbols: [ dyld_stub_binder ]\n...\n"
    )
}

#[test]
fn each_property_of_a_program_for_macos_has_its_rule() {
    requires!("go", "zig", "rust-std:aarch64-apple-darwin");
    let scratch = Scratch::empty();
    scratch.write("main.c", "int main(void) { return 0; }\n");
    scratch.write("main.go", "package main\n\nfunc main() {}\n");
    scratch.write("libSystem.tbd", stub("/usr/lib/libSystem.B.dylib"));
    scratch.write("system.tbd", stub("/usr/lib/libcurl.4.dylib"));
    scratch.write("brew.tbd", stub("/opt/homebrew/opt/curl/lib/libcurl.4.dylib"));
    let link = format!("{} -flavor darwin libSystem.tbd", rust_lld());
    compare(&scratch, POLICY, PREPARE, &link, ROWS);
}
