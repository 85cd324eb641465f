//! JUnit XML, for CI systems that show tests: an artifact is a suite, a rule that was asked about it a test.
//!
//! There is no standard; this keeps to what the schemas of Jenkins and Surefire have in common.

use std::fmt::Write as _;

use crate::check::{ArtifactResult, Finding, Reason};
use crate::policy::Level;
use crate::rules::{RULES, unreadable_binary};

use super::{Report, escape, escape_lines, findings, path};

/// Renders `report` as one document.
///
/// What fails the build is a failure, what could not be told and fails it an error. A warning lets its test pass, and is
/// told in the test's output. Rules that do not apply, and findings that the policy lets through, are skipped.
pub fn render(report: &Report) -> String {
    let mut suites: Vec<Suite> = report.artifacts.iter().map(of_artifact).collect();
    suites.push(of_the_run(report));
    let count = |wanted: fn(&Outcome) -> bool| suites.iter().map(|suite| suite.count(wanted)).sum::<usize>();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"seaworthy\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"0\">",
        count(|_| true),
        count(Outcome::is_failure),
        count(Outcome::is_error),
    );
    for suite in suites {
        suite.write(&mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

struct Suite {
    name: String,
    tests: Vec<(String, Outcome)>,
}

enum Outcome {
    Passed,
    /// Passed with something to say.
    Warned(String),
    Skipped(String),
    Failed {
        message: String,
        text: String,
    },
    Error {
        message: String,
        text: String,
    },
}

impl Outcome {
    fn is_failure(&self) -> bool {
        matches!(self, Outcome::Failed { .. })
    }

    fn is_error(&self) -> bool {
        matches!(self, Outcome::Error { .. })
    }

    fn is_skipped(&self) -> bool {
        matches!(self, Outcome::Skipped(_))
    }
}

impl Suite {
    fn count(&self, wanted: fn(&Outcome) -> bool) -> usize {
        self.tests.iter().filter(|(_, outcome)| wanted(outcome)).count()
    }

    fn write(&self, out: &mut String) {
        let name = xml(&self.name);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\">",
            self.tests.len(),
            self.count(Outcome::is_failure),
            self.count(Outcome::is_error),
            self.count(Outcome::is_skipped),
        );
        for (test, outcome) in &self.tests {
            let test = xml(test);
            let _ = write!(out, "    <testcase classname=\"{name}\" name=\"{test}\" time=\"0\"");
            let inside = match outcome {
                Outcome::Passed => String::new(),
                Outcome::Warned(text) => format!("<system-out>{}</system-out>", xml(text)),
                Outcome::Skipped(why) => format!("<skipped>{}</skipped>", xml(why)),
                Outcome::Failed { message, text } => element("failure", &test, message, text),
                Outcome::Error { message, text } => element("error", &test, message, text),
            };
            match inside.as_str() {
                "" => out.push_str("/>\n"),
                inside => {
                    let _ = writeln!(out, ">{inside}</testcase>");
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
}

fn element(name: &str, test: &str, message: &str, text: &str) -> String {
    format!("<{name} type=\"{test}\" message=\"{}\">{}</{name}>", xml(message), xml(text))
}

/// One test per rule that was asked, in the order of the rules; what could not be judged as a whole is one more.
fn of_artifact(result: &ArtifactResult) -> Suite {
    let said = findings::of(result);
    let mut tests = Vec::new();
    for rule in RULES {
        let of_rule: Vec<&Finding> = said.iter().filter(|finding| finding.rule == rule.id).collect();
        let excepted = result.excepted.iter().find(|(finding, _)| finding.rule == rule.id);
        let reason = |list: &[(&'static str, Reason)]| {
            list.iter().find(|(id, _)| *id == rule.id).map(|(_, why)| escape(why).into_owned())
        };
        let outcome = if !of_rule.is_empty() {
            found(&of_rule)
        } else if let Some(why) = reason(&result.inconclusive) {
            Outcome::Skipped(format!("could not be told: {why}"))
        } else if let Some((finding, reason)) = excepted {
            Outcome::Skipped(format!("excepted: {} ({})", findings::sentence(finding), escape(reason)))
        } else if result.passed.contains(&rule.id) {
            Outcome::Passed
        } else if let Some(why) = reason(&result.not_applicable) {
            Outcome::Skipped(format!("not applicable: {why}"))
        } else {
            continue;
        };
        tests.push((rule.id.to_owned(), outcome));
    }
    for finding in said.iter().filter(|finding| finding.rule == findings::INCONCLUSIVE) {
        let text = block(finding);
        let outcome = match finding.level {
            Level::Deny => Outcome::Error { message: findings::sentence(finding).into_owned(), text },
            Level::Warn | Level::Allow => Outcome::Skipped(text),
        };
        tests.push((finding.rule.to_owned(), outcome));
    }
    Suite { name: path(&result.artifact.path).into_owned(), tests }
}

/// What belongs to no artifact: one test per rule about the run, and one that everything could be looked at.
fn of_the_run(report: &Report) -> Suite {
    let about_the_run = RULES.iter().filter(|rule| rule.check.is_none()).map(|rule| rule.id);
    let mut ids: Vec<&str> = about_the_run.filter(|id| *id != unreadable_binary::RULE.id).collect();
    for finding in &report.general {
        if !ids.contains(&finding.rule) {
            ids.push(finding.rule);
        }
    }
    let mut tests: Vec<(String, Outcome)> = Vec::new();
    for id in ids {
        let of_rule: Vec<&Finding> = report.general.iter().filter(|finding| finding.rule == id).collect();
        tests.push((id.to_owned(), if of_rule.is_empty() { Outcome::Passed } else { found(&of_rule) }));
    }
    for problem in &report.problems {
        let message = escape(problem).into_owned();
        tests.push(("reading".to_owned(), Outcome::Error { text: message.clone(), message }));
    }
    Suite { name: "seaworthy".to_owned(), tests }
}

/// All findings of one rule as the outcome of its test; there is at least one.
fn found(findings: &[&Finding]) -> Outcome {
    let text = findings.iter().map(|finding| block(finding)).collect::<Vec<_>>().join("\n\n");
    match findings.iter().find(|finding| finding.level == Level::Deny) {
        Some(worst) => Outcome::Failed { message: findings::sentence(worst).into_owned(), text },
        None => Outcome::Warned(text),
    }
}

/// A finding as the text report has it.
fn block(finding: &Finding) -> String {
    let mut text = format!("{}[{}]: {}", findings::severity(finding.level), finding.rule, findings::sentence(finding));
    for (label, said) in findings::lines(finding) {
        let _ = write!(text, "\n  = {label}: {said}");
    }
    text
}

/// Text for an element or an attribute. What XML 1.0 has no character for is told as an escape sequence (production 2,
/// `Char`).
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape_lines(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // In an attribute a line feed that is not a reference becomes a blank.
            '\n' => out.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::xml;

    #[test]
    fn nothing_ends_an_element_or_an_attribute() {
        assert_eq!(xml("<a b=\"c\">&amp;]]>\n"), "&lt;a b=&quot;c&quot;&gt;&amp;amp;]]&gt;&#10;");
        assert_eq!(xml("\u{0}\u{1b}\u{ffff}\u{fffe}\r\u{d7ff}"), "\\x00\\x1b\\u{ffff}\\u{fffe}\\r\u{d7ff}");
    }
}
