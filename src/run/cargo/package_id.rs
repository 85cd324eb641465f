//! Names and versions in cargo's package ids.

/// Name and version in a package id, in every form cargo has printed (`cargo help pkgid`): `path+file:///x/app#0.1.0`,
/// `registry+…#serde@1.0.0`, before cargo 1.77 `app 0.1.0 (…)`. Empty where the id does not say.
pub(crate) fn name_and_version(id: &str) -> (&str, &str) {
    match id.rsplit_once('#') {
        Some((url, fragment)) => fragment.split_once('@').unwrap_or_else(|| {
            let url = url.split('?').next().unwrap_or(url);
            (url.rsplit('/').next().unwrap_or(url), fragment)
        }),
        None => {
            let mut words = id.split(' ');
            (words.next().unwrap_or_default(), words.next().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn package_ids_of_all_ages() {
        for (id, pair) in [
            ("path+file:///home/me/app#0.1.0", ("app", "0.1.0")),
            ("path+file:///tmp/w/dir#app@0.1.0", ("app", "0.1.0")),
            ("registry+https://host/index#libz-sys@1.1.20", ("libz-sys", "1.1.20")),
            ("git+https://host/x/y?branch=main#0.3.0", ("y", "0.3.0")),
            ("git+https://host/tool.git?rev=1#tool@0.1.0", ("tool", "0.1.0")),
            ("serde 1.0.0 (registry+https://host/index)", ("serde", "1.0.0")),
            ("app 0.1.0 (path+file:///tmp/w/app)", ("app", "0.1.0")),
            ("", ("", "")),
        ] {
            assert_eq!(name_and_version(id), pair, "{id}");
        }
    }
}
