//! What cargo, its build scripts and its macros write to standard output.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::cargo_messages(bytes));
