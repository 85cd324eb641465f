//! Whatever a platform signature says, it says the same once it was written, wrapped, signed and read again.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use super::envelope::{open, write};
use super::sign::SigningKey;
use super::*;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9._-]{0,12}", any::<String>()]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..4)
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

fn hex() -> impl Strategy<Value = String> {
    "[0-9a-f]{64}"
}

fn entitlement() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 4, |inner| vec(inner, 0..4).prop_map(Value::from))
}

fn libraries() -> impl Strategy<Value = Vec<Library>> {
    let library = (text(), any::<bool>(), texts(), texts(), texts(), texts());
    vec(
        library.prop_map(|(name, optional, versions, optional_versions, symbols, optional_symbols)| Library {
            name,
            optional,
            versions,
            optional_versions,
            symbols,
            optional_symbols,
        }),
        0..3,
    )
}

fn slice() -> impl Strategy<Value = Slice> {
    let kinds = prop::sample::select(vec![Kind::StaticPie, Kind::RunnableSharedObject, Kind::Execute, Kind::Other]);
    let formats = prop::sample::select(vec![Format::Elf, Format::Pe, Format::MachO]);
    let systems = prop::sample::select(vec![Os::Linux, Os::OtherApple, Os::DragonFly, Os::Unknown]);
    let families = prop::sample::select(vec![LibcFamily::Glibc, LibcFamily::Dietlibc, LibcFamily::None]);
    let what = (formats, text(), prop::sample::select(vec![32, 64]), systems, kinds, any::<bool>());
    let libc = (families, any::<bool>(), maybe());
    let floors = (maybe(), maybe(), maybe(), maybe());
    let cpu = (maybe(), maybe(), texts());
    let needs = (option::of(any::<u64>()), maybe(), libraries(), texts(), texts());
    let rest = (option::of(btree_map(text(), entitlement(), 0..3)), maybe(), maybe(), maybe(), texts());
    (what, libc, floors, cpu, needs, rest).prop_map(|(what, libc, floors, cpu, needs, rest)| Slice {
        format: what.0,
        arch: what.1,
        bits: what.2,
        os: what.3,
        kind: what.4,
        linkage: if what.5 { Linkage::Static } else { Linkage::Dynamic },
        libc: Libc { family: libc.0, linked_in: libc.1, version: libc.2 },
        floors: Floors { glibc: floors.0, linux: floors.1, macos: floors.2, windows: floors.3 },
        cpu: Cpu { level: cpu.0, setting: cpu.1, features: cpu.2 },
        page_alignment: needs.0,
        loader: needs.1,
        libraries: needs.2,
        symbols: needs.3,
        optional_symbols: needs.4,
        entitlements: rest.0,
        toolchain: Toolchain { go: rest.1, rustc: rest.2, rustc_commit: rest.3, others: rest.4 },
    })
}

fn artifact() -> impl Strategy<Value = Artifact> {
    let answers = prop::sample::select(vec![Runs::Runs, Runs::DoesNotRun, Runs::Unknown, Runs::NotApplicable]);
    let host = (text(), answers, maybe()).prop_map(|(host, verdict, why)| OnHost { host, verdict, why });
    let excepted = (text(), maybe(), maybe(), text(), text());
    let excepted =
        excepted.prop_map(|(rule, arch, host, finding, reason)| Excepted { rule, arch, host, finding, reason });
    let uses = option::of((text(), texts(), any::<bool>()));
    let uses = uses.prop_map(|uses| uses.map(|(level, features, asks_cpu)| Uses { level, features, asks_cpu }));
    let file = ("[a-z]{1,8}(/[a-z]{1,8}){0,2}", hex(), any::<u64>(), maybe(), maybe(), any::<bool>());
    (file, vec(host, 0..3), vec(excepted, 0..3), texts(), vec(slice(), 0..3), uses).prop_map(
        |(file, hosts, excepted, provided, slices, uses)| Artifact {
            path: file.0,
            sha256: file.1,
            size: file.2,
            package: file.3,
            target: file.4,
            verdict: if file.5 { Verdict::Pass } else { Verdict::Inconclusive },
            hosts,
            excepted,
            provided,
            slices,
            uses,
        },
    )
}

fn manifest() -> impl Strategy<Value = Manifest> {
    let enforced = (text(), text(), text()).prop_map(|(setting, key, origin)| Enforced { setting, key, origin });
    let build = (text(), texts(), vec(enforced, 0..3));
    let build = build.prop_map(|(tool, targets, enforced)| Build { tool, targets, enforced });
    (text(), text(), maybe(), hex(), option::of(build), vec(artifact(), 1..3)).prop_map(
        |(name, version, file, sha256, build, artifacts)| Manifest {
            format_version: FORMAT_VERSION,
            tool: Tool { name, version },
            policy: PolicyDigest { file, sha256 },
            build,
            artifacts,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_signature_survives_every_wrapping(manifest in manifest(), in_toto: bool, signs: bool) {
        let key = key(7);
        let written = write(&manifest, in_toto, signs.then_some(&key));
        let opened = open(written.as_bytes()).expect("what was written is read");
        prop_assert_eq!(opened.is_signed_by(&key.verifying_key()), signs);
        let read = opened.manifest();
        prop_assert_eq!(read.as_ref(), Ok(&manifest));
        prop_assert_eq!(write(&manifest, in_toto, signs.then_some(&key)), written);
    }

    #[test]
    fn a_changed_byte_is_noticed_or_the_signature_is(manifest in manifest(), at: prop::sample::Index, flip in 1u8..=255) {
        let key = key(7);
        let mut bytes = write(&manifest, true, Some(&key)).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(opened) = open(&bytes) {
            let unchanged = opened.manifest().is_ok_and(|read| read == manifest);
            prop_assert!(unchanged || !opened.is_signed_by(&key.verifying_key()));
        }
    }
}

#[test]
fn another_key_is_another_key() {
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        tool: Tool { name: "seaworthy".into(), version: "0".into() },
        policy: PolicyDigest { file: None, sha256: "0".repeat(64) },
        build: None,
        artifacts: Vec::new(),
    };
    let opened = open(write(&manifest, false, Some(&key(1))).as_bytes()).expect("an envelope");
    assert!(opened.is_signed_by(&key(1).verifying_key()) && !opened.is_signed_by(&key(2).verifying_key()));
}

#[test]
fn what_leads_astray_is_refused() {
    let wrap = |payload: &str| format!(r#"{{"payloadType": "text/plain", "payload": "{payload}", "signatures": []}}"#);
    for (bytes, why) in [
        (wrap("aGk="), "payload of type `text/plain`"),
        (wrap("no base64!"), "no base64"),
        (r#"{"payloadType": 1}"#.to_owned(), "invalid type"),
        (r#"{"_type": "x", "subject": [], "predicateType": "y", "predicate": {}}"#.to_owned(), "statement of type `x`"),
    ] {
        let refused =
            open(bytes.as_bytes()).and_then(|opened| opened.manifest()).expect_err("it is refused").to_string();
        assert!(refused.contains(why), "{refused}");
    }
}
