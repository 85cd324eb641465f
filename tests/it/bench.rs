//! Is the arithmetic of `make bench` and `make bench-check` right? What they measure is not tested: it differs every time.

use crate::support::{Run, repository};

#[test]
fn ratios_growth_and_tables_come_out_right() {
    requires!("python3");
    let tests = Run::program("python3").args(["-B", "-m", "unittest", "tests"]).cwd(repository().join("scripts/bench"));
    let done = tests.run().expect_code(0);
    assert!(done.stderr().contains("\nOK\n"), "{}", done.stderr());
}
