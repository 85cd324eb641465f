//! Rule pages as HTML. They use little of Markdown: headings, paragraphs, lists, fenced code, code in a sentence.

use super::words::{prose, text};

/// The page of a rule; a heading stands one level below the rule's name.
pub(super) fn html(markdown: &str) -> String {
    let mut page = Page::default();
    for line in markdown.trim().lines() {
        page.line(line);
    }
    page.close();
    page.out
}

#[derive(Default)]
struct Page {
    out: String,
    /// What is open: lines of it that were read so far.
    open: Option<(Block, String)>,
    in_list: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Block {
    Paragraph,
    Item,
    Code,
}

impl Page {
    fn line(&mut self, line: &str) {
        if let Some((Block::Code, code)) = &mut self.open {
            if line.trim_start().starts_with("```") {
                self.close();
            } else {
                code.push_str(line);
                code.push('\n');
            }
            return;
        }
        if line.trim_start().starts_with("```") {
            self.start(Block::Code, "");
        } else if let Some(heading) = line.strip_prefix("## ") {
            self.close();
            self.end_list();
            self.out.push_str(&format!("<h4>{}</h4>\n", prose(heading)));
        } else if let Some(item) = line.strip_prefix("- ") {
            self.start(Block::Item, item);
        } else if line.trim().is_empty() {
            self.close();
        } else if let Some((_, words)) = &mut self.open {
            words.push(' ');
            words.push_str(line.trim());
        } else {
            self.start(Block::Paragraph, line.trim());
        }
    }

    fn start(&mut self, block: Block, words: &str) {
        self.close();
        match (block == Block::Item, self.in_list) {
            (true, false) => self.out.push_str("<ul>\n"),
            (false, true) => self.end_list(),
            _ => {}
        }
        self.in_list = block == Block::Item;
        self.open = Some((block, words.to_owned()));
    }

    fn close(&mut self) {
        let Some((block, words)) = self.open.take() else { return };
        self.out.push_str(&match block {
            Block::Paragraph => format!("<p>{}</p>\n", prose(&words)),
            Block::Item => format!("<li>{}</li>\n", prose(&words)),
            // Line by line: within a line nothing but text is let through.
            Block::Code => {
                let lines: Vec<String> = words.lines().map(text).collect();
                format!("<pre tabindex=\"0\"><code>{}</code></pre>\n", lines.join("\n"))
            }
        });
    }

    fn end_list(&mut self) {
        if std::mem::take(&mut self.in_list) {
            self.out.push_str("</ul>\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn the_markdown_of_rule_pages_is_understood() {
        let page = "## What\nOne `a<b`\nline.\n\nTwo.\n```text\na\n  <b>\n```\n- x\n  y\n- z\n\n## Fix\nEnd.";
        assert_eq!(
            html(page),
            "<h4>What</h4>\n<p>One <code>a&lt;b</code> line.</p>\n<p>Two.</p>\n<pre tabindex=\"0\"><code>a\n  &lt;b&gt;</code></pre>\n\
             <ul>\n<li>x y</li>\n<li>z</li>\n</ul>\n<h4>Fix</h4>\n<p>End.</p>\n"
        );
    }

    #[test]
    fn every_rule_page_uses_only_what_is_understood() {
        for rule in crate::rules::RULES {
            let mut code = false;
            for line in rule.docs.lines() {
                code ^= line.trim_start().starts_with("```");
                let known =
                    !line.starts_with(['|', '>', '*', '+', '1']) && !line.starts_with("# ") && !line.contains("](");
                assert!(code || known, "{}: {line}", rule.id);
            }
            assert!(!code, "{}: a block of code does not end", rule.id);
            assert!(!html(rule.docs).contains("**"), "{}", rule.id);
        }
    }
}
