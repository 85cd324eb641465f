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

    fn in_any_case(&self, directory: &str, name: &str) -> Option<String> {
        let path = format!("{directory}/{name}");
        self.code.keys().chain(self.data.keys()).find(|known| known.eq_ignore_ascii_case(&path)).cloned()
    }

    fn read(&self, path: &str, _most: u64) -> Result<Option<Vec<u8>>, String> {
        match self.data.get(path).map(String::as_str) {
            Some("cannot be read") => Err("input/output error".to_owned()),
            text => Ok(text.map(|text| text.as_bytes().to_vec())),
        }
    }
}
