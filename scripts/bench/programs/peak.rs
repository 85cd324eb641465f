//! Peak memory of a command, in KiB, as the kernel counts it. A program of its own, since the count starts with what the
//! process that calls exec uses, and Python uses more than what is measured.
//! usage: peak COMMAND [ARGUMENT...]

use std::process::{Command, Stdio};

#[repr(C)]
#[derive(Default)]
struct Usage {
    times: [i64; 4],
    peak: i64,
    rest: [i64; 13],
}

unsafe extern "C" {
    fn getrusage(who: i32, usage: *mut Usage) -> i32;
}

const CHILDREN: i32 = -1;

fn main() {
    let mut words = std::env::args_os().skip(1);
    let mut command = Command::new(words.next().expect("a command"));
    let status = command.args(words).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it can be run");
    let mut usage = Usage::default();
    // SAFETY: the layout is Linux's `struct rusage` on 64-bit machines, and the call only writes into it.
    unsafe { getrusage(CHILDREN, &raw mut usage) };
    println!("{} {}", usage.peak, status.code().unwrap_or(-1));
}
