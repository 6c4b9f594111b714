//! SCIM records joined with what the link calls say of them: one row for each record, whichever source shows it.

use crate::evidence::{Evidence, Read, ScimRecord};
use crate::subject::RecordId;

/// A SCIM record and the account it is linked to, from every source that shows it.
#[derive(Clone, Debug)]
pub struct RecordLink<'a> {
    pub id: RecordId,
    /// Whether the sources that show the link agree about it.
    pub link_known: bool,
    /// The account it is linked to.
    pub account: Option<String>,
    /// The record itself, where the directory's key is at hand.
    pub record: Option<&'a ScimRecord>,
    /// Whether it was found by the person's address.
    pub by_address: bool,
}

/// Joins what the link calls and the directories say of each record.
pub(super) fn record_links(e: &Evidence) -> Vec<RecordLink<'_>> {
    let mut all: Vec<RecordLink<'_>> = Vec::new();
    let by_id = e.records_by_id.iter().filter_map(|(_, read)| read.get()?.as_ref());
    for record in e.records.values().filter_map(Read::get).flatten().chain(by_id) {
        if !all.iter().any(|tie| tie.id == record.id) {
            all.push(RecordLink {
                id: record.id.clone(),
                link_known: true,
                account: record.account.clone(),
                record: Some(record),
                by_address: false,
            });
        }
    }
    let by_address = e.links.get().into_iter().flatten().map(|link| (link, true));
    let by_account = e.account_links.values().filter_map(Read::get).flatten().map(|link| (link, false));
    for (link, by_address) in by_address.chain(by_account) {
        // A record that the directory itself says is gone is gone, whatever an index still shows.
        if e.record(&link.id) == Some(None) {
            continue;
        }
        match all.iter_mut().find(|tie| tie.id == link.id) {
            Some(tie) => {
                tie.by_address |= by_address;
                // The directory and the index disagree: then neither is known.
                if tie.account.is_some() && link.account.is_some() && tie.account != link.account {
                    tie.link_known = false;
                }
                tie.account = tie.account.take().or_else(|| link.account.clone());
            }
            None => all.push(RecordLink {
                id: link.id.clone(),
                link_known: true,
                account: link.account.clone(),
                record: None,
                by_address,
            }),
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}
