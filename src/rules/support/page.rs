//! A rule as a page to read: for `explain` and for `docs/rules.md`.

use crate::facts::Format;
use crate::policy::Level;
use crate::rules::{RULES, Rule};

impl Rule {
    /// The rule's whole page, in Markdown.
    pub fn page(&self) -> String {
        let formats: Vec<String> = self.formats.iter().map(Format::to_string).collect();
        format!(
            "# {}\n\n> {}\n\nLevel without a policy: `{}`. Formats: {}. Since {}.\n\n{}",
            self.id,
            self.summary,
            level(self.default),
            formats.join(", "),
            self.since,
            self.docs
        )
    }
}

/// Every rule as one Markdown document: `docs/rules.md`.
pub fn handbook() -> String {
    let mut text = String::from(
        "# Rules\n\nMade from the rules themselves; `seaworthy explain RULE` shows the same page.\n\n\
         | rule | says | level | formats |\n|---|---|---|---|\n",
    );
    for rule in RULES {
        let formats: Vec<String> = rule.formats.iter().map(Format::to_string).collect();
        let row = format!(
            "| [`{0}`](#{0}) | {1} | {2} | {3} |\n",
            rule.id,
            rule.summary,
            level(rule.default),
            formats.join(", ")
        );
        text.push_str(&row);
    }
    for rule in RULES {
        text.push('\n');
        // One level down, so that the document has one title.
        for line in rule.page().lines() {
            let is_heading = line.starts_with("# ") || line.starts_with("## ");
            text.push_str(if is_heading { "#" } else { "" });
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}
