//! The worlds that the changes start from: one for each kind of fault.

use crate::evidence::{Claim, Evidence, LogEntry, Read};
use crate::tests::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account_of, address_elsewhere, at, drifted, gap, healthy, link,
    linked_elsewhere, never_provisioned, person, record, record_id, record_of, refused, seen, stale_record,
    suspend, value,
};

pub type World = (&'static str, fn() -> Evidence);

pub const WORLDS: &[World] = &[
    ("healthy", healthy),
    ("a membership is lost", drifted),
    ("never provisioned", never_provisioned),
    ("linked to another account", linked_elsewhere),
    ("her address on another account", address_elsewhere),
    ("an old record in the way", stale_record),
    ("suspended", suspended),
    ("her record is unlinked", unlinked),
    ("the job is stopped", stopped),
    ("her anchor is gone", anchor_gone),
    ("her object was created again", recreated),
    ("records in two directories", two_directories),
    ("deactivated by the identity provider", deactivated),
    ("scheduled for deletion", for_deletion),
    ("deleted at the identity provider", orphaned),
    ("a conflict with her own account", held),
    ("the account is not managed", unmanaged),
];

fn suspended() -> Evidence {
    let mut e = drifted();
    suspend(&mut e, A1);
    e
}

fn unlinked() -> Evidence {
    let mut e = drifted();
    record_of(&mut e, "r1").account = None;
    value(&mut e.links)[0].account = None;
    value(e.account_links.get_mut(A1).unwrap()).clear();
    e
}

fn stopped() -> Evidence {
    let mut e = never_provisioned();
    value(&mut e.job).schedule = Some("Disabled".to_owned());
    e
}

fn anchor_gone() -> Evidence {
    let mut e = never_provisioned();
    let written = LogEntry {
        action: "update".to_owned(),
        status: "success".to_owned(),
        target: Some("r9".to_owned()),
        ..LogEntry::default()
    };
    e.log = seen(vec![LogEntry { error_code: Some("InvalidAnchor".to_owned()), ..written.clone() }, written]);
    value(&mut e.log)[0].status = "failure".to_owned();
    value(&mut e.log)[0].target = None;
    e.records_by_id.push((record_id("r9"), seen(None)));
    e
}

/// Her object is younger than the record of her earlier object.
fn recreated() -> Evidence {
    let mut e = never_provisioned();
    let mut old = record("r0", OTHER, MAIL, Some(A1));
    old.created = Some(at(-9_000_000));
    value(&mut e.users)[0].created = Some(at(-1_000_000_000));
    value(e.records.get_mut(D1).unwrap()).push(old);
    old_link(&mut e, "r0");
    value(&mut e.users)[0].created = Some(at(-20_000));
    e.log = seen(vec![refused("create")]);
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    for used in value(e.last_active.get_mut(A1).unwrap()) {
        used.day = "2027-01-15".to_owned();
    }
    e
}

fn old_link(e: &mut Evidence, record: &str) {
    e.links = seen(vec![link(record, Some(A1))]);
    e.account_links.insert(A1.to_owned(), seen(vec![link(record, Some(A1))]));
}

fn two_directories() -> Evidence {
    let mut e = drifted();
    let mut second = record("r2", JANE, MAIL, Some(A1));
    second.id.directory = "directory-2".to_owned();
    let linked = crate::evidence::ScimLink { id: second.id.clone(), account: Some(A1.to_owned()) };
    e.records.insert("directory-2".to_owned(), seen(vec![second]));
    value(&mut e.links).push(linked.clone());
    value(e.account_links.get_mut(A1).unwrap()).push(linked);
    e.places.job_directory = Some(D1.to_owned());
    e
}

fn deactivated() -> Evidence {
    let mut e = drifted();
    account_of(&mut e, A1).status = Some("inactive".to_owned());
    record_of(&mut e, "r1").active = Some(false);
    let held = Some("externalDirectory.scim".to_owned());
    value(e.permissions.get_mut(A1).unwrap()).0.insert("lifecycle.enablement".to_owned(), held);
    e
}

fn for_deletion() -> Evidence {
    let mut e = unlinked();
    let jane = account_of(&mut e, A1);
    jane.status = Some("inactive".to_owned());
    jane.for_deletion = true;
    e
}

fn orphaned() -> Evidence {
    let mut e = drifted();
    e.users = seen(Vec::new());
    e.deleted_users = seen(vec![person()]);
    e.owners.insert(JANE.to_owned(), seen(Vec::new()));
    e
}

fn held() -> Evidence {
    let mut e = never_provisioned();
    e.log = seen(vec![refused("create")]);
    e.bearers.insert(MAIL.to_owned(), seen(vec![person()]));
    e
}

fn unmanaged() -> Evidence {
    let mut e = drifted();
    account_of(&mut e, A1).claim = Claim::Unmanaged;
    e.permissions.insert(A1.to_owned(), gap());
    e.last_active.insert(A2.to_owned(), Read::NotAsked);
    e
}
