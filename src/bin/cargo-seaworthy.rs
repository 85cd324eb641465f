//! `cargo seaworthy …`: the same program under the name by which cargo finds it.

fn main() -> std::process::ExitCode {
    seaworthy::commands::main()
}
