//! Keeps cards true: shows each run's *newest* state, at most once a second and message, so that ten entries cost
//! one update. Where a card stands is in the store; nothing is read back from Slack. A post that fails is tried
//! again later and never stands in the way of a repair.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::api::ApiError;
use super::blocks::Card as Shown;
use super::cards::{self, View};
use super::markup::Markup;
use super::people::Caller;
use super::private::Ear;
use super::words;
use crate::app::App;
use crate::core::{Denied, Event, Outcome, Role, Run};
use crate::store::{Card, CardRef};

/// One update per message and second (Slack's rule for posting).
const EVERY: Duration = Duration::from_secs(1);
/// How often is looked without being woken: another replica may have appended.
const LOOK: Duration = Duration::from_secs(1);
/// What a failure waits for before it is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// What Slack says of a thread whose root is gone.
const THREAD_GONE: [&str; 3] = ["cannot_reply_to_message", "thread_not_found", "invalid_thread_ts"];
/// Where a card stands that only one person was told.
const PRIVATE: &str = "-";

/// Runs until `shutdown` says so.
pub async fn run(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let mut work: JoinSet<(String, Duration)> = JoinSet::new();
    let mut busy: HashSet<String> = HashSet::new();
    let mut due: HashMap<String, Instant> = HashMap::new();
    loop {
        due.retain(|_, at| *at > Instant::now());
        let stale = app.ledger.store().stale_cards(500).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "which cards are behind cannot be read");
            Vec::new()
        });
        for run in stale {
            if work.len() < 16 && !busy.contains(&run) && !due.contains_key(&run) {
                busy.insert(run.clone());
                let app = Arc::clone(&app);
                work.spawn(async move {
                    let pause = match show(&app, &run).await {
                        Ok(()) => EVERY,
                        Err(Trouble::Wait(pause)) => pause,
                    };
                    (run, pause)
                });
            }
        }
        let wake =
            due.values().min().map_or(LOOK, |at| at.saturating_duration_since(Instant::now()).min(LOOK));
        tokio::select! {
            () = app.nudge.poster.notified() => {}
            () = tokio::time::sleep(wake) => {}
            Some(done) = work.join_next() => if let Ok((run, pause)) = done {
                busy.remove(&run);
                due.insert(run, Instant::now() + pause);
            } else {
                // A task that broke off cannot say which run it was for.
                busy.clear();
            },
            _ = shutdown.wait_for(|end| *end) => break,
        }
    }
    while work.join_next().await.is_some() {}
}

enum Trouble {
    /// Try again after this long.
    Wait(Duration),
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Limited(pause) => Self::Wait(pause),
            ApiError::Refused(code) => {
                tracing::warn!(code, "Slack refuses a card");
                Self::Wait(Duration::from_secs(30))
            }
            ApiError::Lost(_) => Self::Wait(AGAIN),
        }
    }
}

impl From<crate::store::StoreError> for Trouble {
    fn from(error: crate::store::StoreError) -> Self {
        tracing::warn!(%error, "a card's place could not be read or written");
        Self::Wait(AGAIN)
    }
}

/// One run, and what of it stands in Slack.
struct Drawing<'a> {
    app: &'a App,
    id: &'a str,
    run: Run,
    events: Vec<(i64, Timestamp, Event)>,
    cards: Vec<Card>,
    head: Option<String>,
}

async fn show(app: &App, id: &str) -> Result<(), Trouble> {
    let events = app.ledger.events(id).await.map_err(|error| {
        tracing::warn!(run = id, %error, "a run cannot be shown");
        Trouble::Wait(Duration::from_secs(60))
    })?;
    let run = Run::fold(events.iter().map(|(seq, at, event)| (*seq, *at, event)))
        .map_err(|_| Trouble::Wait(Duration::from_secs(60)))?;
    let cards = app.ledger.store().cards(id).await?;
    // The head as it was when the run ended is what matters; a later one proves as much.
    let head = if run.ended.is_some() {
        app.ledger.store().head().await.ok().map(|head| head.to_string())
    } else {
        None
    };
    let drawing = Drawing { app, id, run, events, cards, head };
    drawing.draw().await
}

impl Drawing<'_> {
    fn view(&self, asks_here: bool) -> View<'_> {
        View {
            id: self.id,
            run: &self.run,
            events: &self.events,
            rules: &self.app.rules,
            limits: &self.app.limits,
            access: self.app.people.access(),
            now: crate::clock::now(),
            head: self.head.clone(),
            plain: self.app.plain.load(Ordering::Relaxed),
            channel: &self.app.channel,
            asks_here,
        }
    }

    async fn draw(mut self) -> Result<(), Trouble> {
        if self.run.admitted.is_none() {
            return match self.run.ended.clone() {
                // Nothing is shown to others before it is known that the requester may ask.
                None => Err(Trouble::Wait(Duration::from_millis(200))),
                Some((outcome, says)) => self.refuse(outcome, &says).await,
            };
        }
        let (root_at, elsewhere) = self.root().await?;
        self.approvals(&root_at).await?;
        if self.run.ended.is_some() {
            self.end(&root_at, elsewhere).await?;
        }
        for card in &self.cards {
            let store = self.app.ledger.store();
            store.mark_rendered(self.id, &card.at, self.run.seq, &card.fingerprint).await?;
        }
        Ok(())
    }

    /// The root card, drawn anew; and whether it stands elsewhere than where the command was typed.
    async fn root(&mut self) -> Result<(CardRef, bool), Trouble> {
        let typed = self.run.asked.as_ref().map(|asked| asked.channel.clone()).unwrap_or_default();
        let channel = match self.known("root") {
            Some(card) => card.at.channel.clone(),
            None => {
                let place = if typed.is_empty() { None } else { Some(self.place(&typed).await?) };
                match place {
                    Some(place) if place.member && !place.shared && !place.direct => typed.clone(),
                    _ if self.approvals_channel().await? => self.app.channel.clone(),
                    _ => {
                        self.tell_wrong_channel().await?;
                        return Err(Trouble::Wait(Duration::from_secs(60)));
                    }
                }
            }
        };
        let asks_here = channel == self.app.channel && self.approvals_channel().await?;
        let at = self.put("root", &channel, None, |drawing| cards::root(&drawing.view(asks_here))).await?;
        Ok((at, channel != typed))
    }

    /// Whether data may be shown in `slack.channel`.
    async fn approvals_channel(&self) -> Result<bool, Trouble> {
        let place = self.place(&self.app.channel).await?;
        Ok(place.member && !place.shared)
    }

    async fn place(&self, channel: &str) -> Result<super::people::Place, Trouble> {
        Ok(self.app.people.place(&self.app.slack, channel).await?)
    }

    async fn tell_wrong_channel(&mut self) -> Result<(), Trouble> {
        let text = Markup::new()
            .ours("The card of this run and its approvals cannot be posted: ")
            .channel(&self.app.channel)
            .ours(
                " is shared with another company, cannot be read, or Reinstate is not a member. Invite \
                 Reinstate to a channel of this workspace alone and name it as `slack.channel`.",
            );
        self.whisper("wrong-channel", &Shown::text(&text)).await
    }

    /// Asks for approvals where the root card cannot, calls the approvers, and takes old buttons away.
    async fn approvals(&mut self, root: &CardRef) -> Result<(), Trouble> {
        let round = self.run.plans;
        let on_root = root.channel == self.app.channel;
        let awaited = self.view(on_root).awaited().map(str::to_owned);
        let old: Vec<Card> =
            self.cards.iter().filter(|card| card.role.starts_with("approval-")).cloned().collect();
        for card in old {
            let digest = self.digest_of(&card.role);
            self.put(&card.role, &card.at.channel, None, |drawing| {
                cards::approval(&drawing.view(true), &digest)
            })
            .await?;
        }
        let Some(digest) = awaited else { return Ok(()) };
        if on_root {
            let thread = root.ts.clone();
            let role = format!("call-{round:04}");
            if self.known(&role).is_none() {
                let channel = root.channel.clone();
                self.put(&role, &channel, Some(&thread), |drawing| cards::call(&drawing.view(true))).await?;
            }
        } else if self.approvals_channel().await? {
            let channel = self.app.channel.clone();
            let role = format!("approval-{round:04}");
            self.put(&role, &channel, None, |drawing| cards::approval(&drawing.view(true), &digest)).await?;
        } else {
            self.tell_wrong_channel().await?;
        }
        Ok(())
    }

    /// The digest that an approval card was posted for.
    fn digest_of(&self, role: &str) -> String {
        let round = role.rsplit('-').next().and_then(|round| round.parse::<usize>().ok()).unwrap_or(0);
        let mut plans = self.events.iter().filter_map(|(_, _, event)| match event {
            Event::Planned { digest, .. } => Some(digest.clone().unwrap_or_default()),
            _ => None,
        });
        plans.nth(round.saturating_sub(1)).unwrap_or_default()
    }

    /// Tells the outcome: the requester, and the approvers who were asked and did not act.
    async fn end(&mut self, root: &CardRef, elsewhere: bool) -> Result<(), Trouble> {
        let asked: Vec<Card> = self
            .cards
            .iter()
            .filter(|card| card.role.starts_with("approval-") || card.role.starts_with("call-"))
            .cloned()
            .collect();
        let requester = self.run.asked.as_ref().map(|asked| asked.by.clone()).unwrap_or_default();
        let mut acted: Vec<String> = vec![requester.clone()];
        for (_, _, event) in &self.events {
            if let Event::Approved { by, .. } | Event::Declined { by, .. } = event {
                acted.push(by.clone());
            }
        }
        let approvers = words::approvers(self.app.people.access(), &acted);
        let mut to = Markup::new().user(&requester);
        let separate = asked.iter().rev().find(|card| card.role.starts_with("approval-")).cloned();
        if separate.is_none() && !asked.is_empty() {
            to = to.ours(" ").then(&approvers);
        }
        if self.known("outcome").is_none() {
            let (channel, thread) = (root.channel.clone(), root.ts.clone());
            self.put("outcome", &channel, Some(&thread), |drawing| cards::outcome(&drawing.view(true), &to))
                .await?;
        }
        if let Some(card) = separate
            && self.known("outcome-approvers").is_none()
        {
            self.put("outcome-approvers", &card.at.channel, Some(&card.at.ts), |drawing| {
                cards::outcome(&drawing.view(true), &approvers)
            })
            .await?;
        }
        if elsewhere {
            let card = cards::outcome(&self.view(true), &Markup::new());
            self.whisper("private-end", &card).await?;
        }
        Ok(())
    }

    /// The end of a run whose requester was never admitted: for them alone.
    async fn refuse(mut self, outcome: Outcome, says: &str) -> Result<(), Trouble> {
        let text = Markup::new().data(says);
        let role = Role::Operator;
        let text = if outcome == Outcome::Refused && says == Denied::Missing(role).to_string() {
            text.ours(" ").then(&words::holders(role, self.app.people.access()))
        } else {
            text
        };
        self.whisper("root", &Shown::text(&text)).await?;
        for card in &self.cards {
            self.app.ledger.store().mark_rendered(self.id, &card.at, self.run.seq, "").await?;
        }
        Ok(())
    }

    /// Tells the requester alone, once: it is written down before it is said.
    async fn whisper(&mut self, role: &str, card: &Shown) -> Result<(), Trouble> {
        let Some(asked) = self.run.asked.clone() else { return Ok(()) };
        if self.known(role).is_some() {
            return Ok(());
        }
        let at = CardRef { channel: PRIVATE.to_owned(), ts: role.to_owned() };
        let note = self.card(role, at, String::new());
        if !self.app.ledger.store().set_card(note.clone(), None).await? {
            return Ok(());
        }
        self.cards.push(note);
        let by = Caller { id: asked.by, team: asked.team, enterprise: asked.enterprise };
        let channel = Some(asked.channel).filter(|channel| !channel.is_empty());
        let ear = Ear { by, channel, response_url: asked.response_url };
        self.app.tell(&ear, card).await;
        Ok(())
    }

    fn known(&self, role: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.role == role)
    }

    fn card(&self, role: &str, at: CardRef, fingerprint: String) -> Card {
        Card { run: self.id.to_owned(), role: role.to_owned(), at, rendered_seq: self.run.seq, fingerprint }
    }

    /// Makes a message show what `draw` draws: updates it, or posts it where there is none.
    async fn put(
        &mut self,
        role: &str,
        channel: &str,
        thread: Option<&str>,
        draw: impl Fn(&Self) -> Shown,
    ) -> Result<CardRef, Trouble> {
        let old = self.known(role).map(|card| (card.at.clone(), card.fingerprint.clone()));
        for _ in 0..2 {
            let plain = self.app.plain.load(Ordering::Relaxed);
            let shown = draw(self);
            let print = shown.fingerprint();
            if let Some((at, known)) = &old {
                if *known == print {
                    return Ok(at.clone());
                }
                match self.app.slack.update(&at.channel, &at.ts, &shown).await {
                    Ok(()) => {
                        self.note(role, at.clone(), print);
                        return Ok(at.clone());
                    }
                    Err(ApiError::Refused(code)) if code == "message_not_found" => {}
                    Err(error) if !plain && self.goes_plain(&error) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            let posted = match self.app.slack.post(channel, thread, &shown).await {
                // Somebody deleted the card above: say it beside it then.
                Err(ApiError::Refused(code)) if thread.is_some() && THREAD_GONE.contains(&code.as_str()) => {
                    self.app.slack.post(channel, None, &shown).await
                }
                posted => posted,
            };
            match posted {
                Ok(ts) => {
                    let at = CardRef { channel: channel.to_owned(), ts };
                    return self.keep(role, at, print, old.map(|(at, _)| at)).await;
                }
                Err(error) if !plain && self.goes_plain(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Trouble::Wait(AGAIN))
    }

    /// The first stored card counts; a second one is taken back.
    async fn keep(
        &mut self,
        role: &str,
        at: CardRef,
        print: String,
        instead_of: Option<CardRef>,
    ) -> Result<CardRef, Trouble> {
        let card = self.card(role, at.clone(), print.clone());
        if self.app.ledger.store().set_card(card, instead_of).await? {
            self.note(role, at.clone(), print);
            return Ok(at);
        }
        if let Err(error) = self.app.slack.delete(&at.channel, &at.ts).await {
            tracing::info!(%error, "a second card could not be taken back; its buttons do nothing");
        }
        Err(Trouble::Wait(Duration::ZERO))
    }

    fn note(&mut self, role: &str, at: CardRef, print: String) {
        let card = self.card(role, at, print);
        self.cards.retain(|known| known.role != role);
        self.cards.push(card);
    }

    /// Whether Slack refuses the blocks as they are; from then on no card has a `plan` block.
    fn goes_plain(&self, error: &ApiError) -> bool {
        let refused = matches!(error, ApiError::Refused(code) if code == "invalid_blocks" || code == "invalid_blocks_format");
        if refused {
            self.app.plain.store(true, Ordering::Relaxed);
        }
        refused
    }
}
