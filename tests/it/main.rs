//! The integration tests: one binary, one module per question. They run the real program on real builds; nothing is mocked.

#[macro_use]
mod support;

#[cfg(unix)]
mod adoption; // Do the wheel, the hooks and the action work with the real programs?
mod bench; // Is what measures speed right in its arithmetic?
mod blame; // Is the culprit named, and does the advice work?
mod cli; // Does the command line say what it takes, and refuse the rest?
mod cross; // Do builds for other systems come out, get recognised, and pass?
mod diff; // Is what changed between two builds told, and does a baseline hold?
mod facts_elf; // Are ELF files read as what they are, and damaged ones refused?
mod facts_macho; // … Mach-O files?
mod facts_pe; // … PE images?
mod facts_schema; // Does the JSON form of facts keep to its schema?
mod faults; // Does it hold when the machine does not?
#[path = "../../fuzz/src/container.rs"]
mod fuzz_container; // Do readers get as far as the bytes that the fuzzer makes up?
mod hardening; // Is every hardening property told from the others?
mod harness; // Does the harness itself hold?
#[cfg(unix)]
mod images; // Are images judged by what starts in them, and hostile ones refused?
mod init; // Does `seaworthy init` write what works, and touch nothing?
mod instructions; // Is it said what machine code uses, and never held against it?
mod library; // Does the public API do what its example shows?
mod link; // Does the linker guard judge links and pass on questions?
mod manifest; // Does the platform signature say what was built, the same every time?
mod matrix; // Does the table say where each binary runs?
mod parity; // Is a wrapped cargo told from the bare one?
mod parity_go; // … go?
mod parity_terminal; // … on a terminal?
mod plan; // Does the plan for cargo hold in real builds?
mod plan_go; // … for go?
mod policy; // Are bad policies refused, each in its own words?
mod progress; // Is long work seen on a terminal, and nowhere else?
mod projects; // Are third parties named rightly, and does the advice work for them? Slow: `make test-projects`.
mod readme; // Do the README and the documentation tell the truth?
mod report; // Do reports say everything, safely, and keep their form?
mod rules; // Does the list of rules keep its shape, and does every page about rules come from them?
mod rules_matrix; // Does every rule fire on what it is about, and on nothing else?
mod self_build; // Does the tool build itself through itself?
mod shim; // Do shims put the guard in front, and never run in circles?
mod signals; // Do signals reach the tool, and does the wrapper end as it ended?
mod tampering; // Is a signature that was tampered with caught, by the rule about it alone?
mod tidy; // Are the house rules kept?
mod traps_cargo; // Do cargo builds that are not what they seem get the right verdict?
mod traps_go; // Do Go builds that are not what they seem get the right verdict?
mod trust; // Is nothing run, written or told that nobody asked for?
mod verify; // Is a machine refused for what it lacks, and for nothing else?
