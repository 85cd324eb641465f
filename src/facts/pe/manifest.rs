//! The application manifest: an XML document in the resources.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde::Serialize;

/// What the manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Manifest {
    /// Number of the resource: 1 holds for the process, 2 for what the image itself imports, further ones for neither (Microsoft,
    /// "Using Side-by-Side Assemblies as a Resource"); none for one with a name, and for a file.
    pub resource_id: Option<u32>,
    /// `requestedExecutionLevel`: `asInvoker`, `highestAvailable`, `requireAdministrator`.
    pub execution_level: Option<String>,
    /// `uiAccess` of the same element.
    pub ui_access: bool,
    /// Identifiers of the `supportedOS` elements, in lower case and without braces; without the one of Windows 10 the
    /// system lies to the program about its version.
    pub supported_os: Vec<String>,
    /// `longPathAware`.
    pub long_path_aware: bool,
    /// `activeCodePage`: `UTF-8` …
    pub active_code_page: Option<String>,
    /// `dpiAware`, as written.
    pub dpi_aware: Option<String>,
    /// Side-by-side assemblies the program needs, as `name version`.
    pub dependencies: Vec<String>,
    /// Why the rest of the document was not read.
    pub problem: Option<String>,
}

impl Manifest {
    /// Reads a manifest; what is not well formed ends it with a [`Manifest::problem`].
    pub fn parse(data: &[u8]) -> Manifest {
        let text = decode(data);
        let mut reader = Reader::from_str(text.trim_end_matches('\0'));
        let mut manifest = Manifest::default();
        let mut dependent = false;
        let mut element = String::new();
        loop {
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(Event::Start(start)) => {
                    element = start.local_name().as_ref().to_owned();
                    dependent |= element == "dependentAssembly";
                    manifest.element(&start, dependent);
                }
                Ok(Event::Empty(start)) => manifest.element(&start, dependent),
                Ok(Event::Text(text)) => manifest.text(&element, &text),
                Ok(Event::End(end)) => {
                    dependent &= end.local_name().as_ref() != "dependentAssembly";
                    element.clear();
                }
                Ok(_) => {}
                Err(error) => {
                    manifest.problem = Some(error.to_string());
                    break;
                }
            }
        }
        manifest
    }

    fn element(&mut self, start: &BytesStart<'_>, dependent: bool) {
        match start.local_name().as_ref() {
            "requestedExecutionLevel" => {
                self.execution_level = attribute(start, "level");
                self.ui_access = attribute(start, "uiAccess").is_some_and(|value| value == "true");
            }
            "supportedOS" => {
                let id = attribute(start, "Id").unwrap_or_default();
                self.supported_os.push(id.trim_matches(['{', '}']).to_ascii_lowercase());
            }
            "assemblyIdentity" if dependent => {
                let name = attribute(start, "name").unwrap_or_default();
                let version = attribute(start, "version").unwrap_or_default();
                self.dependencies.push(format!("{name} {version}"));
            }
            _ => {}
        }
    }

    fn text(&mut self, element: &str, text: &str) {
        let text = text.trim();
        match element {
            "longPathAware" => self.long_path_aware = text.eq_ignore_ascii_case("true"),
            "activeCodePage" if !text.is_empty() => self.active_code_page = Some(text.to_owned()),
            "dpiAware" if !text.is_empty() => self.dpi_aware = Some(text.to_owned()),
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        start.attributes().with_checks(false).flatten().find(|found| found.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}

/// UTF-8, or UTF-16 with a byte order mark.
fn decode(data: &[u8]) -> String {
    let wide = |order: fn([u8; 2]) -> u16| {
        let units = data.chunks_exact(2).skip(1).filter_map(|unit| unit.try_into().ok()).map(order);
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match data {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(data).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <assemblyIdentity name="me" version="1.0.0.0"/>
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges>
    <requestedExecutionLevel level='asInvoker' uiAccess='true'/>
  </requestedPrivileges></security></trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
    <supportedOS Id="{8E0F7A12-BFB3-4FE8-B9A5-48FD50A15A9A}"/>
  </application></compatibility>
  <dependency><dependentAssembly>
    <assemblyIdentity type="win32" name="Microsoft.VC90.CRT" version="9.0.21022.8"/>
  </dependentAssembly></dependency>
  <asmv3:application><asmv3:windowsSettings>
    <ws2:longPathAware>true</ws2:longPathAware><activeCodePage>UTF-8</activeCodePage>
  </asmv3:windowsSettings></asmv3:application>
</assembly>"#;

    fn check(manifest: &Manifest) {
        assert_eq!(manifest.execution_level.as_deref(), Some("asInvoker"));
        assert!(manifest.ui_access && manifest.long_path_aware);
        assert_eq!(manifest.supported_os, ["8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a"]);
        assert_eq!(manifest.dependencies, ["Microsoft.VC90.CRT 9.0.21022.8"]);
        assert_eq!(manifest.active_code_page.as_deref(), Some("UTF-8"));
        assert_eq!(manifest.problem, None);
    }

    #[test]
    fn every_setting_is_found_in_utf_8_and_utf_16() {
        check(&Manifest::parse(MANIFEST.as_bytes()));
        let wide: Vec<u8> = [0xfeff].into_iter().chain(MANIFEST.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        check(&Manifest::parse(&wide));
    }

    #[test]
    fn broken_documents_keep_what_was_read() {
        let manifest = Manifest::parse(b"<a><supportedOS Id='{X}'/></b>");
        assert_eq!(manifest.supported_os, ["x"]);
        assert!(manifest.problem.is_some());
    }
}
