//! Do the README and the pages below `docs/` tell the truth? Every command block in them is run, and its output compared.
//!
//! A block marked `console` holds commands after `$ ` and what they print, standard output and standard error as a terminal
//! shows them; lines after `> ` go on with the command. `[..]` stands for anything within a line, a line of `...` for any number of lines. A block runs in one shell,
//! beside a copy of `examples/`. `SEAWORTHY_BLESS=1` writes what really came out.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use snapbox::IntoData;

use crate::support::{Run, Scratch, have, is_waiting, repository};

/// Commands that run all of this themselves, and so cannot be run from here; `.ci/run` runs them.
const RUN_ELSEWHERE: &[&str] = &["make demo", "make test", "cargo install --path . --locked"];

/// Tools that the command blocks name.
const TOOLS: &[&str] = &[
    "sh",
    "make",
    "go",
    "gcc",
    "musl-gcc",
    "umoci",
    "zig",
    "x86_64-w64-mingw32-g++",
    "rust-std:x86_64-unknown-linux-musl",
];

/// Held while the README is read or written: with `SEAWORTHY_BLESS` two tests write it.
static PAGE: Mutex<()> = Mutex::new(());

/// One command with the output that the README shows.
#[derive(Debug, Default)]
struct Step {
    command: String,
    output: String,
}

/// Every `console` block of a page, with the byte range of its inside.
fn blocks(page: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = page[from..].find("```console\n") {
        let start = from + open + "```console\n".len();
        let end = start + page[start..].find("```\n").expect("a block that is opened is closed");
        found.push(start..end);
        from = end;
    }
    found
}

fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), ..Step::default() }),
            (None, Some(step)) if line.starts_with("> ") && step.output.is_empty() => {
                _ = write!(step.command, "\n{}", &line[2..]);
            }
            (None, Some(step)) => _ = writeln!(step.output, "{line}"),
            (None, None) => panic!("output before the first command: {line}"),
        }
    }
    steps
}

/// Runs the commands in one shell, so that `cd` and `$?` mean what they mean to a reader; each one's output apart.
fn run(steps: &[Step]) -> Vec<String> {
    const MARK: &str = "\u{1e}";
    let scratch = Scratch::examples();
    let programs = scratch.programs(&["seaworthy", "cargo-seaworthy", "seaworthy-cc", "seaworthy-ld"]);
    let mut script = String::from("status=0\n");
    for step in steps {
        // A subshell hands the status of the last command on to a following `echo $?`.
        _ = writeln!(script, "(exit $status); {}\nstatus=$?; printf '{MARK}'", step.command);
    }
    let path =
        std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&crate::support::tools_path())));
    let shell = Run::program("sh").args(["-c", "exec 2>&1; eval \"$0\"", &script]).cwd(scratch.path());
    let done = shell.env("PATH", path.expect("PATH was split at its separators")).run();
    let root = scratch.path().display().to_string();
    let shown = without_tool_directories(&done.stdout().replace(&root, "[ROOT]"));
    let mut outputs: Vec<String> = shown.split(MARK).map(redact).collect();
    outputs.pop();
    if outputs.len() != steps.len() {
        done.fail("not every command came to an end");
    }
    outputs
}

/// Replaces what differs between two runs or machines: times, sizes, versions, and where things lie.
fn redact(output: &str) -> String {
    let mut lines = String::new();
    // Another cargo on this machine is not part of the story.
    for line in output.lines().filter(|line| !is_waiting(line)) {
        let line = match (line.split_once(" target(s) in "), line.strip_suffix(" bytes)")) {
            _ if line.starts_with("  ok  ") => without_machine(line),
            (Some((start, _)), _) => format!("{start} target(s) in [..]s"),
            (_, Some(start)) => format!("{} ([..] bytes)", start.rsplit_once(" (").map_or(start, |(name, _)| name)),
            _ => VERSIONED.iter().fold(line.replace("[ROOT]", "[..]"), |line, name| without_version(&line, name)),
        };
        _ = writeln!(lines, "{line}");
    }
    lines
}

/// A line of a verification without what is this build's and this machine's own: the digest, the release of the kernel.
fn without_machine(line: &str) -> String {
    match (line.split_once("…, "), line.rsplit_once("  Linux ")) {
        (Some((start, _)), _) => format!("{}[..]  the same", start.trim_end_matches(|c: char| c.is_ascii_hexdigit())),
        (_, Some((start, _))) => format!("{start}  Linux [..]"),
        _ => line.to_owned(),
    }
}

/// What a version stands behind, in the lines about artifacts.
const VERSIONED: &[&str] = &[" go1.", " musl", " glibc", " linux "];

/// Takes the version out of a line about an artifact.
fn without_version(line: &str, name: &str) -> String {
    let Some((before, after)) = line.split_once(name).filter(|_| line.starts_with("ok: ")) else {
        return line.to_owned();
    };
    let version = |c: char| c.is_ascii_digit() || matches!(c, '.' | '>' | '=');
    let rest = match after.split_once(" linked in") {
        Some((_, rest)) if name != " linux " && name != " go1." => format!(" linked in{rest}"),
        _ => after.trim_start_matches(version).to_owned(),
    };
    format!("{before}{name}[..]{rest}")
}

/// The directories the real tools lie in, which plans show.
fn without_tool_directories(output: &str) -> String {
    ["cargo", "go"].iter().fold(output.to_owned(), |output, tool| {
        match which::which_in(tool, Some(crate::support::tools_path()), ".") {
            Ok(path) => output.replace(&path.display().to_string(), &format!("[ROOT]/{tool}")),
            Err(_) => output,
        }
    })
}

fn written(steps: &[Step], outputs: &[String]) -> String {
    steps.iter().zip(outputs).map(|(step, output)| shown(step, output)).collect()
}

/// A command as a shell shows it, and what it printed.
fn shown(step: &Step, output: &str) -> String {
    format!("$ {}\n{output}", step.command.replace('\n', "\n> "))
}

/// The README, and every page of the documentation.
fn pages() -> Vec<PathBuf> {
    let mut found = vec![repository().join("README.md")];
    let mut open = vec![repository().join("docs")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("there is documentation") {
            let path = entry.expect("a directory entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_command_block_prints_what_it_says() {
    if !have(TOOLS) {
        return;
    }
    let _held = PAGE.lock();
    for path in pages() {
        let page = std::fs::read_to_string(&path).expect("it was just found");
        let is = commands(&page);
        if overwrite() {
            std::fs::write(&path, is).expect("documentation is writable");
        } else {
            // As it is: a backslash of a command is none of a path.
            snapbox::Assert::new().eq(is.raw(), page.raw());
        }
    }
}

/// The page with what its commands really print.
fn commands(page: &str) -> String {
    let mut page = page.to_owned();
    for block in blocks(&page).into_iter().rev() {
        let steps = steps(&page[block.clone()]);
        if !steps.iter().all(|step| RUN_ELSEWHERE.contains(&step.command.as_str())) {
            page.replace_range(block, &written(&steps, &run(&steps)));
        }
    }
    page
}

/// The table of rules, as the rules themselves have it.
fn rules_table() -> String {
    let mut table = String::from("| rule | finds | by default |\n|---|---|---|\n");
    for rule in seaworthy::rules::RULES {
        let level = format!("{:?}", rule.default).to_lowercase();
        _ = writeln!(table, "| `{}` | {} | {level} |", rule.id, rule.summary);
    }
    table
}

#[test]
fn the_table_of_rules_is_the_rules_own() {
    let _held = PAGE.lock();
    let path = repository().join("README.md");
    let mut page = std::fs::read_to_string(&path).expect("there is a README.md");
    let begin =
        page.find("<!-- rules: begin -->\n").expect("the table has a beginning") + "<!-- rules: begin -->\n".len();
    let end = page.find("<!-- rules: end -->").expect("the table has an end");
    if overwrite() {
        page.replace_range(begin..end, &rules_table());
        std::fs::write(&path, page).expect("the README is writable");
    } else {
        snapbox::Assert::new().eq(&page[begin..end], rules_table());
    }
}

/// Whether to write what really came out instead of comparing.
fn overwrite() -> bool {
    std::env::var_os("SEAWORTHY_BLESS").is_some()
}

#[test]
fn it_opens_with_one_sentence_and_two_commands() {
    let page = std::fs::read_to_string(repository().join("README.md")).expect("there is a README.md");
    let mut parts = page.splitn(4, "\n\n");
    assert_eq!(parts.next(), Some("# seaworthy"));
    let sentence = parts.next().unwrap_or_default();
    assert_eq!(sentence.matches(". ").count() + sentence.matches(".\n").count(), 0, "one sentence: {sentence}");
    assert!(sentence.ends_with('.'));
    let commands = parts.next().unwrap_or_default();
    assert_eq!(commands, "```console\n$ make demo\n$ make test\n```");
}

/// What stands between two marks of a page.
fn between_marks(page: &str, name: &str) -> String {
    let page = std::fs::read_to_string(repository().join(page)).expect("the page is there");
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let inside = page.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    inside.unwrap_or_else(|| panic!("there are marks for {name}")).0.to_owned()
}

/// The first number of a cell, and whether there is one.
fn number(cell: &str) -> Option<f64> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let start = cell.find(|c: char| c.is_ascii_digit())?;
    let rest = &cell[start..];
    rest[..rest.find(|c| !digits(c)).unwrap_or(rest.len())].replace(',', "").parse().ok()
}

/// Figures are of a machine and a day; that a verdict follows from figure and limit is of every day.
#[test]
fn tables_of_measurements_keep_their_form() {
    for (page, columns) in [("README.md", [1, 2, 3]), ("docs/performance.md", [1, 3, 4])] {
        let inside = between_marks(page, "performance");
        assert!(inside.starts_with("Measured on 20") && inside.contains("with `make bench"), "{page}: {inside}");
        let rows: Vec<Vec<&str>> = inside
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| what |") && !line.starts_with("| driver |"))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert!(rows.len() > 8, "{page} has a table");
        for row in rows {
            let [figure, limit, verdict] = columns.map(|column| *row.get(column).expect("a table has all its columns"));
            let verdict = verdict.trim_matches('*');
            assert!(["met", "missed", "not measured", "for comparison"].contains(&verdict), "{page}: {row:?}");
            // What is equal as it is shown may differ in digits that are not.
            if let (Some(figure), Some(limit)) = (number(figure), limit.strip_prefix('≤').and_then(number)) {
                assert!(figure == limit || (figure < limit) == (verdict == "met"), "{page}: {row:?}");
            }
        }
    }
}
