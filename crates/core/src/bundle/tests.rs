//! Generated evidence keeps its diagnosis behind pseudonyms, and none of its personal values is left.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Bundle, BundleError, Codes, Key, pseudonymized};
use crate::evidence::{Evidence, Gap, IdpUser, Read, ScimRecord, StoppedBy};
use crate::expression::{Expression, Mapped};
use crate::rules::Rules;
use crate::subject::{RecordId, Subject, Who, normalize};
use crate::tests::build::{
    A1, A2, D1, MAIL, OTHER, account, account_of, address_elsewhere, at, drifted, group, healthy, link,
    linked_elsewhere, never_provisioned, person, record, refused, seen, stale_record, surround, value,
};

const KEY: Key = [9; 32];

/// Takes decisions from a list of numbers; at its end, always the first choice.
struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    fn number(&mut self, below: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % below
    }

    fn of<'c>(&mut self, from: &[&'c str]) -> &'c str {
        from[self.number(from.len())]
    }

    fn maybe(&mut self) -> bool {
        self.number(2) == 1
    }
}

/// Addresses that are related: by domain, by local part, by case, by Unicode form, and the forms of a guest.
const ADDRESSES: &[&str] = &[
    MAIL,
    "Jane@acme.example",
    "jane@old.acme.example",
    "jane.doe@acme.example",
    "ren\u{e9}@acme.example",
    "rene\u{301}@acme.example",
    "jane+atlassian_conflict@acme.example",
    "jane@partner.example",
    "jane_partner.example#EXT#@acme.onmicrosoft.com",
    "jane_partner.example@acme.onmicrosoft.com",
    "jane@acme.onmicrosoft.com",
    "jdoe@acme.example",
];
const NAMES: &[&str] = &["jdoe", "JDoe", "jane", "70012", "jane.doe", "Jane Doe", "Ren\u{e9} Doe", "j"];
const GROUPS: &[&str] = &["jira-users", "Jira-Users", "wiki-users", "wiki  users", "wiki users", "all staff"];
const EXPRESSIONS: &[&str] = &[
    "[objectId]",
    "[mail]",
    "[userPrincipalName]",
    "[mailNickname]",
    "ToLower([userPrincipalName])",
    "Coalesce([mail], [userPrincipalName])",
    "Append([mailNickname], \"@acme.example\")",
    "Append([mailNickname], \"x\")",
    "Join(\".\", [givenName], [surname])",
    "Left([mail], 3)",
    "Mid([mailNickname], 2, 2)",
    "Item(Split([mail], \"@\"), 1)",
    "Replace([mail], \"acme.example\", , , \"partner.example\", , )",
    "Replace([mail], \"ne\", , , \"ka\", , )",
    "NormalizeDiacritics([displayName])",
    "StripSpaces([displayName])",
    "Switch([userType], [mail], \"Guest\", [userPrincipalName])",
    "IIF([department]=\"Sales\", [employeeId], [mailNickname])",
    "IIF(IsPresent([employeeId]), ToUpper([employeeId]), \"none\")",
    "Left([userPrincipalName], 8)",
    "SingleAppRoleAssignment([appRoleAssignments])",
    "[extension_0f1c3c5e8c5e4d0e9d352f2a6d1d6a11_empNo]",
    "Jane's (own",
];

fn generated(numbers: Vec<u8>) -> Evidence {
    let mut c = Choices(numbers.into_iter());
    let bases = [healthy, drifted, never_provisioned, linked_elsewhere, address_elsewhere, stale_record];
    let mut e = bases[c.number(bases.len())]();
    for jane in value(&mut e.users) {
        somebody(jane, &mut c);
    }
    if c.maybe() {
        let mut other = IdpUser { id: OTHER.to_owned(), ..person() };
        somebody(&mut other, &mut c);
        let list = if c.maybe() { vec![other, person()] } else { vec![other] };
        e.owners
            .insert(if c.maybe() { OTHER.to_owned() } else { c.of(NAMES).to_owned() }, seen(list.clone()));
        e.bearers.insert(c.of(ADDRESSES).to_lowercase(), seen(list));
    }
    let mapping = value(&mut e.mapping);
    mapping.user_name_from = Some(c.of(EXPRESSIONS).to_owned());
    mapping.email_from = c.maybe().then(|| c.of(EXPRESSIONS).to_owned());
    mapping.external_id_from = Some(c.of(EXPRESSIONS).to_owned());
    mapping.scoped = c.maybe();
    for number in 0..c.number(3) {
        let external = if c.maybe() { OTHER } else { c.of(NAMES) };
        let linked = [None, Some(A1), Some(A2)][c.number(3)];
        let mut new = record(&format!("x{number}"), external, c.of(ADDRESSES), linked);
        new.user_name = Some(if c.maybe() { c.of(ADDRESSES) } else { c.of(NAMES) }.to_owned());
        // What the job would write for somebody, so that relations through expressions occur.
        if let (Some(person), true) = (e.users.get().and_then(|all| all.first()), c.maybe()) {
            let mapping = e.mapping.get().unwrap();
            new.user_name = mapping.user_name(person).all().last().cloned().or(new.user_name);
            new.external_id = mapping.external_id(person).all().last().cloned().or(new.external_id);
        }
        new.groups = vec![group(c.of(GROUPS))];
        e.records_by_id.push((new.id.clone(), seen(c.maybe().then(|| new.clone()))));
        value(e.records.get_mut(D1).unwrap()).push(new);
        value(&mut e.links).push(link(&format!("x{number}"), linked));
    }
    if c.maybe() && e.account(A2).is_none() {
        value(&mut e.accounts).push(account(A2, c.of(ADDRESSES)));
        surround(&mut e, A2, Vec::new(), c.maybe());
    }
    account_of(&mut e, A1).email = Some(c.of(ADDRESSES).to_owned());
    account_of(&mut e, A1).groups = Some(vec![group(c.of(GROUPS)), group(c.of(GROUPS))]);
    e.memberships = seen(vec![group(c.of(GROUPS)), group(c.of(GROUPS))]);
    if c.maybe() {
        let mut entry = refused(c.of(&["create", "update"]));
        entry.scim_type = None;
        entry.detail = Some(format!(
            "Resource [USER]: with email[{}] {}",
            c.of(ADDRESSES),
            c.of(&["already exists.", "is odd"])
        ));
        let log = value(&mut e.log);
        log.insert(c.number(2).min(log.len()), entry);
    }
    e.stopped_by = seen(Some(StoppedBy::Named(c.of(ADDRESSES).to_owned())));
    let gap = || Gap { reason: format!("503 Bad_Gateway: ask {MAIL}"), request: Some("req-0815".to_owned()) };
    match c.number(12) {
        0 => e.users = Read::Gap(gap()),
        1 => e.log = Read::Gap(gap()),
        2 => e.mapping = Read::Gap(gap()),
        3 => e.accounts = Read::Gap(gap()),
        4 => e.owners.values_mut().for_each(|read| *read = Read::Gap(gap())),
        5 => e.domains = Read::Gap(gap()),
        6 => e.links = Read::Gap(gap()),
        _ => {}
    }
    if c.maybe() {
        e.subject = Subject::asked(Who::Email(c.of(ADDRESSES).to_owned()));
    }
    e.cleared = c.maybe().then(|| at(-60));
    e
}

fn somebody(user: &mut IdpUser, c: &mut Choices) {
    user.upn = Some(c.of(ADDRESSES).to_owned());
    user.mail = c.maybe().then(|| c.of(ADDRESSES).to_owned());
    user.aliases = vec![c.of(ADDRESSES).to_owned()];
    user.name = Some(c.of(NAMES).to_owned());
    user.kind = Some(c.of(&["Member", "Guest"]).to_owned());
    for attribute in
        ["mailNickname", "employeeId", "givenName", "surname", "department", "extensionAttribute15"]
    {
        if c.maybe() {
            user.attributes.insert(attribute.to_owned(), c.of(NAMES).to_owned());
        }
    }
    if c.number(6) == 5 {
        *user = IdpUser { id: user.id.clone(), ..IdpUser::default() };
    }
}

fn people(e: &Evidence) -> Vec<&IdpUser> {
    e.users.get().into_iter().flatten().collect()
}

/// What the records hold, in a fixed order.
fn records(e: &Evidence) -> Vec<[&str; 3]> {
    let all = e.records.values().filter_map(Read::get).flatten();
    all.map(|record| {
        [&record.external_id, &record.user_name, &record.email].map(|text| text.as_deref().unwrap())
    })
    .collect()
}

/// Whether no two records of one directory share a name or an `externalId`, as Atlassian requires. With two of them, the
/// ids decide which one is taken first, and pseudonyms do not keep the order of ids.
fn names_are_unique(e: &Evidence) -> bool {
    let by_id = e.records_by_id.iter().filter_map(|(_, read)| read.get()?.as_ref());
    let mut all: BTreeMap<&RecordId, &ScimRecord> =
        e.records.values().filter_map(Read::get).flatten().map(|record| (&record.id, record)).collect();
    all.extend(by_id.map(|record| (&record.id, record)));
    let mut seen = BTreeSet::new();
    all.values().all(|record| {
        let name = record.user_name.as_deref().map(normalize);
        let external = record.external_id.as_deref().map(normalize);
        let keys = [("name", name), ("externalId", external)];
        keys.into_iter()
            .all(|(kind, key)| key.is_none_or(|key| seen.insert((&record.id.directory, kind, key))))
    })
}

/// The words of names that must not be left.
const PERSONAL: &[&str] =
    &["jane", "jdoe", "doe", "rené", "rene\u{301}", "acme", "partner", "70012", "wiki", "staff", "0815"];

/// The words of a text, lower case.
fn words(text: &str) -> BTreeSet<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pseudonyms_keep_the_diagnosis_and_no_personal_value(numbers in prop::collection::vec(0_u8..240, 0..60)) {
        let before = generated(numbers);
        prop_assume!(names_are_unique(&before));
        let bundle = Bundle::new(&before, &Rules::default(), Some("403: jane@acme.example"), "0", KEY);
        // A value that is one of two and is cut out of a name is the only relation that is given up, for unread.
        let is_cut = ["Left([userPrincipalName]", "Replace([mail], \"ne\""];
        let gives_up = before.mapping.get().is_some_and(|mapping| {
            let all = [&mapping.user_name_from, &mapping.email_from, &mapping.external_id_from];
            all.into_iter().flatten().any(|from| is_cut.iter().any(|cut| from.starts_with(cut)))
        });
        if !gives_up {
            prop_assert_eq!(
                Codes::of(&bundle.evidence, &Rules::default()),
                Codes::of(&before, &Rules::default()),
                "{:#?}\n{:#?}", before, bundle.evidence
            );
            prop_assert_eq!(bundle.changed.clone(), None);
        }
        let text = bundle.text().unwrap();
        let left = words(&text);
        for personal in PERSONAL {
            prop_assert!(!left.contains(*personal), "{} in {}", personal, text);
        }
        prop_assert_eq!(Bundle::parse(text.as_bytes()), Ok(bundle));
    }

    #[test]
    fn mapped_values_are_equal_and_unequal_as_before(numbers in prop::collection::vec(0_u8..240, 0..60)) {
        let before = generated(numbers);
        let (after, _) = pseudonymized(&before, &[], KEY);
        let (Some(old), Some(new)) = (before.mapping.get(), after.mapping.get()) else { return Ok(()) };
        for (from, to) in [
            (&old.user_name_from, &new.user_name_from),
            (&old.email_from, &new.email_from),
            (&old.external_id_from, &new.external_id_from),
        ] {
            let (Some(from), Some(to)) = (from, to) else { continue };
            prop_assert_eq!(Expression::parse(from).is_some(), Expression::parse(to).is_some(), "{} {}", from, to);
            for (person, twin) in people(&before).into_iter().zip(people(&after)) {
                let value = |from: &str, person: &IdpUser| {
                    Expression::parse(from).map_or(Mapped::Unread, |expression| expression.mapped(person))
                };
                let (value, changed) = (value(from, person), value(to, twin));
                let given_up = matches!(value, Mapped::Either(_)) && changed == Mapped::Unread;
                prop_assert!(
                    std::mem::discriminant(&value) == std::mem::discriminant(&changed) || given_up,
                    "{} {} {:?} {:?}", from, to, value, changed
                );
                for (record, copy) in records(&before).into_iter().zip(records(&after)).filter(|_| !given_up) {
                    prop_assert_eq!(
                        record.map(|text| value.may_be(text)), copy.map(|text| changed.may_be(text)),
                        "{} {:?} {:?} {:?}", from, value, record, copy
                    );
                }
            }
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_in_one_sentence(
        numbers in prop::collection::vec(0_u8..240, 0..30),
        cut in 0_usize..4_000,
        (at, byte) in (0_usize..6_000, any::<u8>()),
    ) {
        let text = Bundle::new(&generated(numbers), &Rules::default(), None, "0", KEY).text().unwrap();
        let mut bytes = text.into_bytes();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        for bytes in [&bytes[..], &bytes[..cut.min(bytes.len())]] {
            match Bundle::parse(bytes) {
                // Evidence that can still be read must never stop the program.
                Ok(bundle) => drop(Codes::of(&bundle.evidence, &Rules::default())),
                Err(error) => {
                    let text = error.to_string();
                    prop_assert!(text.len() < 300 && !text.contains('\n'), "{}", text);
                }
            }
        }
    }
}

fn bundle() -> Bundle {
    Bundle::new(&linked_elsewhere(), &Rules::default(), None, "0", KEY)
}

fn parsed(change: impl FnOnce(&mut serde_json::Value)) -> Result<Bundle, BundleError> {
    let mut value = serde_json::to_value(bundle()).unwrap();
    change(&mut value);
    Bundle::parse(value.to_string().as_bytes())
}

#[test]
fn what_a_newer_program_wrote_is_refused_and_named() {
    assert_eq!(parsed(|_| ()), Ok(bundle()));
    let unknown = |field: &str| Err(BundleError::UnknownField(field.to_owned()));
    assert_eq!(parsed(|value| value["weather"] = 1.into()), unknown("weather"));
    assert_eq!(parsed(|value| value["evidence"]["weather"] = 1.into()), unknown("evidence.weather"));
    let inner = parsed(|value| value["evidence"]["users"]["seen"]["value"][0]["pet"] = "cat".into());
    assert_eq!(inner, unknown("evidence.users.seen.value.pet"));
    assert_eq!(parsed(|value| value["bundle"] = 2.into()), Err(BundleError::NewerVersion(2)));
    assert_eq!(parsed(|value| value["bundle"] = "x".into()), Err(BundleError::NoBundle));
    let damaged = parsed(|value| value["evidence"]["users"] = 3.into());
    assert!(matches!(damaged, Err(BundleError::Damaged(_))), "{damaged:?}");
    assert!(matches!(Bundle::parse(b"[1,"), Err(BundleError::NotJson(_))));
    assert_eq!(Bundle::parse(&vec![b' '; super::MAX_BUNDLE_BYTES + 1]), Err(BundleError::TooLarge));
}

#[test]
fn the_bundle_names_the_configuration_that_matters_and_not_its_values() {
    assert_eq!(bundle().configuration, Vec::<String>::new());
    let parking_domain = Some("parked.example".to_owned());
    let protected = BTreeSet::from([A1.to_owned()]);
    let parking = Rules { parking_domain, ..Rules::default() };
    let protecting = Rules { protected, ..Rules::default() };
    for (e, rules, key) in [
        (address_elsewhere(), parking, "atlassian.parking_domain"),
        (linked_elsewhere(), protecting, "access.protected"),
    ] {
        let bundle = Bundle::new(&e, &rules, None, "0", KEY);
        assert_eq!(bundle.configuration, [key]);
        assert!(!bundle.text().unwrap().contains("parked"));
    }
}
