//! The schemas in `schemas/` are those of the reader's own types, accept what the reader accepts,
//! and refuse what it refuses for its form.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p runbook-core --test schemas` writes them.

#![expect(
    clippy::disallowed_methods,
    reason = "the schemas are files, written when a variable says so"
)]

use std::fs;
use std::path::{Path, PathBuf};

use runbook_core::document::{hosts_schema, runbook_schema};
use serde_json::Value;

fn schemas() -> [(&'static str, Value); 2] {
    [("runbook", runbook_schema()), ("hosts", hosts_schema())]
}

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A TOML text as an editor sees it: as JSON.
fn as_json(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn the_written_schemas_are_up_to_date() {
    for (name, schema) in schemas() {
        let path = in_crate(&format!("../schemas/{name}.schema.json"));
        let made = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == made,
            "{} is stale: UPDATE_SCHEMAS=1 cargo test -p runbook-core --test schemas",
            path.display()
        );
    }
}

#[test]
fn the_schemas_accept_every_valid_document() {
    for ((_, schema), folder) in schemas().iter().zip(["runbooks", "hosts"]) {
        let validator = jsonschema::draft7::new(schema).unwrap();
        let folder = in_crate(&format!("tests/documents/valid/{folder}"));
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // JSON knows no dates; an editor's TOML layer hands them over as strings.
            let document = dates_as_text(as_json(&fs::read_to_string(&path).unwrap()));
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        }
    }
}

fn dates_as_text(value: Value) -> Value {
    match value {
        Value::Object(table) => match table.get("$__toml_private_datetime") {
            Some(date) => date.clone(),
            None => Value::Object(table.into_iter().map(|(k, v)| (k, dates_as_text(v))).collect()),
        },
        Value::Array(array) => Value::Array(array.into_iter().map(dates_as_text).collect()),
        other => other,
    }
}

#[test]
fn the_schemas_refuse_unknown_keys_and_wrong_types() {
    let [(_, runbook), (_, hosts)] = schemas();
    let runbook = jsonschema::draft7::new(&runbook).unwrap();
    let hosts = jsonschema::draft7::new(&hosts).unwrap();
    let head = "format = 1\ntitle = \"x\"\n";
    for wrong in [
        "guard = 1",
        "[report]\nreason = { type = \"string\" }",
        "[[step]]\nid = \"a\"\nchagne = \"x\"",
        "[[step]]\nid = \"a\"\nuse = \"x\"",
        "[[step]]\nread = \"x\"",
        "[[step]]\nid = \"a\"\nverify = { read = \"x\", until = \"x\" }",
        "[[step]]\nid = \"a\"\nundo = { use = \"x\" }",
        "[[step]]\nid = \"a\"\nshell = \"zsh\"",
        "[[step]]\nid = \"a\"\npick = -1",
        "[param.a]\ntype = \"string\"\nsecret = true",
        "[goal]\nexpect = { equals = 1 }",
    ] {
        assert!(!runbook.is_valid(&as_json(&format!("{head}{wrong}"))), "{wrong}");
    }
    for wrong in ["[env.a]\nprotected = true", "[host.a]\nssh = 1", "[hosts.a]\nssh = \"a\""] {
        assert!(!hosts.is_valid(&as_json(&format!("format = 1\n{wrong}"))), "{wrong}");
    }
}

#[test]
fn the_schemas_name_no_place_but_the_draft() {
    for (name, schema) in schemas() {
        let text = schema.to_string();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(text.matches("://").count(), 1 + described_urls(&schema), "{name}");
        assert!(schema.get("$id").is_none());
        assert!(!text.contains("$extent"), "what the reader adds is no key");
    }
}

/// Urls in descriptions, which name nothing.
fn described_urls(schema: &Value) -> usize {
    match schema {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match (key.as_str(), value) {
                ("description", Value::String(text)) => text.matches("://").count(),
                _ => described_urls(value),
            })
            .sum(),
        Value::Array(array) => array.iter().map(described_urls).sum(),
        _ => 0,
    }
}
