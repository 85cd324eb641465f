//! What a slice needs of the CPU, as far as the file says: a property note, Go's settings, Arm's build attributes.

use super::Cpu;
use crate::facts::elf::ElfFacts;
use crate::facts::{Details, Facts};
use crate::hosts::table::Table;

/// What a file says → the level, and the features it has beyond the baseline of the architecture.
static LEVELS: Table = Table::new(include_str!("../../data/cpu-levels.tsv"));

/// Go's settings that name a CPU, with the architecture each is for.
const GO: &[(&str, &str)] = &[
    ("x86_64", "GOAMD64"),
    ("aarch64", "GOARM64"),
    ("arm", "GOARM"),
    ("i386", "GO386"),
    ("ppc64le", "GOPPC64"),
    ("ppc64", "GOPPC64"),
    ("riscv64", "GORISCV64"),
];

/// Attributes of Arm that name a level or a floating-point unit.
const ATTRIBUTES: &[&str] = &["Tag_CPU_arch", "Tag_FP_arch"];

impl Cpu {
    /// What the slice says.
    pub(super) fn of(facts: &Facts) -> Cpu {
        let mut cpu = Cpu::default();
        if let Some(setting) = go_setting(facts) {
            for key in keys(&setting) {
                cpu.add(&key);
            }
            cpu.setting = Some(setting);
        }
        if let Details::Elf(elf) = &facts.details {
            cpu.add_elf(elf);
        }
        cpu
    }

    fn add_elf(&mut self, elf: &ElfFacts) {
        if let Some(level) = &elf.x86_isa_needed {
            self.add(level);
        }
        for (tag, value) in elf.attributes.iter().filter(|(tag, _)| ATTRIBUTES.contains(&tag.as_str())) {
            self.add(&format!("{tag}={value}"));
        }
    }

    /// Adds what one statement of the file means; of two levels the one with more features stays.
    fn add(&mut self, statement: &str) {
        let (level, features) = match features_of(statement) {
            Some((level, features)) => (level, features),
            // A level that is not in the table yet: named all the same, so that nobody passes over it.
            None => (statement.split_once('=').map_or(statement, |(_, value)| value), Vec::new()),
        };
        let before = self.features.len();
        let new: Vec<String> = features.iter().map(|&feature| feature.to_owned()).collect();
        self.features.extend(new);
        self.features.sort_unstable();
        self.features.dedup();
        if !level.is_empty() && (self.level.is_none() || self.features.len() > before) {
            self.level = Some(level.to_owned());
        }
    }
}

/// The level that a statement or level stands for, and its features beyond the baseline; `None` for one that nobody knows.
pub fn features_of(statement: &str) -> Option<(&'static str, Vec<&'static str>)> {
    let (level, features) = LEVELS.rows(statement).next()?.split_once('\t')?;
    Some((level, features.split_whitespace().collect()))
}

/// Whether a level is known by that name.
pub(crate) fn is_known(level: &str) -> bool {
    LEVELS.all().any(|(_, row)| row.split('\t').next() == Some(level))
}

/// `GOAMD64=v2`.
fn go_setting(facts: &Facts) -> Option<String> {
    let go = facts.go.as_ref()?;
    let (_, key) = GO.iter().find(|(arch, _)| *arch == facts.arch)?;
    go.setting(key).map(|value| format!("{key}={value}"))
}

/// The rows that a setting stands for: `GOAMD64=v2` is a level of x86-64, `GOARM64=v8.0,lse` a level with an option.
fn keys(setting: &str) -> Vec<String> {
    let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
    let mut parts = value.split(',');
    let level = parts.next().unwrap_or_default();
    let options: Vec<&str> = parts.collect();
    let first = match key {
        "GOAMD64" => format!("x86-64-{level}"),
        // Without a floating-point unit the level is all there is.
        "GOARM" if options.contains(&"softfloat") => format!("Tag_CPU_arch={}", soft(level)),
        _ => format!("{key}={level}"),
    };
    let further = options.iter().filter(|_| key == "GOARM64").map(|option| format!("{key}={option}"));
    std::iter::once(first).chain(further).collect()
}

fn soft(goarm: &str) -> &'static str {
    match goarm {
        "7" => "v7",
        "6" => "v6",
        _ => "v5T",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_with(setting: &str) -> Cpu {
        let mut cpu = Cpu::default();
        keys(setting).iter().for_each(|key| cpu.add(key));
        cpu
    }

    #[test]
    fn the_table_is_sorted() {
        LEVELS.assert_sorted();
    }

    #[test]
    fn settings_stand_for_features() {
        assert_eq!(built_with("GOAMD64=v1").features, [""; 0]);
        assert_eq!(built_with("GOAMD64=v1").level.as_deref(), Some("x86-64-v1"));
        let v2 = built_with("GOAMD64=v2");
        assert_eq!(v2.level.as_deref(), Some("x86-64-v2"));
        assert!(v2.features.contains(&"popcnt".to_owned()) && !v2.features.contains(&"avx".to_owned()));
        assert_eq!(built_with("GOARM=7").features, ["armv7", "vfp", "vfpv3"]);
        assert_eq!(built_with("GOARM=7,softfloat").features, ["armv7"]);
        assert_eq!(built_with("GOARM64=v8.0,lse").features, ["atomics"]);
        assert_eq!(built_with("GOARM64=v8.0,lse").level.as_deref(), Some("armv8.0"));
    }

    #[test]
    fn a_level_nobody_knows_is_named_all_the_same() {
        let cpu = built_with("GOAMD64=v9");
        assert_eq!((cpu.level.as_deref(), cpu.features.len()), (Some("x86-64-v9"), 0));
        assert!(!is_known("x86-64-v9") && is_known("x86-64-v4"));
    }

    #[test]
    fn the_higher_of_two_levels_stays() {
        let mut cpu = built_with("GOAMD64=v1");
        cpu.add("x86-64-v3");
        cpu.add("x86-64-v2");
        assert_eq!(cpu.level.as_deref(), Some("x86-64-v3"));
    }
}
