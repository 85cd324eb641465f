//! Raw values to a resolved [`super::Policy`]: presets, defaults, names checked against rules and hosts.
