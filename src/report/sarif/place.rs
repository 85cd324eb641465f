//! Paths as URI references (RFC 3986).

use std::fmt::Write as _;
use std::path::Path;

use super::model::Place;

/// Name of the base that relative references start from.
const BASE: &str = "%SRCROOT%";

/// Where a file is: relative to `directory` when it lies below it, as `file:` URI otherwise.
pub(super) fn place(path: &Path, directory: &Path) -> Place {
    let path = path.strip_prefix(directory).unwrap_or(path);
    let bytes = path.as_os_str().as_encoded_bytes();
    if path.has_root() {
        let slash = if bytes.starts_with(b"/") { "" } else { "/" };
        return Place { uri: format!("file://{slash}{}", encoded(bytes)), uri_base_id: None, index: None };
    }
    Place { uri: encoded(bytes), uri_base_id: Some(BASE), index: None }
}

/// Every byte that is not unreserved as `%XX`; Windows separates the parts of a path by `\`.
fn encoded(bytes: &[u8]) -> String {
    let mut uri = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b':' if cfg!(windows) => uri.push(':'),
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    // A reference without a scheme and an authority is a path; `//x` would be an authority.
    uri.strip_prefix("./").map(str::to_owned).unwrap_or(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(path: &str) -> (String, bool) {
        let place = place(Path::new(path), Path::new("/work/app"));
        (place.uri, place.uri_base_id.is_some())
    }

    #[cfg(not(windows))]
    #[test]
    fn paths_below_the_directory_are_relative_and_others_are_not() {
        assert_eq!(uri("target/release/app"), ("target/release/app".to_owned(), true));
        assert_eq!(uri("./app"), ("app".to_owned(), true));
        assert_eq!(uri("/work/app/bin/app"), ("bin/app".to_owned(), true));
        assert_eq!(uri("../app"), ("../app".to_owned(), true));
        assert_eq!(uri("/opt/a b%:\n"), ("file:///opt/a%20b%25%3A%0A".to_owned(), false));
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_utf8_are_kept() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"bin/\xff"));
        assert_eq!(place(path, Path::new("/")).uri, "bin/%FF");
    }
}
