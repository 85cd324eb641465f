//! Where a loader of a root looks by itself. Each has its own list: a root may have several, for other calling conventions or with a C
//! library of their own.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::{Root, cache};
use crate::facts::libc::LibcFamily;
use crate::hosts::musl;

/// Directories glibc's loader searches when its own list cannot be read off it.
const USUAL: &[&str] = &["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// musl's default path (`ldso/dynlink.c`, `sys_path`).
const MUSL_PATH: &str = "/lib:/usr/local/lib:/usr/lib";
/// The cache of most of glibc's loaders; one with another prefix has it there.
const CACHE: &str = "/etc/ld.so.cache";

/// Where one loader looks.
#[derive(Debug, Default)]
pub(in crate::hosts) struct Searched {
    /// Its directories, in order.
    pub(in crate::hosts) directories: Vec<String>,
    cache: HashMap<String, Vec<String>>,
}

impl Searched {
    /// Paths that its cache has for a library, which glibc's loader tries before its directories.
    pub(in crate::hosts) fn cached(&self, name: &str) -> &[String] {
        self.cache.get(name).map_or(&[], Vec::as_slice)
    }
}

impl Root {
    /// Where the loader at that path looks by default.
    pub(in crate::hosts) fn searched(&self, family: LibcFamily, loader: &str) -> Arc<Searched> {
        let mut known = self.searched.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || match family {
            LibcFamily::Musl => self.searched_by_musl(loader),
            _ => self.searched_by_glibc(loader),
        };
        Arc::clone(known.entry(loader.to_owned()).or_insert_with(|| Arc::new(read())))
    }

    /// What is compiled into glibc's loader: directories as `/lib/x86_64-linux-gnu/`, one after another, and the path of its cache.
    fn searched_by_glibc(&self, loader: &str) -> Searched {
        let bytes = self.bytes(loader).unwrap_or_default();
        let texts = || bytes.split(|&byte| byte == 0).filter(|text| text.len() < 256 && text.first() == Some(&b'/'));
        let mut directories: Vec<String> = Vec::new();
        for text in bytes.split(|&byte| byte == 0) {
            let is_directory = text.len() < 256 && text.first() == Some(&b'/') && text.last() == Some(&b'/');
            if is_directory
                && let Ok(text) = std::str::from_utf8(text)
                && text.contains("lib")
            {
                directories.push(text.trim_end_matches('/').to_owned());
            } else if !directories.is_empty() {
                break;
            }
        }
        if directories.is_empty() {
            directories = USUAL.iter().map(|&directory| directory.to_owned()).collect();
        }
        let own_cache = texts().find(|text| text.ends_with(CACHE.as_bytes()));
        let own_cache = own_cache.and_then(|text| std::str::from_utf8(text).ok()).unwrap_or(CACHE);
        let cache = self.bytes(own_cache).map(|bytes| cache::parse(&bytes)).unwrap_or_default();
        Searched { directories, cache }
    }

    /// What `etc/ld-musl-ARCH.path` says below the directory that musl's loader lies two deep in (`ldso/dynlink.c`).
    fn searched_by_musl(&self, loader: &str) -> Searched {
        let is_named = |path: &&str| path.rsplit('/').next().is_some_and(|name| name.starts_with("ld-musl-"));
        let named = Some(loader).filter(is_named).or_else(|| musl::loader_path(&self.arch, None)).unwrap_or_default();
        let file = named.rsplit('/').next().and_then(|name| name.strip_suffix(".so.1")).unwrap_or_default();
        let prefix =
            loader.rsplit_once('/').and_then(|(above, _)| above.rsplit_once('/')).map_or("", |(above, _)| above);
        let own = self.bytes(&format!("{prefix}/etc/{file}.path")).and_then(|bytes| String::from_utf8(bytes).ok());
        let path = own.unwrap_or_else(|| MUSL_PATH.to_owned());
        let directories = path.split([':', '\n']).filter(|path| path.starts_with('/')).map(str::to_owned).collect();
        Searched { directories, cache: HashMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with these files.
    fn root(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let directory = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("it is made");
            std::fs::write(path, text).expect("it is written");
        }
        let root = Root::new(directory.path(), "arm").expect("a root");
        (directory, root)
    }

    #[test]
    fn every_loader_has_directories_of_its_own() {
        let (_kept, root) = root(&[
            ("lib/ld-linux.so.3", "x\0/lib/arm-linux-gnueabi/\0/usr/lib/arm-linux-gnueabi/\0/lib/\0y\0/lib/no/\0"),
            ("opt/glibc/lib/ld-linux.so.3", "\0/opt/glibc/etc/ld.so.cache\0x\0/opt/glibc/lib/\0x\0"),
        ]);
        let directories = |loader| root.searched(LibcFamily::Glibc, loader).directories.clone();
        let soft = ["/lib/arm-linux-gnueabi", "/usr/lib/arm-linux-gnueabi", "/lib"];
        assert_eq!(directories("/lib/ld-linux.so.3"), soft);
        assert_eq!(directories("/opt/glibc/lib/ld-linux.so.3"), ["/opt/glibc/lib"]);
        assert_eq!(directories("/lib/ld-linux-armhf.so.3"), USUAL);
    }

    #[test]
    fn the_path_of_musl_lies_beside_its_loader() {
        let (_kept, root) =
            root(&[("etc/ld-musl-arm.path", "/a:/b\nc"), ("opt/musl/etc/ld-musl-armhf.path", "/opt/musl/lib")]);
        let directories = |loader| root.searched(LibcFamily::Musl, loader).directories.clone();
        assert_eq!(directories("/lib/ld-musl-arm.so.1"), ["/a", "/b"]);
        assert_eq!(directories("/opt/musl/lib/ld-musl-armhf.so.1"), ["/opt/musl/lib"]);
        assert_eq!(directories("/lib/ld-musl-armhf.so.1"), ["/lib", "/usr/local/lib", "/usr/lib"]);
    }
}
