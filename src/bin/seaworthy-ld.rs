//! The linker guard under a name that fits `linker = "seaworthy-ld"`, `-extld=seaworthy-ld` and `CC`.

fn main() -> std::process::ExitCode {
    seaworthy::commands::main()
}
