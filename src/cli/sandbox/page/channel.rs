//! The conversation as one person sees it: messages, threads, ephemeral messages, the App Home and an open modal.
//! Content that the person would not see in Slack must never be sent to the browser.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::blocks::{Canvas, Place, items, seated};
use super::mrkdwn::{mrkdwn, time};
use super::people::{initials, of, shade};
use super::seat::{HOME_TAB, Seat};
use super::stage::Stage;
use reinstate_sandbox::slack::{Ephemeral, File, Message, Slack};

/// One post with the data to render it.
struct Post<'a> {
    /// Its id on the page.
    id: String,
    ts: &'a str,
    author: &'a str,
    text: &'a str,
    blocks: &'a [Value],
    place: Place<'a>,
    edited: bool,
    file: Option<&'a File>,
}

impl<'a> Post<'a> {
    fn public(message: &'a Message) -> Self {
        Self {
            id: format!("m-{}", message.ts),
            ts: &message.ts,
            author: &message.user,
            text: &message.text,
            blocks: &message.blocks,
            place: Place::Message { channel: &message.channel, ts: &message.ts },
            edited: message.edited_ts.is_some(),
            file: None,
        }
    }

    fn private(slack: &'a Slack, index: usize, private: &'a Ephemeral) -> Self {
        Self {
            id: format!("p-{index}"),
            ts: &private.ts,
            author: &slack.bot_user,
            text: &private.text,
            blocks: &private.blocks,
            place: Place::Private { index },
            edited: false,
            file: None,
        }
    }

    /// A file that the bot shared, shown as a message.
    fn file(slack: &'a Slack, channel: &'a str, file: &'a File) -> Self {
        Self {
            id: format!("f-{}", file.id),
            ts: &file.ts,
            author: &slack.bot_user,
            text: "",
            blocks: &[],
            place: Place::Message { channel, ts: &file.ts },
            edited: false,
            file: Some(file),
        }
    }
}

/// The header, the messages and the composer; or the App Home.
pub(super) fn conversation(stage: &Stage, slack: &Slack, seat: &Seat) -> Markup {
    if seat.place == HOME_TAB {
        return home(slack, seat);
    }
    let channel = slack.channels.get(&seat.place);
    let members = channel.map_or(0, |channel| channel.members.len());
    html! {
        header.place {
            h2 { (title(slack, &seat.place)) }
            p.hint { (members) " people" @if channel.is_some_and(|c| c.is_ext_shared) { ", shared with another company" } }
            label.phone { input type="checkbox" id="phone" autocomplete="off"; " As on a phone" }
        }
        ol.log id="log" role="log" aria-label={ "Messages in " (title(slack, &seat.place)) } tabindex="0" {
            @for entry in entries(slack, seat) { (entry) }
        }
        (composer(stage, slack, seat))
    }
}

/// The name of a channel or a direct message.
pub(super) fn title(slack: &Slack, place: &str) -> String {
    match slack.channels.get(place) {
        _ if place == HOME_TAB => "Reinstate: home".to_owned(),
        Some(channel) if channel.is_im => "Reinstate (direct message)".to_owned(),
        Some(channel) => format!("#{}", channel.name),
        None => place.to_owned(),
    }
}

/// The top-level posts in order of time, each with its thread below it.
fn entries(slack: &Slack, seat: &Seat) -> Vec<Markup> {
    let mut threads: BTreeMap<&str, Vec<Post<'_>>> = BTreeMap::new();
    let mut roots: Vec<Post<'_>> = Vec::new();
    let public = slack
        .messages
        .iter()
        .filter(|message| message.channel == seat.place && !message.deleted)
        .map(|message| (message.thread_ts.as_deref(), Post::public(message)));
    let private = slack
        .ephemerals
        .iter()
        .enumerate()
        .filter(|(_, private)| private.channel == seat.place && private.user == seat.user && !private.deleted)
        .map(|(index, private)| (private.thread_ts.as_deref(), Post::private(slack, index, private)));
    let files = slack.files.iter().filter_map(|file| {
        let (channel, thread) = file.shared.as_ref().filter(|(channel, _)| *channel == seat.place)?;
        Some((thread.as_deref(), Post::file(slack, channel, file)))
    });
    for (thread, post) in public.chain(private).chain(files) {
        match thread {
            Some(root) if root != post.ts => threads.entry(root).or_default().push(post),
            _ => roots.push(post),
        }
    }
    roots.sort_by(|a, b| a.ts.cmp(b.ts));
    roots
        .iter()
        .map(|root| {
            let mut replies = threads.remove(root.ts).unwrap_or_default();
            replies.sort_by(|a, b| a.ts.cmp(b.ts));
            post(slack, seat, root, &replies)
        })
        .collect()
}

fn post(slack: &Slack, seat: &Seat, shown: &Post<'_>, replies: &[Post<'_>]) -> Markup {
    let author = slack.users.get(shown.author);
    let name = author.map_or(shown.author, |user| user.real_name.as_str());
    let is_bot = author.is_some_and(|user| user.is_bot);
    let is_private = matches!(shown.place, Place::Private { .. });
    let canvas = Canvas { slack, seat, place: shown.place.clone() };
    html! {
        li.post.private[is_private].bot[is_bot] id=(shown.id) {
            @if is_private { p.whisper { "Only visible to you" } }
            div.face.(shade(shown.author)) aria-hidden="true" {
                @if is_bot { "R" } @else { (initials(name)) }
            }
            div.said {
                p.by {
                    strong { (name) } @if is_bot { span.tag { "APP" } }
                    (clock(shown.ts)) @if shown.edited { span.hint { "edited" } }
                    @if !is_bot { (shortcut(seat, shown)) }
                }
                @if let Some(file) = shown.file {
                    (attached(file))
                } @else if shown.blocks.is_empty() {
                    div.words { (mrkdwn(slack, shown.text)) }
                } @else {
                    div.card { (canvas.blocks(shown.blocks)) }
                }
                @if !replies.is_empty() {
                    ol.thread aria-label="Thread" { @for reply in replies { (post(slack, seat, reply, &[])) } }
                }
            }
        }
    }
}

/// A file with its first lines, as Slack shows a text file.
fn attached(file: &File) -> Markup {
    const MAX_SHOWN: usize = 20;
    let text = String::from_utf8_lossy(file.bytes.as_deref().unwrap_or_default());
    let begins: Vec<&str> = text.lines().take(MAX_SHOWN).collect();
    html! {
        figure.file {
            figcaption { (file.name) }
            pre tabindex="0" { (begins.join("\n")) }
            @if text.lines().count() > MAX_SHOWN { p.hint { "… and more lines" } }
        }
    }
}

/// The message shortcut, in the place of Slack's "more actions".
fn shortcut(seat: &Seat, shown: &Post<'_>) -> Markup {
    html! {
        form.shortcut method="post" action="/act/shortcut" {
            (seated(seat))
            button.quiet name="ts" value=(shown.ts) { "Check this person's Atlassian access" }
        }
    }
}

fn clock(ts: &str) -> Markup {
    let second = ts.split('.').next().and_then(|second| second.parse::<i64>().ok());
    let at = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
    let words = at.map(|at| at.strftime("%H:%M UTC").to_string()).unwrap_or_default();
    html! { span.hint { (time(at, &words)) } }
}

/// The input field. Before a scenario begins, it holds the first command, for a person who may send it.
fn composer(stage: &Stage, slack: &Slack, seat: &Seat) -> Markup {
    let who = &stage.who;
    let begun = slack.messages.iter().any(|message| message.user == slack.bot_user);
    let first = match of(&seat.user) {
        Some(person) if person.repairs && !begun => format!("/reinstate repair {who}"),
        _ => String::new(),
    };
    let ready = [format!("check {who}"), "status".into(), "me".into(), "whoami".into(), "help".into()];
    html! {
        div.composer {
            form method="post" action="/act/say" data-reset {
                (seated(seat))
                label.unseen for="text" { "Message or command" }
                input id="text" name="text" value=(first) autocomplete="off" spellcheck="false" maxlength="8000"
                    placeholder="Say something, or type /reinstate help";
                button.button.primary { "Send" }
            }
            form.ready method="post" action="/act/say" {
                (seated(seat))
                span.hint { "Or send: " }
                @for text in ready {
                    button.chip name="text" value={ "/reinstate " (text) } { (text) }
                }
                button.chip formaction="/act/shortcut" { "shortcut: pick a person" }
            }
        }
    }
}

fn home(slack: &Slack, seat: &Seat) -> Markup {
    let canvas = Canvas { slack, seat, place: Place::Home };
    html! {
        header.place { h2 { "Reinstate" } p.hint { "App Home: what waits for you, what runs" } }
        div.log.home id="log" tabindex="0" {
            @match slack.home(&seat.user) {
                Some(view) => div.card { (canvas.blocks(items(&view.body, "blocks"))) },
                None => p.hint { "The bot has published nothing here for you." },
            }
        }
    }
}

/// The open modal of this person.
pub(super) fn modal(stage: &Stage, slack: &Slack, seat: &Seat) -> Markup {
    let Some(view) = slack.modal(&seat.user) else { return Markup::default() };
    let canvas = Canvas { slack, seat, place: Place::Modal };
    let words = |key: &str| canvas.text(view.body.get(key).filter(|value| !value.is_null()));
    let complaints = stage.complaints(&seat.user, &view.id);
    html! {
        dialog.modal id={ "modal-" (view.id) } data-modal open aria-labelledby="modal-t" {
            form method="post" action="/act/submit" {
                (seated(seat))
                h2 id="modal-t" { (words("title")) }
                @if !complaints.is_empty() {
                    ul.complaints role="alert" { @for complaint in complaints.values() { li { (complaint) } } }
                }
                div.card { (canvas.blocks(items(&view.body, "blocks"))) }
                div.answers {
                    button.button formaction="/act/close" formnovalidate {
                        @if view.body.get("close").is_some_and(|close| !close.is_null()) { (words("close")) }
                        @else { "Close" }
                    }
                    @if view.body.get("submit").is_some_and(|submit| !submit.is_null()) {
                        button.button.primary { (words("submit")) }
                    }
                }
            }
        }
    }
}
