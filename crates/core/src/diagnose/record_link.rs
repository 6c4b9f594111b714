//! Joins SCIM records with the answers of the link calls: one row for each record, whichever source shows it.

use crate::evidence::{Evidence, Read, ScimRecord};
use crate::subject::RecordId;

/// A SCIM record and the account it is linked to, joined from every source that shows it.
#[derive(Clone, Debug)]
pub struct RecordLink<'a> {
    pub id: RecordId,
    /// Whether the sources that show the link agree.
    pub link_known: bool,
    /// The account that the record is linked to.
    pub account: Option<String>,
    /// The record itself. `None` if the directory's key is not available.
    pub record: Option<&'a ScimRecord>,
    /// Whether the record was found by the person's address.
    pub by_address: bool,
}

/// Joins what the link calls and the directories show of each record.
pub(super) fn record_links(e: &Evidence) -> Vec<RecordLink<'_>> {
    let mut all: Vec<RecordLink<'_>> = Vec::new();
    let by_id = e.records_by_id.iter().filter_map(|(_, read)| read.get()?.as_ref());
    for record in e.records.values().filter_map(Read::get).flatten().chain(by_id) {
        if !all.iter().any(|record_link| record_link.id == record.id) {
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
        // If the directory says that a record does not exist, that counts, even if an index still shows the record.
        if e.record(&link.id) == Some(None) {
            continue;
        }
        match all.iter_mut().find(|record_link| record_link.id == link.id) {
            Some(record_link) => {
                record_link.by_address |= by_address;
                // The directory and the index disagree, so the link is unknown.
                if record_link.account.is_some()
                    && link.account.is_some()
                    && record_link.account != link.account
                {
                    record_link.link_known = false;
                }
                record_link.account = record_link.account.take().or_else(|| link.account.clone());
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
