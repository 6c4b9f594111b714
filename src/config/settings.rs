//! The configured values by key, for the journal: an auditor can find out a year later who could approve. It must
//! never hold a secret. Secrets are not in the file, except that the store's URL may contain one, so that key is left
//! out.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// The settings of a merged table as `section.key` and the value in TOML, without the store's URL.
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
