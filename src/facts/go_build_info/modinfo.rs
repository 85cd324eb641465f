//! The text of the build information (Go `runtime/debug.ParseBuildInfo`): one tab-separated line per fact.

use super::{GoBuild, GoModule};
use crate::facts::bytes::text;

/// Bytes of the marks around the text, which Go's own tools cut off unseen.
const MARK: usize = 16;

/// Reads the text with its marks. Lines that are not understood are left out, as newer releases may add some.
pub(super) fn parse(bytes: &[u8]) -> GoBuild {
    let mut build = GoBuild::default();
    let Some(inner) = bytes.get(MARK..bytes.len().saturating_sub(MARK)).filter(|inner| inner.ends_with(b"\n")) else {
        return build;
    };
    let mut last_is_main = false;
    for line in text(inner).lines() {
        let Some((kind, rest)) = line.split_once('\t') else { continue };
        match kind {
            "path" => build.path = Some(rest.to_owned()),
            "mod" => {
                build.module = Some(module(rest));
                last_is_main = true;
            }
            "dep" => {
                build.deps.push(module(rest));
                last_is_main = false;
            }
            // The line before is what the source asks for; this is what was linked.
            "=>" => {
                let place = if last_is_main { build.module.as_mut() } else { build.deps.last_mut() };
                if let Some(place) = place {
                    let replaces = Some(std::mem::take(&mut place.path));
                    *place = GoModule { replaces, ..module(rest) };
                }
            }
            "build" => build.settings.extend(setting(rest)),
            _ => {}
        }
    }
    build
}

fn module(fields: &str) -> GoModule {
    let mut fields = fields.split('\t').map(str::to_owned);
    let mut next = || fields.next().unwrap_or_default();
    GoModule { path: next(), version: next(), sum: next(), replaces: None }
}

/// `key=value`, either of which Go quotes when it has spaces, quotes or line ends.
fn setting(line: &str) -> Option<(String, String)> {
    let (key, rest) = if line.starts_with('"') {
        unquote(line)?
    } else {
        line.split_once('=').map(|(key, value)| (key.to_owned(), value))?
    };
    let value = if line.starts_with('"') { rest.strip_prefix('=')? } else { rest };
    let value = match value.chars().next() {
        Some('"' | '`') => unquote(value)?.0,
        _ => value.to_owned(),
    };
    Some((key, value))
}

/// A Go string literal at the start of the text (Go `strconv.Quote`), and what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    if let Some(raw) = quoted.strip_prefix('`') {
        let (inside, rest) = raw.split_once('`')?;
        return Some((inside.to_owned(), rest));
    }
    let mut out: Vec<u8> = Vec::new();
    let mut chars = quoted.strip_prefix('"')?.chars();
    loop {
        match chars.next()? {
            '"' => return Some((text(&out), chars.as_str())),
            '\\' => escape(&mut chars, &mut out)?,
            plain => out.extend(plain.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
}

fn escape(chars: &mut std::str::Chars<'_>, out: &mut Vec<u8>) -> Option<()> {
    let simple = match chars.next()? {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        'x' => u8::try_from(number(chars, 2)?).ok()?,
        'u' => return unicode(number(chars, 4)?, out),
        'U' => return unicode(number(chars, 8)?, out),
        other @ ('\\' | '"' | '\'') => other as u8,
        _ => return None,
    };
    out.push(simple);
    Some(())
}

fn unicode(value: u32, out: &mut Vec<u8>) -> Option<()> {
    out.extend(char::from_u32(value)?.encode_utf8(&mut [0; 4]).bytes());
    Some(())
}

fn number(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0u32, |value, _| Some(value << 4 | chars.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> GoBuild {
        parse(format!("0123456789abcdef{text}0123456789abcdef").as_bytes())
    }

    #[test]
    fn modules_replacements_and_settings() {
        let build =
            of("path\tx/cmd\nmod\tx\t(devel)\t\ndep\ta\tv1.0.0\th1:aa=\ndep\tb\tv2.0.0\n=>\tc\tv3.0.0\th1:cc=\n\
             build\t-compiler=gc\nbuild\tvcs.modified=true\n");
        assert_eq!(build.path.as_deref(), Some("x/cmd"));
        assert_eq!(build.module.as_ref().map(|module| module.version.as_str()), Some("(devel)"));
        let deps: Vec<_> =
            build.deps.iter().map(|dep| (dep.path.as_str(), dep.version.as_str(), dep.sum.as_str())).collect();
        assert_eq!(deps, [("a", "v1.0.0", "h1:aa="), ("c", "v3.0.0", "h1:cc=")]);
        let replaced: Vec<_> = build.deps.iter().map(|dep| dep.replaces.as_deref()).collect();
        assert_eq!(replaced, [None, Some("b")]);
        assert_eq!(build.settings.len(), 2);
    }

    #[test]
    fn the_main_module_may_be_replaced_too() {
        let build = of("mod\tx\t(devel)\t\n=>\ty\tv1.0.0\t\n");
        assert_eq!(build.module.map(|module| module.path).as_deref(), Some("y"));
        assert!(of("=>\ty\tv1.0.0\t\n").module.is_none());
    }

    #[test]
    fn quoted_settings() {
        let build =
            of("build\t-ldflags=\"-s -X 'a=b' \\\"q\\\" \\u00e9\"\nbuild\t\"odd key\"=\"v\\n\"\nbuild\tCGO_CFLAGS=\n\
             build\t-gcflags=`raw \\n`\nbuild\tbroken=\"x\n");
        assert_eq!(build.setting("-ldflags"), Some("-s -X 'a=b' \"q\" é"));
        assert_eq!(build.setting("odd key"), Some("v\n"));
        assert_eq!(build.setting("CGO_CFLAGS"), Some(""));
        assert_eq!(build.setting("-gcflags"), Some("raw \\n"));
        assert_eq!(build.setting("broken"), None);
    }

    #[test]
    fn nonsense_is_empty() {
        assert_eq!(parse(b"short"), GoBuild::default());
        assert_eq!(parse(&[b'x'; 100]), GoBuild::default());
    }
}
