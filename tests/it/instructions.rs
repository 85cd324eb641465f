//! What the machine code uses: is it said when asked for, and never held against a file?

use crate::support::Scratch;

const PLAIN: &str = "int main(void) { return 0; }\n";
const WIDE: &str = "int sum(int *from, int *to) {
  int all = 0;
  for (int at = 0; at < 64; at++) all += from[at] * to[at];
  return all;
}
int main(int count, char **arguments) { int numbers[64] = {count}; return sum(numbers, numbers); }\n";
const ASKING: &str = "int main(void) { return __builtin_cpu_supports(\"avx2\") ? 1 : 0; }\n";

#[test]
fn what_the_code_uses_is_said_and_is_no_finding() {
    requires!("gcc");
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", "linkage = \"any\"\n[linux]\ncpu = \"x86-64-v1\"\n");
    for (name, text, flags) in
        [("plain", PLAIN, "-O1"), ("wide", WIDE, "-O3 -mavx2"), ("asking", ASKING, "-O1 -mavx2 -static-libgcc")]
    {
        scratch.write(&format!("{name}.c"), text);
        let arguments = format!("{flags} {name}.c -o {name}");
        scratch.program("gcc").args(arguments.split(' ')).run().expect_code(0);
    }
    let uses = |name: &str| {
        let arguments = ["check", "--scan-instructions", "--format", "json", name];
        scratch.seaworthy().args(arguments).run().expect_code(0).json()["artifacts"][0]["uses"].clone()
    };
    let (plain, wide, asking) = (uses("plain"), uses("wide"), uses("asking"));
    assert_eq!(plain["level"], "x86-64-v1", "{plain}");
    assert_eq!((&wide["level"], &wide["asks_cpu"]), (&"x86-64-v3".into(), &false.into()), "{wide}");
    assert!(wide["features"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "AVX2")), "{wide}");
    assert_eq!(asking["asks_cpu"], true, "{asking}");

    let text = scratch.seaworthy().args(["check", "--scan-instructions", "wide"]).run().expect_code(0);
    assert!(text.stdout().contains("= uses: wide: instructions of x86-64-v3 ("), "{}", text.stdout());
    let silent = scratch.seaworthy().args(["check", "wide"]).run().expect_code(0);
    assert!(!silent.stdout().contains("uses"), "{}", silent.stdout());
    let facts = scratch.seaworthy().args(["facts", "--scan-instructions", "wide"]).run().expect_code(0);
    assert!(facts.stdout().contains("instructions of x86-64-v3"), "{}", facts.stdout());
    let signature = |arguments: &[&str]| {
        let all = [&["check", "--manifest", "m.json", "wide"], arguments].concat();
        scratch.seaworthy().args(all).run().expect_code(0);
        let text = std::fs::read_to_string(scratch.join("m.json")).expect("a platform signature");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["artifacts"][0]["uses"].clone()
    };
    assert!(signature(&[]).is_null());
    let written = signature(&["--scan-instructions"]);
    assert_eq!((&written["level"], &written["asks_cpu"]), (&"x86-64-v3".into(), &false.into()), "{written}");
    assert!(written["features"].as_array().is_some_and(|all| all.contains(&"AVX2".into())), "{written}");
}
