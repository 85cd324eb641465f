//! The plan for a call of go.

use std::ffi::OsString;

use super::Plan;
use super::environment::Environment;
use crate::policy::Policy;

/// Completes a plan whose program is known.
pub fn fill(plan: &mut Plan, args: &[OsString], environment: &Environment, policy: &Policy) {
    let _ = (environment, policy);
    plan.args = args.to_vec();
}
