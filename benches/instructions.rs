//! Runs one of the calls so many times and does nothing else, for callgrind to count its instructions.
//!
//! `instructions` alone lists the calls; `instructions CALL TIMES` runs one. What a call costs is the difference between one
//! time and none, so that neither the start of the program nor what is prepared counts: scripts/bench-check.py.

#![expect(clippy::print_stdout, reason = "a program may print; the library does not")]

mod calls;
mod made;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = &arguments[..] else {
        return calls::CASES.iter().for_each(|(name, _)| println!("{name}"));
    };
    let (_, prepare) = calls::CASES.iter().find(|(case, _)| case == name).expect("a call that is listed");
    let mut call = prepare();
    for _ in 0..times.parse::<u32>().expect("a number of times") {
        call();
    }
}
