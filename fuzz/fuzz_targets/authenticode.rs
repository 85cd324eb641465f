//! Any bytes as the signature in the certificate table of a PE program.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::authenticode(bytes));
