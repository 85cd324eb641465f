//! What is shipped with a subject made by hand.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::hosts::load::{Files, Opened};

/// Files that are shipped with the artifact.
#[derive(Debug, Default)]
pub(super) struct Shipped {
    /// Code, by absolute path.
    pub(super) code: BTreeMap<String, Facts>,
    /// Text, likewise.
    pub(super) data: BTreeMap<String, String>,
}

impl Files for Shipped {
    fn open(&self, path: &str) -> Opened {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            match part {
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        match self.code.get(&format!("/{}", parts.join("/"))) {
            Some(facts) => Opened::Foreign([facts.clone()].into()),
            None => Opened::Absent,
        }
    }

    fn open_in_any_case(&self, directory: &str, name: &str) -> Opened {
        let path = format!("{directory}/{name}");
        let found = self.code.keys().find(|known| known.eq_ignore_ascii_case(&path));
        found.map_or(Opened::Absent, |known| self.open(known))
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match self.data.get(path).map(String::as_str) {
            Some("cannot be read") => Err("input/output error".to_owned()),
            text => Ok(text.map(|text| text.as_bytes().to_vec())),
        }
    }

    fn text_in_any_case(&self, directory: &str, name: &str) -> Option<Vec<u8>> {
        let path = format!("{directory}/{name}");
        let found = self.data.iter().find(|(known, _)| known.eq_ignore_ascii_case(&path));
        found.map(|(_, text)| text.clone().into_bytes())
    }
}
