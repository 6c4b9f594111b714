//! A bundle keeps every value of the evidence in its place: nothing is left out, and numbers, times and answers stay.

use serde_json::{Value, json};

use super::text::Pseudonymizer;
use super::{Bundle, pseudonymized};
use crate::evidence::{
    Application, Domain, DynamicGroup, Evidence, Gap, JobStart, LogEntry, OrgGroup, Pending, Read, StoppedBy,
    UserDirectory,
};
use crate::tests::build::{
    A1, A2, D1, MAIL, OTHER, account, at, linked_elsewhere, record, record_id, seen, value,
};
use crate::{Rules, Subject, Who};

const KEY: [u8; 32] = [9; 32];

fn text(words: &str) -> Option<String> {
    Some(words.to_owned())
}

/// Evidence in which every field has a value.
fn full() -> Evidence {
    let mut e = linked_elsewhere();
    e.subject = Subject::asked(Who::Email(MAIL.to_owned())).about(Some("Doe-Wiki"));
    (e.subject.person, e.subject.keep) = (text(OTHER), text(A1));
    e.subject.accounts.insert(A2.to_owned());
    e.subject.records.insert(record_id("r1"));
    e.places.organization = text("org-doe");
    e.places.tenant = text("tenant-doe");
    e.places.application = text("application-doe");
    e.places.job_directory = text(D1);
    (e.places.sync_all, e.places.group_members) = (Some(true), Some(7));
    let jane = &mut value(&mut e.users)[0];
    jane.kind = text("Guest");
    (jane.created, jane.on_premises) = (Some(at(-5)), Some(true));
    jane.aliases = vec!["doe@acme.example".to_owned()];
    jane.attributes.insert("employeeId".to_owned(), "70012".to_owned());
    e.deleted_users = seen(vec![value(&mut e.users)[0].clone()]);
    let group = OrgGroup {
        id: "o-doe".to_owned(),
        name: "doe-users".to_owned(),
        synced: Some(true),
        directory: text("directory-doe"),
        resources: Some(3),
        members: Some(12),
    };
    for groups in [&mut e.groups, &mut e.shown_groups, &mut e.similar_groups, &mut e.granting_groups] {
        *groups = seen(vec![group.clone()]);
    }
    e.dynamic_groups = seen(vec![DynamicGroup {
        id: "g-doe".to_owned(),
        name: "doe-users".to_owned(),
        rule: text("user.name -eq \"Doe\""),
        paused: Some(true),
    }]);
    let job = value(&mut e.job);
    (job.code, job.quarantine, job.error_code) = (text("Active"), text("Unknown"), text("InvalidAnchor"));
    (job.tenant_actionable, job.cycle_began) = (Some(true), Some(at(-9)));
    (job.last_cycle, job.last_success) = (Some(at(-8)), Some(at(-7)));
    e.stopped_by = seen(Some(StoppedBy::Named("Vera Doe".to_owned())));
    e.pending = seen(Pending { staged_deletes: 1, deletes: 2, disables: 3 });
    e.applications =
        seen(vec![Application { id: "app-doe".to_owned(), name: "Doe".to_owned(), has_job: true }]);
    let mapping = value(&mut e.mapping);
    (mapping.user_rule, mapping.group_rule) = (text("rule-doe"), text("rule-2"));
    (mapping.scoped, mapping.sync_all, mapping.directory) = (true, Some(false), text(D1));
    mapping.matching = vec!["emails[type eq \"work\"].value".to_owned()];
    e.log = seen(vec![LogEntry {
        at: Some(at(-3)),
        action: "update".to_owned(),
        status: "failure".to_owned(),
        error_code: text("SystemForCrossDomain"),
        http_status: Some(400),
        scim_type: text("invalidValue"),
        detail: text("Jane Doe is odd"),
        skip_reason: text("RedundantExport"),
        filtered_out: true,
        failed_clauses: vec!["department is Doe".to_owned()],
        target: text("r1"),
        change_id: text("change-doe"),
        cycle_id: text("cycle-doe"),
        retry_at: Some(at(9)),
        ..LogEntry::default()
    }]);
    let mut known = account(A1, MAIL);
    (known.source, known.for_deletion) = (text("scim"), true);
    known.platform_roles = Some(vec!["atlassian/org-admin".to_owned()]);
    known.groups = Some(vec![crate::tests::build::group("doe-users")]);
    e.namesakes = seen(vec![known]);
    let mut old = record("r9", OTHER, MAIL, Some(A1));
    (old.created, old.modified) = (Some(at(-2)), Some(at(-1)));
    old.groups = vec![crate::tests::build::group("doe-users")];
    e.records_by_id = vec![(record_id("r9"), seen(Some(old)))];
    e.user_directories.insert(
        A1.to_owned(),
        seen(vec![UserDirectory { id: "ud-doe".to_owned(), name: text("Directory of Doe") }]),
    );
    e.deactivated_by.insert(A1.to_owned(), seen(text("Vera Doe")));
    e.deactivated_by.insert(A2.to_owned(), Read::Gap("403".into()));
    e.domains = seen(vec![Domain { name: "acme.example".to_owned(), verified: true }]);
    e.tenant_domains = seen(vec!["acme.example".to_owned()]);
    e.scim_groups = seen([("scim-doe".to_owned(), "g-doe".to_owned())].into());
    e.owners.insert(OTHER.to_owned(), seen(vec![crate::tests::build::person()]));
    let gap = Gap { reason: "403 Forbidden: ask Jane Doe".to_owned(), request: text("request-doe") };
    e.unselected.insert("employeeHireDate".to_owned(), gap);
    e.cleared = Some(at(-4));
    e.sent_memberships = ["g-doe".to_owned()].into();
    e.starts = vec![JobStart { at: at(-6), before: json!({"schedule": "Disabled", "code": null}) }];
    e
}

/// The shape of a value: names of fields, lengths, numbers and answers, without its texts.
fn shape(value: &Value) -> Value {
    match value {
        Value::String(_) => json!("text"),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(fields) => {
            // The keys of a map are ids and addresses, and are replaced as well.
            let is_field = |name: &String| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if fields.keys().all(is_field) {
                Value::Object(fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect())
            } else {
                let mut all: Vec<String> = fields.values().map(|value| shape(value).to_string()).collect();
                all.sort();
                json!({ "map": all })
            }
        }
        other => other.clone(),
    }
}

#[test]
fn every_value_of_the_evidence_comes_back_in_its_place() {
    let e = full();
    let (new, _) = pseudonymized(&e, &[], KEY);
    let (old, new) = (serde_json::to_value(&e).unwrap(), serde_json::to_value(&new).unwrap());
    for (name, value) in old.as_object().unwrap() {
        assert_eq!(shape(&new[name]), shape(value), "{name}");
    }
    assert_eq!(new["log"]["seen"]["at"], old["log"]["seen"]["at"], "times stay");
    for (place, text) in [("/users/seen/value/0/kind", "Guest"), ("/starts/0/before/schedule", "Disabled")] {
        assert_eq!(new.pointer(place), Some(&json!(text)), "{place}");
    }
    for personal in ["doe", "jane", "vera", "acme", "70012"] {
        assert!(!new.to_string().to_lowercase().contains(personal), "{personal}");
    }
}

#[test]
fn a_bundle_that_changes_the_diagnosis_says_what_check_found() {
    let bundle = Bundle::new(&full(), &Rules::default(), Some("503 gone: ask Jane"), "0", KEY);
    assert_eq!(bundle.changed, None);
    let unread = bundle.prior_runs_unread.unwrap();
    assert!(unread.starts_with("503 gone: ") && !unread.contains("Jane"), "{unread}");
    assert_eq!(
        super::Codes::of(&linked_elsewhere(), &Rules::default()).causes(),
        "broken: linked-to-other-account"
    );
    let healthy = super::Codes::of(&crate::tests::build::healthy(), &Rules::default());
    assert_eq!(healthy.causes(), "healthy: no cause");
}

/// Two walks over the same texts: the first collects, the second replaces.
fn replaced<T>(walk: impl Fn(&mut Pseudonymizer) -> T) -> T {
    let mut by = Pseudonymizer::new(KEY);
    drop(walk(&mut by));
    by.start_replacing();
    walk(&mut by)
}

#[test]
fn a_code_stays_and_what_is_more_than_a_code_is_replaced() {
    let stays = |text: &str| replaced(|by| by.code(text)) == text;
    let long = |count: usize| format!("A{}", "x".repeat(count - 1));
    assert!(stays("SystemForCrossDomain") && stays("atlassian/org-admin") && stays(&long(100)));
    assert!(!stays(&long(101)) && !stays("Zyx-Wvu of Qwertz") && !stays("4Qwertz"));
    assert!(!stays("Code.12345678"), "a number of eight digits may be personal");
    assert!(!stays("Zz.5e5f6a63157ed50cd2b9eaca"));
}

#[test]
fn the_number_before_an_account_id_stays_if_it_has_five_to_seven_digits() {
    let new = |id: &str| replaced(|by| by.account_id(id));
    for (id, prefix) in
        [("71202:qwertz", "71202:"), ("712020:qwertz", "712020:"), ("7120201:qwertz", "7120201:")]
    {
        let new = new(id);
        assert!(new.starts_with(prefix) && !new.contains("qwertz"), "{new}");
    }
    for id in ["7120:qwertz", "71202012:qwertz", "abcdef:qwertz"] {
        let (prefix, _) = id.split_once(':').unwrap();
        assert!(!new(id).starts_with(prefix), "{id}: {}", new(id));
    }
}

#[test]
fn what_has_a_form_of_its_own_keeps_it() {
    let day = |text: &str| replaced(|by| by.day(text));
    assert_eq!(day("2026-10-02"), "2026-10-02");
    assert!(!day("the day of Qwertz").contains("Qwertz"));
    let group = |text: &str| replaced(|by| by.group(text));
    assert_eq!(group("site-admins"), "site-admins", "a group that every organization has");
    assert_ne!(group("qwertz-users"), "qwertz-users");
    let target = |text: &str| replaced(|by| by.target(text));
    let work = "emails[type eq \"work\"].value";
    assert_eq!(target(work), work);
    assert!(!target("emails[type eq \"qwertz\"].value").contains("qwertz"));
    let reason = |text: &str| replaced(|by| by.reason(text));
    assert_eq!(reason("403 Authorization_RequestDenied"), "403 Authorization_RequestDenied");
    assert!(!reason("4030 Qwertz").contains("Qwertz") && !reason("abc Qwertz").contains("Qwertz"));
    let words = |text: &str| replaced(|by| (drop(by.person("Qwertz Asdf")), by.reason(text)).1);
    assert!(!words("403 Qwertz: no").contains("Qwertz"), "a name is no code");
    for word in ["true", "FALSE"] {
        assert_eq!(replaced(|by| by.person(word)), word);
    }
}

#[test]
fn a_whole_value_is_replaced_in_a_sentence_as_it_is_elsewhere() {
    let (name, sentence) = replaced(|by| (by.name("r-user-1"), by.sentence("the record r-user-1 is gone")));
    assert!(sentence.contains(&name) && !sentence.contains("r-user-1"), "{name}: {sentence}");
    // A value of two letters occurs in other words, so it is not searched for.
    let (_, sentence) = replaced(|by| (by.name("is"), by.sentence("the record is gone")));
    assert!(sentence.contains(" is "), "{sentence}");
    // A value inside a word is a part of that word.
    let (_, sentence) = replaced(|by| (by.name("record"), by.sentence("the records exist")));
    assert!(sentence.contains("records"), "{sentence}");
    let mail = replaced(|by| by.sentence("ask qwertz@asdf.example, please"));
    assert!(mail.contains('@') && !mail.contains("qwertz") && mail.contains(", "), "{mail}");
    assert_eq!(replaced(|by| by.sentence("at 2026-11-25T13:23:44Z.")), "at 2026-11-25T13:23:44Z.");
}
