//! What stays unknown although its source answered: a group without a name, a value of the mapping that cannot be
//! computed, seats that are not shown. A diagnosis names each of them. It must never name one that changes nothing.

use super::case::Case;
use super::{Undecided, apps};
use crate::evidence::Source;
use crate::expression::Mapped;

impl Case<'_> {
    /// What the sources did not show, with the reason, as far as it matters for the answer.
    pub(super) fn unshown(&self, undecided: &[Undecided]) -> Vec<(Source, String)> {
        let mut all: Vec<(Source, String)> = self
            .unnamed()
            .into_iter()
            .map(|group| {
                (Source::Memberships, format!("the name of the group {} could not be read", group.id))
            })
            .collect();
        let is_open = |source: Source| undecided.iter().any(|(_, needs)| needs.contains(&source));
        if is_open(Source::Schema) {
            all.extend(self.uncomputed());
            let several = self.e.records.len() > 1 && self.target_directory().is_none();
            let says = "the directory that the job writes to is not known; entra.directory can name it";
            all.extend(several.then(|| (Source::Schema, says.to_owned())));
        }
        if is_open(Source::Users) {
            let unnamed = self.record_links.iter().filter(|link| self.has_no_external_id(link));
            all.extend(unnamed.map(|link| {
                let says =
                    format!("whose the record {} is cannot be told: it has no externalId", link.id.record);
                (Source::Users, says)
            }));
        }
        if is_open(Source::Workspaces) {
            let unknown = apps::unknown_seats(self).into_iter();
            all.extend(unknown.map(|app| (Source::Workspaces, format!("the seats of {app} are not shown"))));
        }
        all
    }

    /// The values that the job writes for the person and that cannot be computed.
    fn uncomputed(&self) -> Vec<(Source, String)> {
        let Some(mapping) = self.e.mapping.get().filter(|_| self.person.is_some()) else { return Vec::new() };
        let mut all = Vec::new();
        if self.identity.external_id == Mapped::Empty && self.no_lookup_finds_the_record() {
            let says = "the job writes no externalId, so a record with an older name cannot be found";
            all.push((Source::Schema, says.to_owned()));
        }
        let targets = [
            ("externalId", &mapping.external_id_from, &self.identity.external_id),
            ("userName", &mapping.user_name_from, &self.identity.user_name),
            ("the work address", &mapping.email_from, &self.identity.email),
        ];
        for (target, from, value) in targets {
            let from = from.as_deref().unwrap_or_default();
            let reason = match value {
                Mapped::Unread => "cannot be computed",
                Mapped::Either(_) => "may have two forms for a guest",
                Mapped::Empty | Mapped::One(_) => continue,
            };
            all.push((Source::Schema, format!("what the job writes as {target} {reason}: {from}")));
        }
        all
    }
}
