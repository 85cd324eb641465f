//! The artifact changes, shrinks or vanishes while it is read, as when a linker still writes it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seaworthy::facts::{Wanted, read_file};

use super::ended_well;
use crate::support::Scratch;

/// How long each test lets the file change.
const LONG: Duration = Duration::from_secs(3);

/// Runs `reader` until the time is up, while the file is cut, replaced, rewritten in place and removed; says how often.
fn while_it_changes(path: &Path, whole: &[u8], mut reader: impl FnMut()) -> usize {
    let over = AtomicBool::new(false);
    let mut times = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let aside = path.with_extension("new");
            for step in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                let length = whole.len() * (step % 97) / 96;
                match step % 4 {
                    0 => drop(
                        std::fs::File::options().write(true).open(path).and_then(|file| file.set_len(length as u64)),
                    ),
                    1 => drop(std::fs::write(path, &whole[..length])),
                    2 => drop(std::fs::write(&aside, whole).and_then(|()| std::fs::rename(&aside, path))),
                    _ => drop(std::fs::remove_file(path)),
                }
            }
        });
        let start = Instant::now();
        while start.elapsed() < LONG {
            reader();
            times += 1;
        }
        over.store(true, Ordering::Relaxed);
    });
    times
}

#[test]
fn a_file_that_changes_while_it_is_read_is_read_or_refused() {
    let scratch = Scratch::empty();
    let whole = std::fs::read(env!("CARGO_BIN_EXE_seaworthy")).expect("the program just built");
    let path = scratch.write("app", &whole);
    let (mut read, mut refused) = (0, 0);
    let times = while_it_changes(&path, &whole, || match read_file(&path, Wanted::ALL) {
        Ok(_) => read += 1,
        Err(why) => {
            assert!(!why.to_string().is_empty());
            refused += 1;
        }
    });
    assert!(times > 100 && refused > 0, "{times} times, {read} read, {refused} refused: nothing was tried");
}

#[test]
fn checking_a_file_that_changes_ends_with_a_verdict_or_a_sentence() {
    let scratch = Scratch::empty();
    let whole = std::fs::read(env!("CARGO_BIN_EXE_seaworthy")).expect("the program just built");
    let path = scratch.write("app", &whole);
    while_it_changes(&path, &whole, || ended_well(&scratch.seaworthy().args(["check", "app"]).run()));
}
