//! `users/delta` and `groups/delta`: places, tokens and pages. What changed is in `delta_stream.rs`. A token must never
//! show what it holds, and a place must never work forever.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{Refusal, Reply};
use super::delta_places::{Kind, Place, Round, Snapshot, Store, Stream};
use super::directory::READ_USERS;
use super::request::Ask;
use super::state::Entra;
use super::switches::ExpiredPlace;

/// The permissions that the page of `groups/delta` lists.
const READ_GROUPS: &[&str] = &[
    "GroupMember.Read.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// The documented life of a token of directory objects. It is not clear whether it counts from the issue or from the
/// last use; this is the unkind answer.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Entra {
    /// The service forgets every place of the delta queries.
    pub fn expire_delta(&mut self) {
        for place in self.delta.places.values_mut() {
            place.issued = Timestamp::MIN;
        }
    }
}

/// `GET /users/delta` and `GET /groups/delta`
pub(super) fn delta(entra: &mut Entra, ask: &Ask, kind: Kind, now: Timestamp) -> Result<Reply, Refusal> {
    ask.need(if kind == Kind::Users { READ_USERS } else { READ_GROUPS })?;
    // `$top`, `$orderby` and `$expand` are documented as not supported.
    ask.only(&["$select", "$filter", "$deltatoken", "$skiptoken"])?;
    let mut store = std::mem::take(&mut entra.delta);
    let answer = store.answer(entra, ask, kind, now);
    entra.delta = store;
    answer
}

impl Store {
    fn answer(&mut self, entra: &Entra, ask: &Ask, kind: Kind, now: Timestamp) -> Result<Reply, Refusal> {
        let token = match (ask.option("$deltatoken"), ask.option("$skiptoken")) {
            (Some(_), Some(_)) => return Err(Refusal::bad("A request has one token only.")),
            // An empty token begins again. The header `Location` of an expired place has one.
            (Some("" | "latest") | None, None) => None,
            (Some(token), None) | (None, Some(token)) => Some(token),
        };
        let Some(token) = token else {
            let stream = self.stream(Stream::asked(ask, kind)?);
            let is_latest = ask.option("$deltatoken") == Some("latest");
            let round = self.begin(entra, ask, stream, is_latest, now)?;
            return Ok(self.page(entra, ask, kind, round, (0, false), now));
        };
        if ask.query.len() > 1 {
            return Err(Refusal::bad("A token holds the query options; none may stand beside it."));
        }
        let place = self.places.get(token).filter(|place| place.kind == kind).cloned();
        let place = place.ok_or_else(|| {
            Refusal::fault(400, "Directory_InvalidDeltaToken", "The token is not one of this resource.")
        })?;
        if now.duration_since(place.issued) >= LIFETIME {
            return Err(self.expired(entra, ask, place.round.stream));
        }
        let (round, from) = match place.from {
            Some(from) => (place.round, from),
            None => (self.next(entra, ask, &place.round, now)?, (0, false)),
        };
        Ok(self.page(entra, ask, kind, round, from, now))
    }

    /// The number of a stream.
    fn stream(&mut self, asked: Stream) -> usize {
        if let Some(known) = self.streams.iter().position(|known| known.is_like(&asked)) {
            return known;
        }
        self.streams.push(asked);
        self.streams.len().saturating_sub(1)
    }

    fn at(&mut self, stream: usize) -> Result<&mut Stream, Refusal> {
        self.streams.get_mut(stream).ok_or_else(|| Refusal::bad("There is no such stream."))
    }

    /// The first round of a client. The latest place has no items.
    fn begin(
        &mut self,
        entra: &Entra,
        ask: &Ask,
        stream: usize,
        is_latest: bool,
        now: Timestamp,
    ) -> Result<Round, Refusal> {
        let known = self.at(stream)?;
        let shown = known.shown(entra, entra.switches.delta_lag, now);
        let before = if is_latest { Arc::clone(&shown) } else { Snapshot::default() };
        let items = Arc::new(known.items(entra, &before, &shown, prefers_minimal(ask)));
        Ok(Round { stream, items, changed: Arc::default(), shown })
    }

    fn next(&mut self, entra: &Entra, ask: &Ask, last: &Round, now: Timestamp) -> Result<Round, Refusal> {
        let known = self.at(last.stream)?;
        let shown = known.shown(entra, entra.switches.delta_lag, now);
        let changed = known.items(entra, &last.shown, &shown, prefers_minimal(ask));
        let mut items = changed.clone();
        if entra.switches.delta_repeats {
            // An object may repeat within a round, and may be replayed in a later one.
            items.extend(changed.first().cloned());
            items.extend(last.changed.iter().cloned());
        }
        Ok(Round { stream: last.stream, items: Arc::new(items), changed: Arc::new(changed), shown })
    }

    /// One page of a round, with the link that follows it.
    fn page(
        &mut self,
        entra: &Entra,
        ask: &Ask,
        kind: Kind,
        round: Round,
        (from, is_empty): (usize, bool),
        now: Timestamp,
    ) -> Reply {
        let size = if is_empty { 0 } else { entra.switches.delta_page_size };
        let page: Vec<Value> = round.items.iter().skip(from).take(size).cloned().collect();
        let end = from.saturating_add(page.len());
        let is_last = end >= round.items.len();
        let next = (!is_last).then_some((end, entra.switches.empty_pages && !is_empty));
        let (link, option) =
            if is_last { ("@odata.deltaLink", "$deltatoken") } else { ("@odata.nextLink", "$skiptoken") };
        let token = format!("pqwSUjGYvb3jQpbwVAwE{:x}_", self.places.len());
        let url = format!("{}{}?{option}={token}", ask.base, ask.raw_path);
        self.places.insert(token, Place { kind, issued: now, round, from: next });
        let resource = if kind == Kind::Users { "users" } else { "groups" };
        Reply::ok(json!({
            "@odata.context": format!("{}/v1.0/$metadata#{resource}", ask.base), link: url, "value": page,
        }))
    }

    fn expired(&self, entra: &Entra, ask: &Ask, stream: usize) -> Refusal {
        if entra.switches.expired_place == ExpiredPlace::NotFound {
            return Refusal::new(400, "syncStateNotFound", "The sync state generation is not found.");
        }
        let select = self.streams.get(stream).map(Stream::selected).unwrap_or_default();
        let mut refusal = Refusal::new(410, "Gone", "The sync state has expired.");
        refusal.location = Some(format!("{}{}?$select={select}&$deltatoken=", ask.base, ask.raw_path));
        refusal
    }
}

/// The header by which a client asks for changed properties only.
fn prefers_minimal(ask: &Ask) -> bool {
    let prefer = ask.headers.get("prefer").and_then(|value| value.to_str().ok());
    prefer.is_some_and(|value| value.eq_ignore_ascii_case("return=minimal"))
}
