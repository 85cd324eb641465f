//! The part of JSON Schema (draft 2020-12) that `schemas/*.json` use; another keyword is an error here, never ignored.

use serde_json::Value;

/// Every way in which `value` is not what `schema` says, each with its place.
pub(crate) fn violations(root: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(root, root, value, "$", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = schema.as_object().expect("a schema is an object");
    for (keyword, wanted) in schema {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => check(root, resolve(root, wanted), value, at, found),
            "anyOf" => {
                let fits = |schema: &Value| {
                    let mut found = Vec::new();
                    check(root, schema, value, at, &mut found);
                    found
                };
                let tried: Vec<_> = wanted.as_array().expect("an array").iter().map(fits).collect();
                if !tried.iter().any(Vec::is_empty) {
                    found.extend(tried.into_iter().flatten());
                }
            }
            "const" => expect(value == wanted, at, keyword, value, found),
            "enum" => expect(wanted.as_array().expect("an array").contains(value), at, keyword, value, found),
            "type" => expect(is_type(wanted, value), at, keyword, value, found),
            "required" => {
                for name in wanted.as_array().expect("an array") {
                    let name = name.as_str().expect("a name");
                    expect(value.get(name).is_some(), &format!("{at}.{name}"), keyword, &Value::Null, found);
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}[{index}]"), found);
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().expect("an object") {
                    if let Some(member) = value.get(name) {
                        check(root, schema, member, &format!("{at}.{name}"), found);
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(wanted, &Value::Bool(false), "only `false` is understood");
                let known = schema.get("properties").and_then(Value::as_object).expect("properties are listed");
                for (name, member) in value.as_object().into_iter().flatten() {
                    expect(known.contains_key(name), &format!("{at}.{name}"), keyword, member, found);
                }
            }
            other => panic!("the keyword `{other}` at {at} is not understood"),
        }
    }
}

fn resolve<'a>(root: &'a Value, reference: &Value) -> &'a Value {
    let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference into this schema");
    root.pointer(pointer).unwrap_or_else(|| panic!("no definition at {pointer}"))
}

fn is_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().expect("a name of a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type `{other}` is not understood"),
    };
    wanted.as_array().map_or_else(|| is(wanted), |names| names.iter().any(is))
}

fn expect(holds: bool, at: &str, keyword: &str, value: &Value, found: &mut Vec<String>) {
    if !holds {
        found.push(format!("{at}: {keyword} does not hold: {value}"));
    }
}
