//! Settings of go that made a program what it is: a value that replaced another, or turned cgo on; and where each was set.

use crate::plan::users::GoSetting;
use crate::rules::Cause;

/// A flag of which go takes the last value alone.
struct Replaced {
    name: &'static str,
    /// Causes it matters for.
    matters: fn(&Cause) -> bool,
    /// Words whose loss explains them.
    words: &'static [&'static str],
}

const REPLACED: &[Replaced] = &[
    Replaced { name: "ldflags", matters: is_about_loading, words: &["-static", "linkmode"] },
    Replaced { name: "ldflags", matters: is_about_debug_info, words: &["-s", "-w"] },
    Replaced { name: "tags", matters: is_about_loading, words: &["netgo", "osusergo"] },
];

fn is_about_loading(cause: &Cause) -> bool {
    matches!(cause, Cause::Cgo | Cause::Loader(_))
}

fn is_about_debug_info(cause: &Cause) -> bool {
    matches!(cause, Cause::Setting(name) if name == "debug-info")
}

/// Values that lost words which would have kept these causes off, because a later value took their place.
pub(super) fn replaced(settings: &[GoSetting], causes: &[Cause]) -> Vec<String> {
    let mut phrases: Vec<String> = Vec::new();
    for Replaced { name, matters, words } in REPLACED {
        // `pattern=` restricts a value to some packages: those do not replace each other.
        let values = settings.iter().filter(|setting| setting.name == *name && !has_pattern(setting));
        let Some((last, earlier)) = values.collect::<Vec<_>>().split_last().map(|(last, rest)| (*last, rest.to_vec()))
        else {
            continue;
        };
        if !causes.iter().any(matters) {
            continue;
        }
        for lost in earlier {
            let is_lost = |word: &&&str| has(&lost.value, word) && !has(&last.value, word);
            let phrase = || {
                format!(
                    "`-{name}={}` of {} replaces `-{name}={}` of {}: go takes the last one alone",
                    last.value, last.place, lost.value, lost.place
                )
            };
            phrases.extend(words.iter().find(is_lost).map(|_| phrase()));
        }
    }
    phrases.dedup();
    phrases
}

/// The place that turned cgo on.
pub(super) fn cgo_by(settings: &[GoSetting]) -> Option<String> {
    let set = settings.iter().rfind(|setting| setting.name == "CGO_ENABLED" && setting.value == "1")?;
    Some(format!("`CGO_ENABLED=1`, set by {}", set.place))
}

/// The place of the build mode that counts.
pub(super) fn build_mode_by(settings: &[GoSetting]) -> Option<&str> {
    settings.iter().rfind(|setting| setting.name == "buildmode").map(|setting| setting.place.as_str())
}

fn has_pattern(setting: &GoSetting) -> bool {
    setting.name == "ldflags" && !setting.value.trim_start().starts_with('-') && setting.value.contains('=')
}

/// Whether a value has the word, in a list of flags or tags.
fn has(value: &str, word: &str) -> bool {
    let parts = value.split([' ', ',', '=', '\'', '"']);
    parts.into_iter().any(|part| part == word || (word.len() > 2 && part.trim_start_matches('-') == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &'static str, value: &str, place: &str) -> GoSetting {
        GoSetting { name, value: value.into(), place: place.into() }
    }

    #[test]
    fn only_a_loss_that_explains_the_cause_is_named() {
        let loader = [Cause::Loader("/lib/ld.so".into())];
        let set = [
            setting("ldflags", "-linkmode=external -extldflags=-static", "GOFLAGS in /e"),
            setting("ldflags", "-X a.b=c", "the command line"),
        ];
        let found = replaced(&set, &loader);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("`-ldflags=-X a.b=c` of the command line replaces") && found[0].contains("GOFLAGS in /e")
        );
        assert!(replaced(&set[..1], &loader).is_empty());
        assert!(replaced(&set, &[Cause::ExecutableStack]).is_empty());
        let kept = [set[0].clone(), setting("ldflags", "-linkmode external -extldflags '-static -g'", "x")];
        assert!(replaced(&kept, &loader).is_empty());
    }

    #[test]
    fn lost_tags_are_named_and_patterns_replace_nothing() {
        let loader = [Cause::Cgo];
        let tags = [setting("tags", "netgo,x", "GOFLAGS in /e"), setting("tags", "y", "the command line")];
        assert_eq!(replaced(&tags, &loader).len(), 1);
        let flags = [setting("ldflags", "-extldflags=-static", "a"), setting("ldflags", "x.org/...=-w", "b")];
        assert!(replaced(&flags, &loader).is_empty());
    }

    #[test]
    fn the_last_word_on_cgo_counts() {
        let set = [setting("CGO_ENABLED", "1", "/root/.config/go/env")];
        assert_eq!(cgo_by(&set).unwrap(), "`CGO_ENABLED=1`, set by /root/.config/go/env");
        assert_eq!(cgo_by(&[]), None);
    }
}
