//! The tolerant look at a tool's arguments: where the verb is and what a few flags say.
//!
//! Nothing here is an error. A flag that is not known is stepped over; what cannot be made sense of is left to the tool,
//! whose message is the right one.

mod flags;

use std::ffi::OsString;

pub use flags::{Flag, Flags, Syntax};

use super::Tool;

/// The arguments of one call, split at the verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Index of the verb among the arguments.
    pub verb_at: usize,
    /// The verb as typed.
    pub verb: String,
    /// Flags before the verb.
    pub globals: Vec<Flag>,
    /// `+toolchain`, cargo's first argument under rustup.
    pub toolchain: Option<OsString>,
}

/// Splits the arguments at the verb. `None`: there is none, or a flag before it makes it unimportant (`--help`,
/// `--version`), or it is not text; either way the call is not ours.
pub fn split(tool: Tool, args: &[OsString]) -> Option<Call> {
    let toolchain = args.first().filter(|first| tool == Tool::Cargo && first.as_encoded_bytes().starts_with(b"+"));
    let start = usize::from(toolchain.is_some());
    let mut flags = Flags::new(Syntax::before_verb(tool), args, start);
    let globals: Vec<Flag> = flags.by_ref().collect();
    if globals.iter().any(|flag| ends_the_call(&flag.name)) {
        return None;
    }
    let verb_at = flags.next_word();
    let verb = args.get(verb_at)?.to_str()?.to_owned();
    Some(Call { verb_at, verb, globals, toolchain: toolchain.cloned() })
}

/// Flags after which the verb does not count.
fn ends_the_call(name: &str) -> bool {
    matches!(name, "h" | "help" | "V" | "version" | "list" | "explain")
}

/// Whether this call is surely none of ours, told from the arguments alone: no policy, no configuration is read. The
/// tool can be `exec`ed at once. `false` means "perhaps"; [`super::look`] then knows.
pub fn is_pass_through(tool: Tool, args: &[OsString]) -> bool {
    let Some(call) = split(tool, args) else { return true };
    if only_tells(tool, &call, args) {
        return true;
    }
    match tool {
        Tool::Go => !matches!(call.verb.as_str(), "build" | "install"),
        Tool::Cargo => super::cargo::is_other_built_in(&call.verb),
    }
}

/// Whether the verb's flags make it print something instead of building: `--help`, `go build -n`, `cargo install --list`.
pub fn only_tells(tool: Tool, call: &Call, args: &[OsString]) -> bool {
    Flags::new(Syntax::after_verb(tool), args, call.verb_at + 1).any(|flag| tells(tool, &call.verb, &flag))
}

/// See [`only_tells`]; for one flag.
pub fn tells(tool: Tool, verb: &str, flag: &Flag) -> bool {
    let name = flag.name.as_str();
    match tool {
        Tool::Go => matches!(name, "h" | "help") || (name == "n" && flag.is_on()),
        Tool::Cargo => match name {
            "h" | "help" | "unit-graph" | "build-plan" => true,
            "print" => verb == "rustc",
            "list" => verb == "install",
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_verb_is_found_behind_global_options() {
        for (line, verb, at) in [
            ("build", "build", 0),
            ("+nightly build", "build", 1),
            ("--color always --config a=1 -Zx -Z y -vq build", "build", 8),
            ("-C dir --config=a.b='x' b --release", "b", 3),
        ] {
            let call = split(Tool::Cargo, &words(line)).expect(line);
            assert_eq!((call.verb.as_str(), call.verb_at), (verb, at), "{line}");
        }
        let call = split(Tool::Go, &words("-C dir build")).expect("a verb");
        assert_eq!((call.verb.as_str(), call.verb_at), ("build", 2));
    }

    #[test]
    fn what_builds_nothing_passes_at_once() {
        for line in
            ["", "--version", "-V build", "--list", "+nightly", "help build", "build --help", "build -vh", "run"]
                .into_iter()
                .chain(["metadata", "install --list", "rustc --print cfg", "test --no-run"])
        {
            assert!(is_pass_through(Tool::Cargo, &words(line)), "{line}");
        }
        for line in ["", "version", "mod tidy", "build -n", "build -h", "install --help ./x", "test -c", "run ."] {
            assert!(is_pass_through(Tool::Go, &words(line)), "{line}");
        }
    }

    #[test]
    fn what_may_build_does_not() {
        for line in ["build", "b", "+stable rustc -- --help", "zz", "r", "build -- -h", "install ripgrep", "zigbuild"] {
            assert!(!is_pass_through(Tool::Cargo, &words(line)), "{line}");
        }
        for line in ["build", "install ./...", "build -n=false", "build -ldflags -h .", "-C x build -o y"] {
            assert!(!is_pass_through(Tool::Go, &words(line)), "{line}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_verb_that_is_not_text_is_not_ours() {
        use std::os::unix::ffi::OsStringExt;
        assert!(is_pass_through(Tool::Cargo, &[OsString::from_vec(vec![b'b', 0xff])]));
    }
}
