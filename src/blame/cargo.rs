//! Blame in a cargo build: crates, their build scripts, the toolchain and its flags.

mod messages;
mod tree;
