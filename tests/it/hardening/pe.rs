//! PE, by MinGW's gcc, and by LLD as Microsoft's linker works, for what GNU ld does not offer.

use super::{Row, compare};
use crate::support::{Scratch, rust_lld};

const POLICY: &str = r#"
[windows]
min = "6.1"
subsystem = "console"

[rules]
executable-data = "deny"
fixed-load-address = "deny"
missing-control-flow-guard = "deny"
missing-manifest = "deny"
"#;

const GNU: &[Row] = &[
    ("everything", "$LINKER main.o -o $OUT", &[]),
    ("no NX", "$LINKER main.o -Wl,--disable-nxcompat -o $OUT", &["executable-data"]),
    ("no DYNAMICBASE", "$LINKER main.o -Wl,--disable-dynamicbase -o $OUT", &["fixed-load-address"]),
    ("no HIGHENTROPYVA", "$LINKER main.o -Wl,--disable-high-entropy-va -o $OUT", &["fixed-load-address"]),
    ("no relocations", "$LINKER main.o -Wl,--disable-reloc-section -o $OUT", &["fixed-load-address"]),
    ("a newer subsystem", "$LINKER main.o -Wl,--major-subsystem-version,10 -o $OUT", &["newer-windows"]),
    ("another subsystem", "$LINKER main.o -mwindows -o $OUT", &["subsystem"]),
    ("no manifest", "x86_64-w64-mingw32-gcc -static main.o -o $OUT", &["missing-manifest"]),
    ("a DLL of somebody else's", "$LINKER use.o -L. -lthing -o $OUT", &["non-system-dll"]),
    ("a C runtime in a DLL", "x86_64-w64-mingw32-gcc app.res divide.o -shared-libgcc -o $OUT", &["dynamic-c-runtime"]),
    ("writable code", "$LINKER main.o writable.s -o $OUT", &["writable-code"]),
];

const LLD: &[Row] = &[
    ("everything", "$LINKER call.o -out:$OUT", &[]),
    ("no control flow guard", "$LINKER call.o -guard:no -out:$OUT", &["missing-control-flow-guard"]),
    ("a delay-loaded DLL", "$LINKER late.o libthing.a -delayload:thing.dll -out:$OUT", &["non-system-dll"]),
    ("no NX", "$LINKER call.o -nxcompat:no -out:$OUT", &["executable-data"]),
    ("no DYNAMICBASE", "$LINKER call.o -dynamicbase:no -out:$OUT", &["fixed-load-address"]),
    ("no HIGHENTROPYVA", "$LINKER call.o -highentropyva:no -out:$OUT", &["fixed-load-address"]),
    ("a fixed address", "$LINKER call.o -fixed -out:$OUT", &["fixed-load-address"]),
];

const PREPARE: &str = r#"
x86_64-w64-mingw32-windres app.rc -O coff -o app.res
x86_64-w64-mingw32-dlltool -d thing.def -l libthing.a
for each in main use divide call late; do
    x86_64-w64-mingw32-gcc -O -ffreestanding -c $each.c -o $each.o
done
x86_64-w64-mingw32-gcc -c guard.s -o guard.o
"#;

/// The directory with everything compiled.
fn prepared() -> Scratch {
    // Control flow guard's load configuration, which Microsoft's C runtime brings, and the manifest.
    let scratch = Scratch::fixture("rules/windows-guard");
    for name in ["app.rc", "app.manifest"] {
        let from = crate::support::repository().join("tests/fixtures/rules/windows-manifest").join(name);
        std::fs::copy(from, scratch.join(name)).expect("a file of the fixture");
    }
    std::fs::rename(scratch.join("main.c"), scratch.join("call.c")).expect("the fixture's program");
    scratch.write("main.c", "int main(void) { return 0; }\n");
    scratch.write("use.c", "int thing(void);\nint main(void) { return thing(); }\n");
    scratch.write("divide.c", "int main(int n, char **a) { return (__int128)n / (__int128)(long long)a > 3; }\n");
    let late = "__declspec(dllimport) int thing(void);\nvoid *__delayLoadHelper2(void) { return 0; }\n\
                int start(void) { return thing(); }\n";
    scratch.write("late.c", late);
    scratch.write("thing.def", "LIBRARY thing.dll\nEXPORTS\nthing\n");
    scratch.write("writable.s", "    .section .wx,\"xw\"\n    .byte 0xc3\n");
    scratch
}

#[test]
fn each_property_of_a_windows_program_has_its_rule() {
    requires!("x86_64-w64-mingw32-gcc");
    compare(&prepared(), POLICY, PREPARE, "x86_64-w64-mingw32-gcc -static app.res", GNU);
}

#[test]
fn each_property_that_microsofts_linker_offers_has_its_rule() {
    requires!("x86_64-w64-mingw32-gcc", "rust-std:aarch64-apple-darwin");
    let link = format!("{} -flavor link -entry:start -subsystem:console -guard:cf guard.o app.res", rust_lld());
    compare(&prepared(), POLICY, PREPARE, &link, LLD);
}
