//! A second account, or a record whose owner the job does not name: which account is the person's, and whether its
//! access says anything about them.

use super::*;

fn account(id: &str, email: Option<&str>) -> Account {
    let Read::Seen { value, .. } = healthy().accounts else { panic!("it was read") };
    Account { id: id.into(), email: email.map(str::to_owned), ..value[0].clone() }
}

/// Atlassian pulls people by itself. A record of an earlier job has this name and this `externalId`.
fn pulled(name: &str) -> Evidence {
    let mut e = healthy();
    (e.job, e.mapping) = (Read::NotAsked, Read::NotAsked);
    e.applications = seen(vec![Application::default()]);
    put(e.records.get_mut("d1").unwrap(), |all| {
        (all[0].external_id, all[0].user_name, all[0].email) =
            (Some(EARLIER.into()), Some(name.into()), Some(name.into()));
    });
    e
}

#[test]
fn an_account_with_her_address_that_she_gets_instead_decides_whether_she_has_access() {
    let verdict = |change: fn(&mut Account)| {
        let mut e = healthy();
        put(&mut e.users, |users| users[0].aliases = vec!["jane.old@acme.example".into()]);
        let mut other = account("a2", Some(JANE));
        other.claim = Claim::Unmanaged;
        change(&mut other);
        put(&mut e.accounts, |all| {
            all[0].email = Some("jane.old@acme.example".into());
            all.push(other);
        });
        let diagnosis = diagnose(&e);
        assert_eq!(diagnosis.account.as_deref(), Some("a1"), "her record is linked to it");
        diagnosis.verdict
    };
    assert_eq!(verdict(|other| other.status = Some("inactive".into())), Verdict::Broken, "she is locked out");
    let of_nobody = |other: &mut Account| {
        (other.status, other.email) = (Some("inactive".into()), Some("x@acme.example".into()));
    };
    assert_eq!(verdict(|_| {}), Verdict::CannotTell, "nothing shows what she can do there");
    assert_eq!(verdict(|other| other.status = None), Verdict::CannotTell, "its state is not shown");
    assert_eq!(verdict(of_nobody), Verdict::Healthy, "it does not have her address");
}

#[test]
fn another_record_of_the_person_leads_to_an_account_with_a_hidden_address() {
    let found = |external: &str, link: Option<ScimLink>| {
        let mut e = without_record();
        e.accounts = seen(vec![account("a8", Some("x@acme.example")), account("a9", None)]);
        let unlinked = ScimRecord { account: None, ..record() };
        let mut other =
            ScimRecord { external_id: Some(external.into()), account: Some("a9".into()), ..record() };
        other.id = RecordId { directory: "d2".into(), record: "r2".into() };
        (other.user_name, other.email) = (Some("old@acme.example".into()), None);
        e.places.job_directory = Some("d1".into());
        e.records.insert("d1".into(), seen(vec![unlinked]));
        e.records.insert("d2".into(), seen(vec![other]));
        put(&mut e.links, |links| links.extend(link));
        diagnose(&e).account
    };
    let by_address = |account: &str| {
        let id = RecordId { directory: "d9".into(), record: "r9".into() };
        Some(ScimLink { id, account: Some(account.into()) })
    };
    assert_eq!(found(ID, None).as_deref(), Some("a9"), "it has the externalId that the job writes");
    assert_eq!(found(EARLIER, None), None, "it is not known to be hers");
    assert_eq!(found(EARLIER, by_address("a9")).as_deref(), Some("a9"), "an unread record has her address");
}

#[test]
fn without_a_job_the_names_of_a_record_say_whether_an_account_is_hers() {
    let verdict = |name: &str| diagnose(&pulled(name)).verdict;
    let hers = verdict(JANE);
    let anothers = verdict("joan@acme.example");
    assert_eq!((hers, anothers), (Verdict::Healthy, Verdict::CannotTell));
    // She has no account, and the record is linked to none. If it is hers, an account may be hidden behind it.
    let without_account = |mut e: Evidence| {
        (e.accounts, e.links) = (seen(Vec::new()), seen(Vec::new()));
        e.account_links.clear();
        put(e.records.get_mut("d1").unwrap(), |all| all[0].account = None);
        diagnose(&e).verdict
    };
    let verdicts = [JANE, "joan@acme.example"].map(|name| without_account(pulled(name)));
    assert_eq!(verdicts, [Verdict::CannotTell, Verdict::Broken]);
}
