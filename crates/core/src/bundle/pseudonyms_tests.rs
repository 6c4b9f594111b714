use super::{Key, Pseudonyms};
use crate::subject::{normalize, normalize_name};

const KEY: Key = [7; 32];

/// The pseudonyms of these texts.
fn replaced<const N: usize>(texts: [&str; N]) -> [String; N] {
    let mut names = Pseudonyms::new(KEY);
    texts.iter().for_each(|text| names.collect(text));
    names.assign();
    texts.map(|text| names.replaced(text))
}

#[test]
fn equal_parts_stay_equal_and_different_parts_different() {
    let [jane, other, domain, sub, name] = replaced([
        "jane.doe@acme.example",
        "jane@acme.example",
        "acme.example",
        "eu.acme.example",
        "Jane Doe",
    ]);
    let (local, at) = jane.split_once('@').unwrap();
    assert_eq!(at, domain);
    assert!(sub.ends_with(&format!(".{domain}")), "{sub}");
    assert_eq!(other.split_once('@').unwrap().0, local.split_once('.').unwrap().0);
    assert_eq!(normalize(&name), local.replace('.', " "));
    for (new, old) in [(&jane, "jane"), (&jane, "doe"), (&sub, "acme"), (&name, "Jane")] {
        assert!(!new.to_lowercase().contains(&old.to_lowercase()), "{new}");
    }
}

#[test]
fn spellings_differ_as_before() {
    let [lower, first, all, odd, one, one_upper] = replaced(["jane", "Jane", "JANE", "jANe", "j", "J"]);
    assert_eq!((lower.to_uppercase(), lower.clone()), (all, first.to_lowercase()));
    assert!(first.starts_with(|c: char| c.is_uppercase()) && odd != first && odd.to_lowercase() == lower);
    assert_eq!(one.to_uppercase(), one_upper);
    let [composed, decomposed, plain, blanks, blank] =
        replaced(["Ren\u{e9} B", "Rene\u{301} B", "Rene B", "rene  b", "rene b"]);
    assert_eq!(normalize(&composed), normalize(&decomposed));
    assert_ne!(normalize(&composed), normalize(&plain));
    assert_eq!(normalize_name(&blanks), normalize_name(&blank));
    assert_ne!(blanks, blank);
    let [id, upper, compact, deleted] = replaced([
        "0f1c3c5e-8c5e-4d0e-9d35-2f2a6d1d6a11",
        "0F1C3C5E-8C5E-4D0E-9D35-2F2A6D1D6A11",
        "0f1c3c5e8c5e4d0e9d352f2a6d1d6a11",
        "0f1c3c5e8c5e4d0e9d352f2a6d1d6a11jane@acme.example",
    ]);
    assert_eq!((id.to_uppercase(), id.replace('-', "")), (upper, compact.clone()));
    assert!(deleted.starts_with(&compact) && id != compact && id.len() == 36);
}

#[test]
fn object_ids_keep_their_order() {
    let mut ids: Vec<String> =
        (0..40).map(|n| format!("{:08x}-0000-4000-8000-00000000000a", n * 7919)).collect();
    ids.sort();
    let mut names = Pseudonyms::new(KEY);
    ids.iter().for_each(|id| names.collect(id));
    names.assign();
    let new: Vec<String> = ids.iter().map(|id| names.replaced(id)).collect();
    assert!(new.is_sorted());
    assert!(ids.iter().all(|id| !new.contains(id)));
}

#[test]
fn another_key_gives_other_names() {
    let with = |key: Key| {
        let mut names = Pseudonyms::new(key);
        names.collect("jane");
        names.assign();
        names.replaced("jane")
    };
    assert_eq!(with(KEY), with(KEY));
    assert_ne!(with(KEY), with([8; 32]));
}

proptest::proptest! {
    #[test]
    fn equality_is_kept_with_and_without_case(
        one in "[a-cA-CéÉøß0-2 .@_-]{0,8}",
        other in "[a-cA-CéÉøß0-2 .@_-]{0,8}",
    ) {
        for (one, other) in [(one.clone(), other), (one.clone(), normalize(&one)), (one.clone(), one.to_uppercase())] {
            let [new, newer] = replaced([&one, &other]);
            proptest::prop_assert_eq!(one == other, new == newer, "{} {}", new, newer);
            let (same, still) = (normalize(&one) == normalize(&other), normalize(&new) == normalize(&newer));
            proptest::prop_assert_eq!(same, still, "{} {}", new, newer);
        }
    }
}
