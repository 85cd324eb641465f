//! Is every hardening property told from the others? Programs as they should be, and the same with one property changed at a
//! time: exactly the rule about that property must say so, and nothing else may. After the tests that Bitcoin Core has for
//! the checker of its own releases.

mod elf;
mod macho;
mod pe;

use crate::support::Scratch;

/// One program: what is different about it, the commands that build it as `$OUT`, and the rules that say so.
type Row = (&'static str, &'static str, &'static [&'static str]);

/// Builds every row in one directory and compares. What `prepare` runs first, the rows share; `link` is their `$LINKER`.
fn compare(scratch: &Scratch, policy: &str, prepare: &str, link: &str, rows: &[Row]) {
    scratch.write("policy.toml", policy);
    let sh = |commands: &str, name: &str| {
        let run = scratch.program("sh").args(["-euc", commands]).env("OUT", name).env("LINKER", link);
        run.run().expect_code(0);
    };
    sh(prepare, "");
    let names: Vec<String> = (0..rows.len()).map(|number| format!("row-{number}.out")).collect();
    rows.iter().zip(&names).for_each(|((_, build, _), name)| sh(build, name));
    let found = scratch.rules_broken("policy.toml", &names);
    let differing = rows.iter().zip(found).filter(|((.., expected), found)| found != expected);
    let lines: Vec<String> =
        differing.map(|((what, build, _), found)| format!("{what} ({build}): {found:?}")).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}
