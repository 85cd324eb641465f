//! Presets: policies that ship with the program and are named by `extends`. They are files in `templates/presets`, read by
//! the same parser as everybody's.

/// One preset.
#[derive(Debug)]
pub(super) struct Preset {
    /// What `extends` calls it.
    pub(super) name: &'static str,
    /// Its text.
    pub(super) text: &'static str,
}

macro_rules! preset {
    ($name:literal) => {
        Preset { name: $name, text: include_str!(concat!("../../templates/presets/", $name, ".toml")) }
    };
}

/// Every preset.
pub(super) static PRESETS: &[Preset] =
    &[preset!("static"), preset!("release"), preset!("strict"), preset!("notarizable"), preset!("container")];

/// The names of the presets.
pub(super) fn names() -> Vec<&'static str> {
    PRESETS.iter().map(|preset| preset.name).collect()
}

/// The preset of that name.
pub(super) fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
