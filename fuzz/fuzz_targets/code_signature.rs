//! Any bytes as the code signature of a Mach-O program.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::code_signature(bytes));
