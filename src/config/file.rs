//! Finds the configuration file, applies the overrides from the environment, and refuses unknown keys. It must never
//! repeat a line of the file in a message, because the line may contain a password.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::problem::Problems;
use super::schema::{self, GRANT, Kind};
use super::{Env, secrets};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "reinstate.toml";
/// The override of `store.url`, and the variable that names a file with its value.
const STORE_URL: &str = "REINSTATE_STORE__URL";
const STORE_URL_FILE: &str = "REINSTATE_STORE__URL_FILE";

/// Returns the settings of the file with the overrides applied. Unknown keys are reported and left out.
pub(super) fn table(named: Option<&Path>, env: &Env, problems: &mut Problems) -> Table {
    let from_env = env.get("REINSTATE_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
    let named = named.map(Path::to_path_buf).or(from_env);
    let mut table = match &named {
        Some(path) => read(path, true, problems),
        None => read(Path::new(DEFAULT_FILE), false, problems),
    };
    refuse_unknown(&table, problems);
    overlay(&mut table, env, problems);
    table
}

fn read(path: &Path, must_exist: bool, problems: &mut Problems) -> Table {
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound && !must_exist => return Table::new(),
        Err(e) => {
            problems.add(
                &shown,
                format!("the file cannot be read ({e})"),
                "Name an existing, readable file with --config or REINSTATE_CONFIG",
            );
            return Table::new();
        }
    };
    problems.file = Some(shown.clone());
    match text.parse::<Table>() {
        Ok(table) => table,
        Err(e) => {
            let start = e.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|b| *b == b'\n').count() + 1;
            problems.add(
                format!("{shown}:{line}"),
                format!("this is not TOML ({})", e.message().replace('\n', ", ")),
                "Compare the line with deploy/reinstate.example.toml",
            );
            Table::new()
        }
    }
}

fn refuse_unknown(table: &Table, problems: &mut Problems) {
    for (section, value) in table {
        if !schema::sections().contains(&section.as_str()) {
            problems.add(section, "there is no such section", section_hint(section));
            continue;
        }
        let Some(keys) = value.as_table() else {
            problems.add(
                section,
                "this is a section, not a value",
                format!("Write [{section}] on its own line"),
            );
            continue;
        };
        for (name, value) in keys {
            match schema::find(section, name) {
                None => {
                    problems.add(format!("{section}.{name}"), "there is no such key", key_hint(section, name))
                }
                Some(key) if key.kind == Kind::Grant => {
                    for inner in value.as_table().into_iter().flat_map(Table::keys) {
                        if !GRANT.contains(&inner.as_str()) {
                            let near = schema::nearest(inner, GRANT).unwrap_or_default();
                            problems.add(
                                format!("{section}.{name}.{inner}"),
                                "there is no such key",
                                format!("The nearest is `{near}`"),
                            );
                        }
                    }
                }
                Some(_) => {}
            }
        }
    }
}

fn section_hint(name: &str) -> String {
    if let Some(key) = schema::KEYS.iter().find(|k| k.name == name) {
        return format!("`{name}` belongs under [{}]", key.section);
    }
    let near = schema::nearest(name, schema::sections()).unwrap_or_default();
    format!("The nearest is [{near}]")
}

fn key_hint(section: &str, name: &str) -> String {
    let variable = format!("REINSTATE_{}_{}", section.to_uppercase(), name.to_uppercase());
    if secrets::is_secret_name(&variable) {
        return format!("Secrets never stand in the file: set {variable} or {variable}_FILE");
    }
    let here = schema::keys_of(section);
    if let Some(other) = schema::KEYS.iter().find(|k| k.name == name && !here.contains(&name)) {
        return format!("`{name}` belongs under [{}]", other.section);
    }
    format!("The nearest is `{}`", schema::nearest(name, here).unwrap_or_default())
}

/// Applies `REINSTATE_<SECTION>__<KEY>` to the table of the file. The environment is sorted by name, so
/// `…__VIEWER__USERS` is applied after `…__VIEWER` and overrides a part of it.
fn overlay(table: &mut Table, env: &Env, problems: &mut Problems) {
    for (variable, text) in env {
        // The only key of the file that may contain a password.
        if variable == STORE_URL_FILE {
            store_url_from_file(table, env, text, problems);
            continue;
        }
        let Some(path) = variable.strip_prefix("REINSTATE_").filter(|p| p.contains("__")) else { continue };
        let path = path.to_lowercase();
        let parts: Vec<&str> = path.split("__").collect();
        // Variable names are upper case; `find` expects lower case.
        let known = match parts.as_slice() {
            [section, name] => schema::find(section, name).map(|k| (k, None)),
            [section, name, inner] => schema::find(section, name)
                .filter(|k| k.kind == Kind::Grant)
                .and_then(|k| GRANT.iter().find(|g| *g == inner).map(|g| (k, Some(*g)))),
            _ => None,
        };
        let Some((key, inner)) = known.filter(|_| *variable == variable.to_uppercase()) else {
            let names = variables();
            let near = schema::nearest(&path, names.iter().map(String::as_str)).unwrap_or_default();
            problems.add(
                variable,
                "no key has this name",
                format!("The nearest is REINSTATE_{}", near.to_uppercase()),
            );
            continue;
        };
        let kind = if inner.is_some() { Kind::List } else { key.kind };
        let value = match value_of(kind, text) {
            Ok(value) => value,
            Err(fix) => {
                problems.add(variable, "the value cannot be read", fix);
                continue;
            }
        };
        put(table, key, inner, value);
    }
}

/// Reads `store.url` from a file, as secrets are read.
fn store_url_from_file(table: &mut Table, env: &Env, path: &str, problems: &mut Problems) {
    if env.contains_key(STORE_URL) {
        problems.add(STORE_URL, format!("{STORE_URL_FILE} is set as well"), "Keep one of the two");
        return;
    }
    match (std::fs::read_to_string(path), schema::find("store", "url")) {
        (Ok(text), Some(key)) => put(table, key, None, Value::String(text.trim().to_owned())),
        (Err(error), _) => problems.add(
            STORE_URL_FILE,
            format!("the file {path} cannot be read ({error})"),
            "Name an existing file that this program may read",
        ),
        (Ok(_), None) => {}
    }
}

/// The names of all overrides, in lower case and without the prefix.
fn variables() -> Vec<String> {
    let mut names = Vec::new();
    for key in schema::KEYS {
        names.push(format!("{}__{}", key.section, key.name));
        if key.kind == Kind::Grant {
            names.extend(GRANT.iter().map(|inner| format!("{}__{}__{inner}", key.section, key.name)));
        }
    }
    names
}

fn value_of(kind: Kind, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    match kind {
        // Text that is no flag stays text; the typed reader reports what is wrong with it.
        Kind::Flag => Ok(trimmed.parse().map_or_else(|_| Value::String(trimmed.to_owned()), Value::Boolean)),
        Kind::Text | Kind::Url | Kind::Time(..) | Kind::Date => Ok(Value::String(text.to_owned())),
        // Text that is not a number stays text; the typed reader reports what is wrong with it.
        Kind::Count(..) | Kind::Approvers(_) => Ok(trimmed
            .parse::<i64>()
            .map_or_else(|_| Value::String(trimmed.trim_matches('"').to_owned()), Value::Integer)),
        Kind::List | Kind::Dates if trimmed.starts_with('[') => {
            trimmed.parse().map_err(|_| "Write a TOML array like [\"a\", \"b\"], or a,b".to_owned())
        }
        Kind::List | Kind::Dates => {
            let parts = trimmed.split(',').map(str::trim).filter(|p| !p.is_empty());
            Ok(Value::Array(parts.map(|p| Value::String(p.to_owned())).collect()))
        }
        Kind::Grant => {
            let value: Value = trimmed
                .parse()
                .map_err(|_| "Write { users = [\"U…\"], usergroups = [\"S…\"] }".to_owned())?;
            match value.as_table().and_then(|t| t.keys().find(|k| !GRANT.contains(&k.as_str()))) {
                Some(unknown) => Err(format!(
                    "It names `{unknown}`; did you mean `{}`",
                    schema::nearest(unknown, GRANT).unwrap_or_default()
                )),
                None => Ok(value),
            }
        }
    }
}

fn put(table: &mut Table, key: &schema::Key, inner: Option<&str>, value: Value) {
    let Some(section) = sub_table(table, key.section) else { return };
    match inner {
        None => {
            section.insert(key.name.to_owned(), value);
        }
        Some(inner) => {
            if let Some(grant) = sub_table(section, key.name) {
                grant.insert(inner.to_owned(), value);
            }
        }
    }
}

/// The table with this name; it is created if absent. `None` if another value is in its place, which was already
/// reported.
fn sub_table<'a>(table: &'a mut Table, name: &str) -> Option<&'a mut Table> {
    table.entry(name.to_owned()).or_insert_with(|| Value::Table(Table::new())).as_table_mut()
}
