//! What the log and the settings show about the job and the person: its directory, its scope, the anchor, the newest
//! verdict, and refusals that still count.

use super::build::{
    D1, JANE, MAIL, at, gap, healthy, never_provisioned, record, record_id, refused, seen, value,
};
use crate::diagnose::Case;
use crate::evidence::{Evidence, LogEntry};

fn entry(status: &str, change: impl FnOnce(&mut LogEntry)) -> LogEntry {
    let mut entry =
        LogEntry { action: "update".to_owned(), status: status.to_owned(), ..LogEntry::default() };
    change(&mut entry);
    entry
}

fn newest(e: &mut Evidence, entry: LogEntry) {
    value(&mut e.log).insert(0, entry);
}

#[test]
fn the_jobs_directory_comes_from_its_settings_then_the_configuration_then_the_anchor() {
    let mut e = healthy();
    assert_eq!(Case::new(&e).target_directory(), Some(D1), "the only one");
    e.records.insert("directory-2".to_owned(), seen(Vec::new()));
    assert_eq!(Case::new(&e).target_directory(), Some(D1), "of the anchor");
    e.places.job_directory = Some("directory-2".to_owned());
    assert_eq!(Case::new(&e).target_directory(), Some("directory-2"));
    value(&mut e.mapping).directory = Some("directory-3".to_owned());
    assert_eq!(Case::new(&e).target_directory(), Some("directory-3"));
    (value(&mut e.mapping).directory, e.places.job_directory, e.log) = (None, None, gap());
    assert_eq!(Case::new(&e).target_directory(), None, "the log is unread");
}

#[test]
fn an_anchor_is_gone_only_if_each_directory_in_question_answered() {
    let gone = |e: &Evidence| Case::new(e).anchor_is_gone();
    let mut e = never_provisioned();
    assert_eq!(gone(&e), None, "there is no anchor");
    newest(&mut e, entry("success", |known| known.target = Some("r9".to_owned())));
    assert_eq!(gone(&e), None, "it was not read");
    e.records_by_id.push((record_id("r9"), seen(None)));
    assert_eq!(gone(&e), Some(true));
    e.records.insert("directory-2".to_owned(), seen(Vec::new()));
    assert_eq!(gone(&e), None, "it may be in the other directory");
    e.places.job_directory = Some(D1.to_owned());
    assert_eq!(gone(&e), Some(true), "the job does not write there");
    e.records_by_id.clear();
    value(e.records.get_mut(D1).unwrap()).push(record("r9", JANE, MAIL, None));
    assert_eq!(gone(&e), Some(false));
}

#[test]
fn whether_everybody_is_provisioned_comes_from_the_settings_then_the_configuration() {
    let mut e = healthy();
    assert_eq!(Case::new(&e).sync_all(), None);
    e.places.sync_all = Some(true);
    assert_eq!(Case::new(&e).sync_all(), Some(true));
    value(&mut e.mapping).sync_all = Some(false);
    assert_eq!(Case::new(&e).sync_all(), Some(false));
    e.mapping = gap();
    assert_eq!(Case::new(&e).sync_all(), Some(true));
}

#[test]
fn the_newest_verdict_is_an_entry_that_shows_whether_the_person_is_provisioned() {
    let mut e = healthy();
    let newest_is =
        |e: &Evidence, test: fn(&LogEntry) -> bool| Case::new(e).newest_verdict().unwrap().is_some_and(test);
    assert!(newest_is(&e, LogEntry::is_in_reach));
    newest(&mut e, entry("failure", |known| known.action = "other".to_owned()));
    assert!(newest_is(&e, LogEntry::succeeded), "an entry that shows nothing");
    newest(&mut e, entry("skipped", |known| known.skip_reason = Some("NotEffectivelyEntitled".to_owned())));
    assert!(newest_is(&e, LogEntry::is_not_entitled));
    newest(&mut e, entry("skipped", |known| known.skip_reason = Some("RedundantExport".to_owned())));
    assert!(newest_is(&e, LogEntry::is_in_reach), "compared, so provisioned");
    newest(&mut e, entry("success", |known| known.action = "disable".to_owned()));
    assert!(newest_is(&e, LogEntry::is_withdrawn) && !newest_is(&e, LogEntry::is_in_reach));
    e.log = gap();
    assert_eq!(Case::new(&e).newest_verdict(), None);
}

#[test]
fn a_refused_create_that_was_followed_by_a_success_or_a_repair_is_history() {
    let mut e = never_provisioned();
    newest(&mut e, refused("create"));
    assert_eq!(Case::new(&e).create_was_refused(), Some(true));
    (value(&mut e.log)[0].at, e.cleared) = (Some(at(-5)), Some(at(0)));
    assert_eq!(Case::new(&e).create_was_refused(), Some(false), "this program removed the obstacle");
    e.cleared = None;
    newest(&mut e, entry("success", |_| {}));
    assert_eq!(Case::new(&e).create_was_refused(), Some(false));
    newest(
        &mut e,
        entry("failure", |known| (known.http_status, known.action) = (Some(409), "create".to_owned())),
    );
    assert_eq!(Case::new(&e).create_was_refused(), Some(false), "a 409 that is no conflict");
    e.log = gap();
    assert_eq!(Case::new(&e).create_was_refused(), None);
}
