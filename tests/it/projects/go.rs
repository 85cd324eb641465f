//! Go modules that bring C and C++ code.

use super::{blame_of, guarded, hints};
use crate::support::{Run, Scratch};

fn go(scratch: &Scratch, policy: &str) -> Run {
    scratch.write("seaworthy.toml", policy);
    guarded(scratch, &["go", "build", "-o", "app"])
}

const SQLITE: &str = "example.org/go-sqlite → example.org/go-sqlite/store";
/// Who turned cgo on in these tests.
const BY: &str = "; `CGO_ENABLED=1`, set by the environment";
const JIEBA: &str = "example.org/go-cpp → example.org/go-cpp/words";

#[test]
#[ignore = "slow: make test-projects"]
fn sqlite_by_cgo_is_named_and_linked_in_statically_passes() {
    requires!("go", "gcc", "musl-gcc");
    let scratch = Scratch::fixture("projects/go-sqlite");
    let done = go(&scratch, "go.cgo = 'allow'").env("CGO_ENABLED", "1").run().expect_code(3);
    let (blame, help) = blame_of(&done, "dynamic-loader");
    let module = "github.com/mattn/go-sqlite3 v1.14.28";
    let wanted = format!("package `github.com/mattn/go-sqlite3` ({module}) uses cgo, imported by {SQLITE}{BY}");
    assert_eq!(blame, wanted);
    assert!(help.contains("modernc.org/sqlite") && help.contains("go.cc = \"musl-gcc\""), "{help}");
    go(&scratch, "go.cgo = 'static'\ngo.cc = 'musl-gcc'").run().expect_code(0);
    let opened = Run::program(scratch.join("app")).run().expect_code(0);
    assert_eq!(opened.stdout(), "<nil>\n");
}

#[test]
#[ignore = "slow: make test-projects"]
fn sqlite_without_cgo_is_a_stub_and_the_package_is_named() {
    requires!("go");
    let scratch = Scratch::fixture("projects/go-sqlite");
    let done = go(&scratch, "").run().expect_code(3);
    let (blame, help) = blame_of(&done, "go-stub");
    let wanted =
        format!("package `github.com/mattn/go-sqlite3` (github.com/mattn/go-sqlite3 v1.14.28), imported by {SQLITE}");
    assert_eq!(blame, wanted);
    assert!(help.contains("modernc.org/sqlite"), "{help}");
}

#[test]
#[ignore = "slow: make test-projects"]
fn cpp_code_is_named_with_and_without_cgo_and_linked_in_statically_passes() {
    requires!("go", "gcc", "c++");
    let scratch = Scratch::fixture("projects/go-cpp");
    let off = go(&scratch, "").run().expect_code(1).expect_stderr("undefined: gojieba.NewJieba");
    let found = hints(&off);
    assert_eq!(found.len(), 1, "{found:?}");
    let cause =
        format!("package `github.com/yanyiwu/gojieba` (github.com/yanyiwu/gojieba v1.4.6), imported by {JIEBA},");
    assert!(found[0].0.starts_with(&cause), "{found:?}");
    assert!(found[0].0.contains("has what is undefined in its cgo files, such as `jieba.go`"), "{found:?}");

    let on = go(&scratch, "go.cgo = 'allow'").env("CGO_ENABLED", "1").run().expect_code(3);
    let (blame, help) = blame_of(&on, "dynamic-loader");
    let module = "github.com/yanyiwu/gojieba v1.4.6";
    assert_eq!(blame, format!("package `github.com/yanyiwu/gojieba` ({module}) uses cgo, imported by {JIEBA}{BY}"));
    assert!(help.contains("C++") && !help.contains("musl-gcc"), "{help}");
    go(&scratch, "go.cgo = 'static'").run().expect_code(0);
}
