//! What becomes of every rule when a slice is judged, before anybody looks into it: that is up to the policy and the format alone.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::facts::Format;
use crate::policy::levels::Effective;
use crate::rules::{Rule, Subject, Verdict};

/// A rule that the policy does not allow, and what becomes of it.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) rule: &'static Rule,
    /// How it is asked, or why it does not look at the format.
    pub(super) check: Result<fn(&Subject<'_>) -> Verdict, &'static str>,
}

/// The steps of a run, worked out once for each format.
pub(super) struct Docket<'a> {
    rules: &'a [&'static Rule],
    general: [OnceLock<Vec<Step>>; 3],
}

impl<'a> Docket<'a> {
    pub(super) fn new(rules: &'a [&'static Rule]) -> Self {
        Docket { rules, general: Default::default() }
    }

    /// The steps for a slice of this format: the same ones for all files, unless an `[[artifact]]` entry has levels of its own.
    pub(super) fn steps(&self, effective: &Effective<'_>, format: Format) -> Cow<'_, [Step]> {
        if effective.has_own_levels() {
            return Cow::Owned(self.list(effective, format));
        }
        let [elf, pe, macho] = &self.general;
        let general = match format {
            Format::Elf => elf,
            Format::Pe => pe,
            Format::MachO => macho,
        };
        Cow::Borrowed(general.get_or_init(|| self.list(effective, format)))
    }

    fn list(&self, effective: &Effective<'_>, format: Format) -> Vec<Step> {
        let step = |rule: &'static Rule| {
            // Without a check of its own the rule is about the run as a whole.
            let check = rule.check.filter(|_| !effective.is_allowed(rule.id, rule.default))?;
            let is_for = rule.formats.contains(&format);
            Some(Step { rule, check: if is_for { Ok(check) } else { Err(other_format(rule.formats, format)) } })
        };
        self.rules.iter().copied().filter_map(step).collect()
    }
}

/// Why a rule for `formats` does not look at a slice.
fn other_format(formats: &[Format], format: Format) -> &'static str {
    match (formats, format) {
        ([Format::Elf], Format::Pe) => "asked of ELF only, and this is PE",
        ([Format::Elf], _) => "asked of ELF only, and this is Mach-O",
        ([Format::Pe], Format::Elf) => "asked of PE only, and this is ELF",
        ([Format::Pe], _) => "asked of PE only, and this is Mach-O",
        ([Format::MachO], Format::Elf) => "asked of Mach-O only, and this is ELF",
        ([Format::MachO], _) => "asked of Mach-O only, and this is PE",
        (_, Format::Elf) => "asked of PE and Mach-O only, and this is ELF",
        (_, Format::Pe) => "asked of ELF and Mach-O only, and this is PE",
        (_, Format::MachO) => "asked of ELF and PE only, and this is Mach-O",
    }
}
