//! Any bytes, as the file they may be: a linked binary, an archive or an object.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::everything(bytes));
