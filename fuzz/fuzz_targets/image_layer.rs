//! Any bytes as a layer of an image, packed or not; what is accepted has to survive being looked at.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::image_layer(bytes));
