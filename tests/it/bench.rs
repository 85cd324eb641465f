//! Is the arithmetic of `make bench` and `make bench-check` right? What they measure is not tested: it differs every time.

use crate::support::{Run, repository};

#[test]
fn ratios_growth_and_tables_come_out_right() {
    requires!("python3");
    let tests = Run::program("python3").args(["-B", "-m", "unittest", "tests"]).cwd(repository().join("scripts/bench"));
    let done = tests.run().expect_code(0);
    assert!(done.stderr().contains("\nOK\n"), "{}", done.stderr());
}

#[test]
fn every_counted_call_is_written_down_with_its_compiler() {
    let calls = std::fs::read_to_string(repository().join("benches/calls.rs")).expect("it is there");
    let counts = std::fs::read_to_string(repository().join("benches/instructions.tsv")).expect("it is there");
    let called: Vec<_> = calls.lines().filter_map(|line| line.strip_prefix("    (\"")?.split('"').next()).collect();
    let counted: Vec<_> = counts.lines().filter_map(|line| Some(line.split_once('\t')?.0)).collect();
    assert_eq!(called, counted);
    assert!(counts.contains("\n# Counted with rustc "), "{counts}");
}
