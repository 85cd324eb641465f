//! Standard streams that are closed from the start.

use super::module;
use crate::support::Scratch;

#[test]
fn closed_streams_change_no_verdict() {
    requires!("sh", "go");
    let scratch = Scratch::empty();
    module(&scratch, "app");
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let with = |args: &str| {
            let script = format!("exec \"$1\" {args} {closed}");
            let sh = scratch.program("sh").cwd(scratch.join("app"));
            sh.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_seaworthy")]).run()
        };
        with("go build -o good").expect_code(0);
        with("go build -buildmode=pie -o bad").expect_code(3);
        with("check bad").expect_code(3);
        with("check good").expect_code(0);
        with("--report json=report.json check good bad").expect_code(3);
        let report = std::fs::read(scratch.join("app/report.json")).expect("a report");
        serde_json::from_slice::<serde_json::Value>(&report).expect("a whole report, and nothing else in it");
    }
}
