//! Exceptions: findings the policy lets through, with a reason and an end.

use serde::Serialize;

use super::{Origin, Setting};

/// `[[exception]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// `rule`.
    pub rule: Setting<String>,
    /// `artifact`: a glob as in `[[artifact]]`.
    pub artifact: Setting<String>,
    /// `reason`: required.
    pub reason: String,
    /// `until`: last day on which it holds, as `2027-03-01`.
    pub until: Option<Setting<String>>,
    /// Where the entry starts.
    pub origin: Origin,
}
