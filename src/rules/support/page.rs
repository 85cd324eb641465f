//! A rule as a page to read: for `explain` and for `docs/rules.md`.

use crate::facts::Format;
use crate::policy::Level;
use crate::rules::{RULES, Rule, unreadable_binary};

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

impl Rule {
    /// Whether its findings belong to a file, not to the run or the policy.
    fn takes_exceptions(&self) -> bool {
        self.check.is_some() || self.id == unreadable_binary::RULE.id
    }

    /// How a policy sets the rule's level, and lets one file through; lines of TOML that hold as they are.
    pub fn in_policy(&self) -> String {
        let (own, other) = match self.default {
            Level::Allow => ("warn", "\"deny\""),
            Level::Warn => ("deny", "\"allow\""),
            Level::Deny => ("warn", "\"allow\""),
        };
        let mut text = format!("[rules]\n{} = \"{own}\" # or {other}; without it `{}`\n", self.id, level(self.default));
        if self.takes_exceptions() {
            let exception = "[[exception]] # for the files that match; it is shown with every report";
            text += &format!(
                "\n{exception}\nrule = \"{}\"\nartifact = \"dist/*\"\nreason = \"why it may be so\"\n",
                self.id
            );
        }
        text
    }
}

/// Every rule as one Markdown document: `docs/rules.md`.
pub fn handbook() -> String {
    let mut text = String::from(
        "# Rules\n\nMade from the rules themselves; `seaworthy explain RULE` shows the same page, and `explain` takes a whole\n\
         `error[RULE]` as well. The level is that of a run without a policy: `deny` fails the build, `warn` does not, `allow`\n\
         says nothing. `[rules]` of `seaworthy.toml` sets another one (`debug-info = \"warn\"`), and an `[[exception]]` lets a\n\
         finding through for one file; [policy.md](policy.md) has both.\n\n\
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::policy::parse_str;

    #[test]
    fn what_a_page_says_of_the_policy_is_a_policy() {
        for rule in RULES {
            let text = rule.in_policy();
            let policy = parse_str(&text, Path::new("seaworthy.toml")).unwrap_or_else(|_| panic!("{text}"));
            let set = policy.for_artifact("elsewhere/app", None).level(rule.id, rule.default);
            assert_ne!(set.value, rule.default, "{text}");
            assert_eq!(policy.exceptions.len(), usize::from(rule.takes_exceptions()), "{text}");
        }
    }
}
