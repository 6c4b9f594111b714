//! All parsers of external input, each as a function of bytes: for the fuzzer, and for the property tests of the
//! normal suite. They must never panic, hang or use up memory, whatever the bytes are.

use std::time::Duration;

use jiff::Timestamp;
use reinstate::slack::command::{Target, parse};
use reinstate::slack::payload;
use reinstate::upstream::{atlassian, entra, scim};
use reinstate_core::run::Limits;
use reinstate_core::{Event, Fold as _, Rules, Run, Who};
use serde::de::DeserializeOwned;

/// The body of a verified Slack request.
pub fn request(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for kind in ["application/x-www-form-urlencoded", "application/json", ""] {
        let once = payload::read(&text, kind);
        assert_eq!(once, payload::read(&text, kind), "the same body is the same request");
    }
}

/// The text of a command.
pub fn command(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(misunderstood) = parse(&text) {
        assert!(misunderstood.form.starts_with("/reinstate "), "{}", misunderstood.form);
    }
    // A parsed target must parse again from its own text.
    if let Some(target) = Target::parse(&text) {
        assert_eq!(Target::parse(&target.text()), Some(target));
    }
    if let Ok(who) = Who::parse(&text) {
        assert_eq!(Who::parse(who.text()).ok(), Some(who));
    }
}

/// An answer of Atlassian or Microsoft: it is parsed or refused.
pub fn decoders(bytes: &[u8]) {
    fn read<T: DeserializeOwned>(bytes: &[u8]) {
        drop(serde_json::from_slice::<T>(bytes));
        drop(serde_json::from_slice::<Vec<T>>(bytes));
    }
    read::<atlassian::users::Account>(bytes);
    read::<atlassian::users::ManagedAccount>(bytes);
    read::<atlassian::users::Roles>(bytes);
    read::<atlassian::groups::Group>(bytes);
    read::<atlassian::groups::GroupRoles>(bytes);
    read::<atlassian::groups::Workspace>(bytes);
    read::<atlassian::links::ScimLink>(bytes);
    read::<scim::ScimUser>(bytes);
    read::<scim::ScimGroup>(bytes);
    read::<entra::directory::User>(bytes);
    read::<entra::directory::Group>(bytes);
    read::<entra::directory::Assignment>(bytes);
    read::<entra::directory::ServicePrincipal>(bytes);
    read::<entra::jobs::Job>(bytes);
    read::<entra::jobs::JobError>(bytes);
    read::<entra::steps::Step>(bytes);
}

/// The entries of a run, as the database returns them.
pub fn journal(bytes: &[u8]) {
    let Ok(events) = serde_json::from_slice::<Vec<Event>>(bytes) else { return };
    let minute = Duration::from_secs(60);
    let limits = Limits { expire_after: minute * 60, start_within: minute * 15 };
    let mut run = Run::default();
    for (seq, event) in (1..).zip(&events) {
        let at =
            Timestamp::UNIX_EPOCH.checked_add(minute * u32::try_from(seq).unwrap_or(1)).unwrap_or_default();
        if run.apply(seq, at, event).is_err() {
            return;
        }
        // A run that has ended has no next step, whatever entries follow.
        let next = run.next(at, &Rules::default(), &limits);
        assert!(run.ended.is_none() || next == reinstate_core::Next::Nothing);
        drop((run.tried(), run.steps_done(), run.approved_by()));
    }
}
