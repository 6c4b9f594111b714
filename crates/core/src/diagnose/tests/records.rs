//! Records, their owners and the accounts that they are linked to, as tables over hand-made evidence.

use super::*;

#[test]
fn email_held_outside_needs_every_look_up() {
    let mut e = without_record();
    put(&mut e.log, |log| log.push(refusal()));
    assert_eq!(codes(&e), ["email-held-outside"]);
    let spoil: [fn(&mut Evidence); 6] = [
        |e| e.links = Read::Gap("403".into()),
        |e| drop(e.records.insert("d1".into(), Read::Gap("403".into()))),
        |e| drop(e.records.insert("d2".into(), Read::Gap("no key".into()))),
        |e| e.records.clear(),
        |e| e.log = Read::Gap("403".into()),
        |e| e.domains = Read::Gap("403".into()),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let mut spoiled = e.clone();
        spoil(&mut spoiled);
        let diagnosis = diagnose(&spoiled);
        assert!(!diagnosis.found(Cause::EmailHeldOutside), "{number}");
        assert!(undecided(&diagnosis, Cause::EmailHeldOutside), "{number}");
    }
}

#[test]
fn a_refusal_proves_nothing_about_what_was_moved_aside_since() {
    let mut e = without_record();
    put(&mut e.log, |log| log.push(refusal()));
    put(&mut e.log, |log| log[0].at = Some(at(1)));
    let later = at(2);
    e.cleared = Some(later);
    assert_eq!(codes(&e), ["never-provisioned"]);
    put(&mut e.log, |log| log[0].at = Some(later));
    assert_eq!(codes(&e), ["email-held-outside"], "refused again since");
    put(&mut e.log, |log| log[0].at = None);
    assert_eq!(codes(&e), ["email-held-outside"], "a refusal without a time is not known to be older");
}

#[test]
fn a_recreated_identity_is_not_a_stale_record() {
    // Columns: `externalId` of the record, whether its owner lives, when the person was created, the cause.
    for (external, owner, created, cause) in [
        (EARLIER, Some(false), 5, Some(Cause::IdentityRecreated)),
        (EARLIER, Some(false), -5, Some(Cause::StaleRecordConflict)),
        (EARLIER, Some(true), 5, None),
        ("import-1042", None, 5, Some(Cause::StaleRecordConflict)),
    ] {
        let mut e = without_record();
        put(&mut e.users, |users| users[0].created = Some(at(created)));
        put(&mut e.log, |log| log.push(refusal()));
        e.owners.insert("import-1042".into(), seen(Vec::new()));
        let stale = ScimRecord { external_id: Some(external.into()), account: None, ..record() };
        e.records.insert("d1".into(), seen(vec![stale]));
        if let Some(lives) = owner {
            let owner = lives.then(|| IdpUser { id: EARLIER.into(), ..IdpUser::default() });
            e.owners.insert(EARLIER.into(), seen(owner.into_iter().collect()));
        }
        let diagnosis = diagnose(&e);
        for known in [Cause::IdentityRecreated, Cause::StaleRecordConflict] {
            assert_eq!(
                diagnosis.found(known),
                cause == Some(known),
                "{external} {owner:?} {created}: {known:?}"
            );
        }
    }
}

#[test]
fn an_unread_owner_proves_neither() {
    let mut e = without_record();
    put(&mut e.users, |users| users[0].created = Some(at(5)));
    put(&mut e.log, |log| log.push(refusal()));
    e.records.insert("d1".into(), seen(vec![ScimRecord { external_id: Some(EARLIER.into()), ..record() }]));
    e.owners.insert(EARLIER.into(), Read::Gap("403".into()));
    let diagnosis = diagnose(&e);
    assert!(!diagnosis.found(Cause::IdentityRecreated) && !diagnosis.found(Cause::StaleRecordConflict));
    assert!(undecided(&diagnosis, Cause::IdentityRecreated));
}

#[test]
fn records_in_two_directories_trouble_only_whom_they_trouble() {
    let other =
        ScimLink { id: RecordId { directory: "d9".into(), record: "r9".into() }, account: Some("a1".into()) };
    let mut e = healthy();
    put(&mut e.links, |links| links.push(other));
    assert_eq!(codes(&e), Vec::<&str>::new());
    put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
    assert_eq!(codes(&e), ["two-directories"]);
}

#[test]
fn of_two_where_there_is_one_nobody_is_chosen_by_chance() {
    // Two accounts with one address: the evidence was read while something changed.
    let mut e = healthy();
    put(&mut e.accounts, |all| all.push(Account { id: "a2".into(), ..all[0].clone() }));
    let diagnosis = diagnose(&e);
    assert_eq!((diagnosis.verdict, diagnosis.candidates.len()), (Verdict::CannotTell, 2));
    // If a directory has two records of one person, the linked one is hers, in either order.
    for other in ["r0", "r2"] {
        let mut e = healthy();
        let twin = ScimRecord {
            id: RecordId { directory: "d1".into(), record: other.into() },
            account: None,
            ..record()
        };
        put(e.records.get_mut("d1").unwrap(), |all| all.push(twin));
        let diagnosis = diagnose(&e);
        assert_eq!(
            (diagnosis.verdict, diagnosis.record.as_deref()),
            (Verdict::Healthy, Some("r1")),
            "{other}"
        );
    }
}

#[test]
fn sources_that_disagree_about_a_link_prove_nothing_that_needs_it() {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
    assert_eq!(codes(&e), ["propagation-lag"]);
    put(&mut e.links, |links| links[0].account = Some("a9".into()));
    assert_eq!(codes(&e), Vec::<&str>::new());
}

#[test]
fn the_account_of_a_colleague_proves_no_access() {
    let rick = || IdpUser { id: "rick".into(), name: Some("Rick Roe".into()), ..IdpUser::default() };
    let with = |users: Read<Vec<IdpUser>>| {
        let mut e = healthy();
        // The record has the person's externalId, and it is linked to an account with another address.
        put(&mut e.accounts, |all| all[0].email = Some("rick.roe@acme.example".into()));
        e.bearers.insert("rick.roe@acme.example".into(), users);
        diagnose(&e)
    };
    for users in [seen(vec![rick()]), Read::Gap("403".into()), Read::NotAsked] {
        let doubt = with(users);
        assert_eq!(doubt.verdict, Verdict::CannotTell, "{:?}", doubt.findings);
        assert_eq!((doubt.groups.present, doubt.apps.present), (None, None));
    }
    // An address that no living person has may be an older one of the person.
    let renamed = with(seen(Vec::new()));
    assert_eq!(renamed.verdict, Verdict::Healthy, "{:?}", renamed.findings);
    assert!(renamed.found(Cause::EmailMismatch));
}

#[test]
fn the_persons_address_on_the_account_of_a_colleague_proves_no_access() {
    let with = |name: &str, owners: Read<Vec<IdpUser>>| {
        let mut e = healthy();
        put(e.records.get_mut("d1").unwrap(), |all| {
            all[0].user_name = Some(name.into());
            all[0].external_id = Some("x1".into());
        });
        e.owners.insert("x1".into(), owners);
        diagnose(&e)
    };
    let rick = IdpUser { id: "rick".into(), ..IdpUser::default() };
    for owners in [seen(vec![rick]), Read::Gap("403".into())] {
        let doubt = with("rick.roe@acme.example", owners);
        assert_ne!(doubt.verdict, Verdict::Healthy, "{:?}", doubt.findings);
        assert_eq!(doubt.groups.present, None);
    }
}

const RICK: &str = "rick.roe@acme.example";

/// The person's account is linked to a record with another name, and the job does not write `externalId`.
fn unnamed_record(name: &str, user_name_from: &str) -> Evidence {
    let mut e = healthy();
    put(&mut e.mapping, |mapping| {
        mapping.external_id_from = None;
        mapping.user_name_from = Some(user_name_from.to_owned());
    });
    put(e.records.get_mut("d1").unwrap(), |all| {
        (all[0].external_id, all[0].user_name) = (None, Some(name.to_owned()));
    });
    e
}

#[test]
fn without_an_external_id_the_name_of_a_record_shows_whether_it_is_a_colleagues() {
    let rick = || IdpUser { id: "rick".into(), ..IdpUser::default() };
    // Columns: the record's name, what the job writes as `userName`, who has the name, whether the record is the person's.
    for (name, from, bearers, own) in [
        (JANE, "[userPrincipalName]", None, true),
        ("jane.miller@acme.example", "[userPrincipalName]", Some(seen(Vec::new())), true),
        ("jane.miller@acme.example", "ToLower([mail])", Some(seen(Vec::new())), true),
        ("jane.miller@acme.example", "[userPrincipalName]", None, false),
        ("jane.miller@acme.example", "[userPrincipalName]", Some(Read::Gap("403".into())), false),
        (RICK, "[userPrincipalName]", Some(seen(vec![rick()])), false),
        // The name of a guest differs from the user principal name, and a nickname is no address.
        ("rick_roe.example@acme.example", "[userPrincipalName]", Some(seen(Vec::new())), false),
        ("rick", "[mailNickname]", Some(seen(Vec::new())), false),
    ] {
        let mut e = unnamed_record(name, from);
        e.bearers.extend(bearers.clone().map(|read| (name.to_owned(), read)));
        let diagnosis = diagnose(&e);
        assert_eq!(diagnosis.record.is_some(), own, "{name} {from} {bearers:?}");
        if !own {
            assert_eq!(diagnosis.verdict, Verdict::CannotTell, "{name} {from} {bearers:?}");
        }
    }
}

#[test]
fn without_an_account_it_is_unknown_whether_the_person_has_one_with_an_older_address() {
    let mut e = without_record();
    e.accounts = seen(Vec::new());
    assert_eq!(diagnose(&e).verdict, Verdict::Broken);
    let spoil: [fn(&mut Evidence); 3] = [
        |e| put(&mut e.mapping, |mapping| mapping.external_id_from = Some("PCase([mailNickname])".into())),
        |e| drop(e.records.insert("d1".into(), Read::Gap("403".into()))),
        |e| e.records.clear(),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let mut spoiled = e.clone();
        spoil(&mut spoiled);
        let diagnosis = diagnose(&spoiled);
        assert_eq!((diagnosis.verdict, diagnosis.groups.missing), (Verdict::CannotTell, None), "{number}");
    }
}

#[test]
fn the_reason_is_named_where_the_mapping_leaves_a_cause_undecided() {
    let mut e = without_record();
    put(&mut e.mapping, |mapping| mapping.external_id_from = Some("PCase([mailNickname])".into()));
    let diagnosis = diagnose(&e);
    assert!(undecided(&diagnosis, Cause::NeverProvisioned));
    let says = "what the job writes as externalId cannot be computed: PCase([mailNickname])";
    assert!(diagnosis.unread.contains(&(Source::Schema, says.to_owned())), "{:?}", diagnosis.unread);
    let good = diagnose(&healthy());
    assert_eq!(good.unread, [], "nothing is named that changes nothing");
}

#[test]
fn an_old_address_does_not_prove_that_the_owner_of_an_account_has_left() {
    let asked = |external: Option<&str>, from: Option<&str>| {
        let mut e = unnamed_record("jane.miller@acme.example", "[userPrincipalName]");
        e.subject = Subject::asked(Who::Account("a1".into()));
        put(&mut e.mapping, |mapping| mapping.external_id_from = from.map(str::to_owned));
        put(e.records.get_mut("d1").unwrap(), |all| all[0].external_id = external.map(str::to_owned));
        put(&mut e.accounts, |all| all[0].email = Some("jane.miller@acme.example".into()));
        e.users = seen(Vec::new());
        e.deleted_users = seen(Vec::new());
        e
    };
    let object_id = Some("[objectId]");
    let mut known = asked(Some(EARLIER), object_id);
    known.owners.insert(EARLIER.into(), seen(Vec::new()));
    // Columns: the evidence, whether the owner is known to be missing.
    for (e, missing) in [
        (known, true),
        (asked(Some(EARLIER), object_id), false),
        (asked(None, None), false),
        // Where the job writes an `externalId`, it did not make a record without one.
        (asked(None, object_id), true),
    ] {
        let diagnosis = diagnose(&e);
        assert_eq!(diagnosis.found(Cause::IdpUserMissing), missing, "{:?}", e.owners);
        assert_eq!(undecided(&diagnosis, Cause::IdpUserMissing), !missing);
        assert_eq!(undecided(&diagnosis, Cause::OrphanedRecord), !missing);
    }
}

#[test]
fn only_a_guid_is_an_object_id() {
    use super::super::record_links::is_object_id;
    assert!(is_object_id(ID) && is_object_id(&ID.to_uppercase()));
    for other in [
        "import-1042",
        "000000e1-0000-4000-8000-00000000000g",
        "000000e1000040008000000000000001",
        "cafe",
        "",
    ] {
        assert!(!is_object_id(other), "{other}");
    }
}
