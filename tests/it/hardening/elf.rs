//! ELF, by gcc.

use super::{Row, compare};
use crate::support::Scratch;

const POLICY: &str = r#"
linkage = "any"

[linux]
page-size = "4K"

[rules]
debug-info = "deny"
embedded-build-path = "deny"
fixed-load-address = "deny"
page-alignment = "deny"
partial-relro = "deny"
"#;

/// What a hardened build gives.
const FLAGS: &str = "gcc -O2 -fPIE -pie -Wl,-z,relro,-z,now,-z,noexecstack";

const MAIN: &str = "int main(void) { return 0; }\n";

/// A path of another machine, in a string that the program keeps.
const PATH: &str = "const char *const here = \"/home/ci/project/src/main.c\";\nint main(void) { return *here == 0; }\n";

/// An address in read-only code.
const ADDRESS_IN_CODE: &str = "    .section .note.GNU-stack,\"\",@progbits\n    .data\n    .globl elsewhere\nelsewhere:\n\
    .quad 0\n    .text\n    .globl thing\nthing:\n    .quad elsewhere\n";

/// A section that is written and run.
const WRITABLE_CODE: &str =
    "    .section .note.GNU-stack,\"\",@progbits\n    .section .wx,\"awx\",@progbits\n    .byte 0xc3\n";

const ROWS: &[Row] = &[
    ("everything", "$LINKER main.c -o $OUT", &[]),
    ("an executable stack", "$LINKER main.c -Wl,-z,execstack -o $OUT", &["executable-stack"]),
    ("no PIE", "$LINKER main.c -fno-pie -no-pie -o $OUT", &["fixed-load-address"]),
    ("static, no PIE", "$LINKER main.c -static -o $OUT", &["fixed-load-address"]),
    ("static PIE", "gcc -fPIE -static-pie -Wl,-z,now main.c -o $OUT", &[]),
    ("no RELRO", "$LINKER main.c -Wl,-z,norelro -o $OUT", &["partial-relro"]),
    ("lazy binding", "$LINKER main.c -Wl,-z,lazy -o $OUT", &["partial-relro"]),
    ("relocations in code", "$LINKER main.c address.s -Wl,-z,notext -o $OUT", &["text-relocations"]),
    ("a run path elsewhere", "$LINKER main.c -Wl,-rpath,/opt/ci/lib -o $OUT", &["run-path"]),
    ("a run path beside it", "$LINKER main.c '-Wl,-rpath,$ORIGIN' -o $OUT", &[]),
    ("writable code", "$LINKER main.c writable.s -o $OUT 2>/dev/null", &["writable-code"]),
    ("debug information", "$LINKER main.c -g -o $OUT", &["debug-info"]),
    ("a path of the build machine", "$LINKER path.c -o $OUT", &["embedded-build-path"]),
    ("segments below a page", "$LINKER main.c -Wl,-z,max-page-size=1024 -o $OUT", &["page-alignment"]),
    // Nothing to say: code beside constants is no weakness, and a canary cannot be told from a program without arrays.
    ("code and constants in one segment", "$LINKER main.c -Wl,-z,noseparate-code -o $OUT", &[]),
    ("no stack protector", "$LINKER main.c -fno-stack-protector -o $OUT", &[]),
];

#[test]
fn each_property_of_an_elf_program_has_its_rule() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("main.c", MAIN);
    scratch.write("path.c", PATH);
    scratch.write("address.s", ADDRESS_IN_CODE);
    scratch.write("writable.s", WRITABLE_CODE);
    compare(&scratch, POLICY, "true", FLAGS, ROWS);
}
