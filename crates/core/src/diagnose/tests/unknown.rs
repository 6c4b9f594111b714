//! What the evidence leaves open. It is said, and it is never taken for good or for bad.

use super::*;

fn gap<T>() -> Read<T> {
    Read::Gap("503".into())
}

/// Shown by the account under this name. At Atlassian, the group may be synced.
fn shows(e: &mut Evidence, name: &str, synced: Option<bool>) {
    put(&mut e.accounts, |all| all[0].groups = Some(vec![group(name)]));
    put(&mut e.shown_groups, |all| all.push(OrgGroup { synced, ..org_group(name) }));
}

#[test]
fn nothing_was_read_only_if_every_station_is_unread_and_nothing_was_found() {
    let mut e = Evidence::new(Subject::asked(Who::Email(JANE.into())), at(100));
    (e.users, e.accounts, e.memberships) = (gap(), gap(), gap());
    (e.job, e.mapping, e.assignments) = (gap(), gap(), gap());
    (e.log, e.links) = (gap(), gap());
    e.records.insert("d1".into(), gap());
    assert!(diagnose(&e).has_read_nothing(), "{:?}", diagnose(&e).trail);
    e.users.clone_from(&healthy().users);
    assert!(!diagnose(&e).has_read_nothing(), "the person was read");
    put(&mut e.users, |users| users.push(IdpUser { id: "joan".into(), ..IdpUser::default() }));
    assert!(!diagnose(&e).has_read_nothing(), "two people have the address");
    assert!(!diagnose(&healthy()).has_read_nothing());
}

#[test]
fn a_group_under_another_name_is_missing_only_if_the_older_names_were_read() {
    let verdict = |synced, change: fn(&mut Evidence)| {
        let mut e = healthy();
        shows(&mut e, "authors", synced);
        e.scim_groups = gap();
        change(&mut e);
        diagnose(&e).verdict
    };
    for synced in [Some(true), None] {
        assert_eq!(verdict(synced, |_| {}), Verdict::CannotTell, "it may be the group: {synced:?}");
    }
    assert_eq!(verdict(Some(false), |_| {}), Verdict::Broken, "a local group is none of the job's");
    let names_read = |e: &mut Evidence| e.scim_groups = seen(std::collections::BTreeMap::new());
    assert_eq!(verdict(Some(true), names_read), Verdict::Broken, "the older names are known");
    let another_expected = |e: &mut Evidence| {
        put(&mut e.memberships, |all| all.push(group("authors")));
        put(&mut e.assignments, |all| {
            all.push(Assignment { principal: "g-authors".into(), name: "authors".into(), ..all[0].clone() });
        });
    };
    assert_eq!(verdict(Some(true), another_expected), Verdict::Broken, "it is another expected group");
}

#[test]
fn a_lost_membership_is_not_called_drift_while_another_cause_is_unread() {
    let open = |change: fn(&mut Evidence)| {
        let mut e = healthy();
        put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
        put(e.records.get_mut("d1").unwrap(), |all| all[0].groups.clear());
        change(&mut e);
        let diagnosis = diagnose(&e);
        let sources = diagnosis.undecided.iter().find(|(cause, _)| *cause == Cause::MembershipDrift);
        (diagnosis.found(Cause::MembershipDrift), sources.map(|(_, sources)| sources.clone()))
    };
    assert_eq!(open(|_| {}), (true, None));
    assert_eq!(open(|e| put(&mut e.mapping, |mapping| mapping.groups_on = false)), (false, None));
    type Change = fn(&mut Evidence);
    let unread: [(Change, Source); 5] = [
        (|e| e.job = gap(), Source::Jobs),
        (|e| e.mapping = gap(), Source::Schema),
        (|e| e.groups = gap(), Source::Groups),
        (|e| e.scim_groups = gap(), Source::ScimGroups),
        (
            |e| {
                e.scim_groups = gap();
                shows(e, "authors", Some(true));
            },
            Source::ScimGroups,
        ),
    ];
    for (change, source) in unread {
        assert_eq!(open(change), (false, Some(vec![source])));
    }
}

#[test]
fn what_a_source_answered_without_saying_is_named() {
    let unread = |change: fn(&mut Evidence)| {
        let mut e = without_record();
        change(&mut e);
        diagnose(&e).unread.into_iter().map(|(_, says)| says).collect::<Vec<_>>().join("; ")
    };
    let two = |e: &mut Evidence| {
        e.records.insert("d2".into(), seen(Vec::new()));
        put(&mut e.mapping, |mapping| mapping.email_from = Some("Unheard([mail])".into()));
    };
    let says = unread(two);
    assert!(says.contains("the directory that the job writes to is not known"), "{says}");
    assert!(says.contains("what the job writes as the work address cannot be computed"), "{says}");
    let known = |e: &mut Evidence| {
        e.records.insert("d2".into(), seen(Vec::new()));
        put(&mut e.mapping, |mapping| {
            (mapping.email_from, mapping.directory) = (Some("Unheard([mail])".into()), Some("d1".into()));
        });
    };
    assert!(!unread(known).contains("the directory that"), "{}", unread(known));
    let one =
        |e: &mut Evidence| put(&mut e.mapping, |mapping| mapping.email_from = Some("Unheard([mail])".into()));
    assert!(!unread(one).contains("the directory that"), "{}", unread(one));
    assert_eq!(unread(|_| {}), "");
}

#[test]
fn a_refusal_is_explained_by_the_account_only_if_no_record_may_explain_it() {
    let held = |change: fn(&mut Evidence)| {
        let mut e = without_record();
        e.accounts = healthy().accounts;
        e.account_links.insert("a1".into(), seen(Vec::new()));
        e.log = seen(vec![refusal()]);
        e.records.insert("d2".into(), seen(Vec::new()));
        e.owners.insert(EARLIER.into(), seen(Vec::new()));
        change(&mut e);
        let diagnosis = diagnose(&e);
        let cause = Cause::EmailHeldByManagedAccount;
        (diagnosis.found(cause), undecided(&diagnosis, cause))
    };
    fn old(e: &mut Evidence, change: fn(&mut ScimRecord)) {
        let id = RecordId { directory: "d2".into(), record: "r5".into() };
        let mut old = ScimRecord { id, external_id: Some(EARLIER.into()), account: None, ..record() };
        change(&mut old);
        e.records.insert("d2".into(), seen(vec![old]));
    }
    assert_eq!(held(|_| {}), (true, false));
    assert_eq!(
        held(|e| old(e, |_| {})),
        (false, true),
        "the job may write to the directory of the old record"
    );
    let other = |e: &mut Evidence| {
        old(e, |old| (old.user_name, old.email) = (Some("x@acme.example".into()), None));
    };
    assert_eq!(held(other), (true, false), "it holds nothing of hers");
    let elsewhere = |e: &mut Evidence| {
        old(e, |_| {});
        e.places.job_directory = Some("d1".into());
    };
    assert_eq!(held(elsewhere), (true, false), "the job does not write there");
    assert_eq!(
        held(|e| old(e, |old| old.account = Some("a1".into()))),
        (true, false),
        "it is on this account"
    );
}

#[test]
fn a_role_in_the_app_is_enough_only_if_no_unread_group_may_need_a_stronger_one() {
    let mut e = healthy();
    e.subject.app = Some("wiki".into());
    put(e.roles.get_mut("a1").unwrap(), |rows| {
        rows.push(AppRole { resource: "wiki".into(), ..role("u1", "active") });
    });
    assert_eq!(diagnose(&e).verdict, Verdict::Healthy);
    e.group_roles.insert("g-jira".into(), gap());
    assert_eq!(diagnose(&e).verdict, Verdict::CannotTell);
}

#[test]
fn a_record_that_names_nobody_is_named_where_its_owner_matters() {
    let unread = |external: Option<&str>| {
        let mut e = healthy();
        e.users = seen(Vec::new());
        put(&mut e.mapping, |mapping| mapping.external_id_from = None);
        put(e.records.get_mut("d1").unwrap(), |all| all[0].external_id = external.map(str::to_owned));
        diagnose(&e).unread.into_iter().map(|(_, says)| says).collect::<Vec<_>>().join("; ")
    };
    assert!(unread(None).contains("whose the record r1 is cannot be told"), "{}", unread(None));
    assert!(!unread(Some(EARLIER)).contains("whose the record"), "{}", unread(Some(EARLIER)));
}

#[test]
fn without_an_external_id_an_old_record_may_be_hidden_and_that_is_said() {
    let unread = |from: Option<&str>| {
        let mut e = without_record();
        put(&mut e.mapping, |mapping| mapping.external_id_from = from.map(str::to_owned));
        e.log = Read::Gap("503".into());
        diagnose(&e).unread.into_iter().map(|(_, says)| says).collect::<Vec<_>>().join("; ")
    };
    let hidden = "a record with an older name cannot be found";
    assert!(unread(None).contains(hidden), "{}", unread(None));
    assert!(!unread(Some("[objectId]")).contains(hidden), "{}", unread(Some("[objectId]")));
}
