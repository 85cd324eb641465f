//! Verdicts against real loaders: what the simulated load says, and what ld.so and musl's loader say in real root file systems.

mod constructed; // Are the cases that version numbers get wrong right?
mod matrix;
mod patch;
mod preload;
mod real;
#[cfg(unix)]
mod rootfs; // Is a wrong root said, and never left?
mod said;
