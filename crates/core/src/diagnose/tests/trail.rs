//! What the stations of the trail say, in their mark and in words.

use super::*;
use crate::diagnose::Mark;

/// The mark and the words of a station, counted from the identity provider to the apps.
fn station(e: &Evidence, place: usize) -> (Mark, String) {
    let station = diagnose(e).trail.swap_remove(place);
    (station.mark, station.message)
}

const RECORD: usize = 2;
const ACCOUNT: usize = 3;
const APPS: usize = 5;

#[test]
fn an_account_that_may_be_a_colleagues_is_not_called_good() {
    let mut e = healthy();
    assert_eq!(station(&e, ACCOUNT), (Mark::Good, "active".to_owned()));
    put(&mut e.accounts, |all| all[0].email = Some("rick.roe@acme.example".into()));
    let (mark, says) = station(&e, ACCOUNT);
    assert_eq!((mark, says.contains("another person")), (Mark::Unread, true), "{says}");
}

#[test]
fn the_apps_of_a_person_without_an_account_are_missing_only_if_it_is_known_that_there_is_none() {
    let mut e = without_record();
    assert_eq!(station(&e, APPS), (Mark::Broken, "no account, so no app role".to_owned()));
    let two = |id: &str| Account { id: id.into(), ..healthy().accounts.get().unwrap()[0].clone() };
    e.accounts = seen(vec![two("a1"), two("a2")]);
    assert_eq!(station(&e, APPS), (Mark::Unread, "not known".to_owned()));
    e.accounts = Read::Gap("503".into());
    assert_eq!(station(&e, APPS), (Mark::Unread, "not known".to_owned()));
    assert_eq!(station(&e, ACCOUNT), (Mark::Unread, "could not be read: 503".to_owned()));
}

#[test]
fn the_apps_of_an_account_that_may_be_hidden_are_unread() {
    let mut e = healthy();
    (e.job, e.mapping) = (Read::NotAsked, Read::NotAsked);
    e.applications = seen(vec![Application::default()]);
    (e.accounts, e.links) = (seen(Vec::new()), seen(Vec::new()));
    for records in e.records.values_mut() {
        put(records, |all| {
            all[0].external_id = Some("unknown".into());
            all[0].account = None;
        });
    }
    assert_eq!(station(&e, ACCOUNT).0, Mark::Unread);
    assert_eq!(station(&e, APPS), (Mark::Unread, "not known".to_owned()));
}

#[test]
fn where_no_group_grants_an_app_any_role_is_named() {
    let mut e = healthy();
    assert_eq!(station(&e, APPS).0, Mark::Good);
    e.group_roles.insert("g-jira".into(), seen(Vec::new()));
    assert_eq!(station(&e, APPS), (Mark::Good, "at least one app role".to_owned()));
}

#[test]
fn a_cause_that_blocks_names_its_station() {
    let e = without_record();
    assert_eq!(codes(&e), ["never-provisioned"]);
    assert_eq!(station(&e, RECORD), (Mark::Broken, Cause::NeverProvisioned.title().to_owned()));
}
