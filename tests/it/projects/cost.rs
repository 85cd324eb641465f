//! What blame costs: on a failing build of 300 crates at most half a second, on a passing one nothing.

use std::time::Duration;

use crate::support::{Scratch, shared};

const CRATES: usize = 300;
/// Times each build is measured; the least counts.
const ROUNDS: usize = 5;

/// A program with `CRATES` crates below it, each of which has code of its own and calls the next three.
fn project() -> Scratch {
    let scratch = Scratch::empty();
    let manifest = |name: &str, dependencies: &[String], prefix: &str| {
        let mut text =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n");
        for dependency in dependencies {
            text += &format!("{dependency} = {{ path = \"{prefix}{dependency}\" }}\n");
        }
        text
    };
    let name = |at: usize| format!("part{at:03}");
    for at in 0..CRATES {
        let below: Vec<String> = (at + 1..(at + 4).min(CRATES)).map(name).collect();
        scratch.write(&format!("{}/Cargo.toml", name(at)), manifest(&name(at), &below, "../"));
        let calls: String = below.iter().map(|part| format!("    found.extend({part}::words(depth - 1));\n")).collect();
        let code = format!(
            "use std::collections::BTreeMap;\n\npub fn words(depth: u32) -> Vec<String> {{\n    let mut found = \
             vec![format!(\"{at}\")];\n    if depth == 0 {{\n        return found;\n    }}\n{calls}    let counted: \
             BTreeMap<String, usize> = found.iter().map(|word| (word.clone(), word.len())).collect();\n    \
             found.extend(counted.into_iter().map(|(word, length)| format!(\"{{word}}{{length}}\")));\n    \
             found.extend(std::env::vars().map(|(name, _)| name));\n    found\n}}\n"
        );
        scratch.write(&format!("{}/src/lib.rs", name(at)), code);
    }
    let all: Vec<String> = (0..CRATES).map(name).collect();
    scratch.write("Cargo.toml", manifest("app", &all, ""));
    scratch.write("src/main.rs", "fn main() { println!(\"{}\", part000::words(2).len()); }\n");
    scratch.write("passes.toml", "linkage = \"any\"\n");
    scratch.write("fails.toml", "linkage = \"any\"\n[linux]\nglibc = \"2.17\"\n");
    scratch
}

/// CPU time of a guarded build and of everything it starts, by bash's `times`.
fn cpu_time(scratch: &Scratch, policy: &str, code: i32) -> Duration {
    let guarded = format!(
        "{} --policy {policy} cargo build --offline --target x86_64-unknown-linux-gnu >/dev/null 2>err; code=$?; times; exit $code",
        env!("CARGO_BIN_EXE_seaworthy")
    );
    let run = scratch.program("bash").env("CARGO_TARGET_DIR", shared("projects").join("cost"));
    let done = run.env("CARGO_PROFILE_DEV_DEBUG", "0").args(["-c", &guarded]).run().expect_code(code);
    let seconds = |word: &str| -> f64 {
        let (minutes, seconds) = word.trim_end_matches('s').split_once('m').expect("0m0.000s");
        minutes.parse::<f64>().expect("minutes") * 60.0 + seconds.parse::<f64>().expect("seconds")
    };
    let stdout = done.stdout();
    let children = stdout.lines().nth(1).unwrap_or_else(|| done.fail("`times` prints two lines"));
    Duration::from_secs_f64(children.split_whitespace().map(seconds).sum())
}

#[test]
#[ignore = "slow: make test-projects"]
fn blame_on_a_build_of_300_crates_costs_at_most_half_a_second() {
    requires!("bash", "gcc");
    let scratch = project();
    cpu_time(&scratch, "passes.toml", 0); // builds
    let least = |policy: &str, code: i32| {
        (0..ROUNDS).map(|_| cpu_time(&scratch, policy, code)).min().expect("at least one round")
    };
    let (passing, failing) = (least("passes.toml", 0), least("fails.toml", 3));
    let blamed = std::fs::read_to_string(scratch.join("err")).expect("standard error was kept");
    assert!(blamed.contains("= blame: ") && blamed.contains("the Rust standard library refers to"), "{blamed}");
    let extra = failing.saturating_sub(passing);
    println!("{CRATES} crates: passing {passing:?} of CPU time, failing {failing:?}, so blame costs {extra:?}");
    // A program without optimisation is several times slower than what is released.
    let bound = if cfg!(debug_assertions) { 5 } else { 1 };
    assert!(extra < Duration::from_millis(500) * bound, "{extra:?}");
}
