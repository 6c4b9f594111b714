//! What was set, key by key, for the journal: somebody who asks a year later who could approve must find it there.
//! It must never hold a secret. Those do not stand in the file; the store's URL may carry one and is left out.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// The settings of a merged table, as `section.key` and its value in TOML, the store's URL left out.
pub(super) fn of(table: &Table) -> BTreeMap<String, String> {
    let sections = table.iter().filter_map(|(section, value)| Some((section, value.as_table()?)));
    let keys = sections
        .flat_map(|(section, keys)| keys.iter().map(move |(key, value)| (format!("{section}.{key}"), value)));
    keys.filter(|(key, _)| key != "store.url").map(|(key, value)| (key, Value::to_string(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_there_and_a_password_is_not() {
        let file = "[store]\nurl = \"postgres://bot:sesame@db/x\"\nforget_after = \"30d\"\n\
                    [access]\nviewer = { users = [\"U1\"] }";
        let settings = of(&file.parse().unwrap());
        let expected = [("access.viewer", "{ users = [\"U1\"] }"), ("store.forget_after", "\"30d\"")];
        assert_eq!(settings, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }
}
