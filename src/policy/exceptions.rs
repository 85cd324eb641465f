//! Exceptions: findings the policy lets through, with a reason and an end.

use jiff::civil::Date;
use serde::Serialize;

use super::{FileNames, Origin, Pattern, Setting};

/// `[[exception]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// `rule`.
    pub rule: Setting<String>,
    /// `artifact`: a glob as in `[[artifact]]`.
    pub artifact: Setting<Pattern>,
    /// `reason`: required.
    pub reason: String,
    /// `until`: last day on which it holds, as `2027-03-01`.
    #[serde(serialize_with = "iso")]
    pub until: Option<Setting<Date>>,
    /// Where the entry starts.
    pub origin: Origin,
}

impl Exception {
    /// Whether it is meant for this rule and this file.
    pub fn covers(&self, rule: &str, names: &FileNames) -> bool {
        self.rule.value == rule && self.artifact.value.matches_file(names)
    }

    /// Whether its last day is over; that day itself still counts.
    pub fn has_expired(&self, today: Date) -> bool {
        self.until.as_ref().is_some_and(|until| until.value < today)
    }
}

fn iso<S: serde::Serializer>(until: &Option<Setting<Date>>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = until.as_ref().map(|until| Setting { value: until.value.to_string(), origin: until.origin.clone() });
    text.serialize(serializer)
}

/// Today, in UTC, so that an exception ends everywhere at once. `SOURCE_DATE_EPOCH` is not asked: it dates the build's
/// inputs, and a commit that nobody touches would keep its exceptions for ever.
pub fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
