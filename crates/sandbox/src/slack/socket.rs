//! Socket Mode as Slack does it. An address has a ticket that works once. A link gets a greeting, then envelopes,
//! each to *any one* of the open links. The simulator expects acknowledgements by envelope and answers to its pings,
//! and it announces the close of a link. It must never deliver an acknowledged envelope again, unless a test asks for
//! it. It must never accept an acknowledgement for an envelope that does not wait for one.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::super::{lock, wire::Wire};
use super::Shared;
use super::call::{Answer, Args};
use super::links::{Out, Pending, Waiting};
use super::state::Slack;
use jiff::Timestamp;

/// Slack allows ten links for each app.
const MAX_LINKS: usize = 10;
/// How often Slack pings, and how long it waits for an answer.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// The listener. Dropping it closes it.
#[derive(Debug)]
pub struct SocketDoor(JoinHandle<()>);

impl Drop for SocketDoor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Accepts links on a loopback port.
///
/// # Errors
/// When no port is available.
pub async fn sockets(state: Shared, wire: Wire) -> std::io::Result<SocketDoor> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    lock(&state).sockets.base = format!("ws://{}", listener.local_addr()?);
    Ok(SocketDoor(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(link(state.clone(), wire.clone(), stream));
        }
    })))
}

/// `apps.connections.open`
pub(super) fn open(slack: &mut Slack, _: &Args, now: Timestamp) -> Answer {
    if !slack.sockets.on || slack.sockets.base.is_empty() {
        return Err("socket_mode_not_enabled".into());
    }
    let ticket = slack.next_ts(now);
    slack.sockets.tickets.insert(ticket.clone());
    Ok(json!({"url": format!("{}/link/?ticket={ticket}&app_id={}", slack.sockets.base, slack.app_id)}))
}

// The type of the error is fixed by the library. It carries Slack's refusal.
#[allow(clippy::result_large_err)]
fn admit(state: &Shared, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let refuse = |status| {
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = status;
        refusal
    };
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let ticket = pairs.find(|(key, _)| key == "ticket").map(|(_, ticket)| ticket.into_owned());
    let mut slack = lock(state);
    if request.uri().path() != "/link/" || !ticket.is_some_and(|ticket| slack.sockets.tickets.remove(&ticket))
    {
        return Err(refuse(StatusCode::UNAUTHORIZED));
    }
    if slack.sockets.links.len() >= MAX_LINKS {
        return Err(refuse(StatusCode::TOO_MANY_REQUESTS));
    }
    Ok(response)
}

// The callback above fixes the type of the error.
#[allow(clippy::result_large_err)]
async fn link(state: Shared, wire: Wire, stream: TcpStream) {
    let door = state.clone();
    let admitted =
        accept_hdr_async(stream, move |request: &Request, response| admit(&door, request, response));
    let Ok(mut socket) = admitted.await else { return };
    let (sender, mut out) = mpsc::unbounded_channel();
    let (number, hello, changed) = {
        let mut slack = lock(&state);
        slack.sockets.opened = slack.sockets.opened.saturating_add(1);
        let number = slack.sockets.opened;
        slack.sockets.links.insert(number, sender);
        let hello = json!({
            "type": "hello", "num_connections": slack.sockets.links.len(),
            "debug_info": {"host": "applink-1", "build_number": 7, "approximate_connection_time": 3600},
            "connection_info": {"app_id": slack.app_id},
        });
        (number, hello, slack.change())
    };
    changed.notify_waiters();
    serve(&state, &wire, &mut socket, &mut out, number, hello).await;
    let changed = {
        let mut slack = lock(&state);
        slack.sockets.links.remove(&number);
        // Envelopes that this link did not acknowledge are delivered again, over another link.
        for pending in slack.sockets.pending.values() {
            let mut waiting = lock(pending);
            if waiting.as_ref().is_some_and(|waiting| waiting.link == number)
                && let Some(waiting) = waiting.take()
            {
                waiting.done.send(None).ok();
            }
        }
        slack.change()
    };
    changed.notify_waiters();
}

async fn serve(
    state: &Shared,
    wire: &Wire,
    socket: &mut WebSocketStream<TcpStream>,
    out: &mut mpsc::UnboundedReceiver<Out>,
    number: usize,
    hello: Value,
) {
    if socket.send(Message::Text(hello.to_string().into())).await.is_err() {
        return;
    }
    let mut ping = tokio::time::interval(PING_INTERVAL);
    let mut unanswered = 0usize;
    loop {
        tokio::select! {
            _ = ping.tick() => {
                if unanswered > 1 {
                    return wire.fault("slack socket: pings are not answered".to_owned());
                }
                unanswered = unanswered.saturating_add(1);
                let words = format!("Ping from applink-{number}");
                if socket.send(Message::Ping(words.into_bytes().into())).await.is_err() { return }
            }
            next = out.recv() => match next {
                Some(Out::Text(text)) => if socket.send(Message::Text(text.into())).await.is_err() { return },
                Some(Out::Cut) | None => return,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => acknowledged(state, wire, number, &text),
                Some(Ok(Message::Pong(_))) => {
                    unanswered = 0;
                    let changed = {
                        let mut slack = lock(state);
                        slack.sockets.pongs = slack.sockets.pongs.saturating_add(1);
                        slack.change()
                    };
                    changed.notify_waiters();
                }
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => wire.fault("slack socket: a binary message".to_owned()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            }
        }
    }
}

fn acknowledged(state: &Shared, wire: &Wire, number: usize, text: &str) {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let id = value.get("envelope_id").and_then(Value::as_str).unwrap_or_default();
    let pending = lock(state).sockets.pending.get(id).cloned();
    let waiting = pending.and_then(|pending| lock(&pending).take_if(|waiting| waiting.link == number));
    let Some(waiting) = waiting else {
        return wire.fault(format!("slack socket: an acknowledgement that nobody waits for: {text}"));
    };
    let known =
        value.as_object().is_some_and(|map| map.keys().all(|key| key == "envelope_id" || key == "payload"));
    if !known {
        wire.fault(format!("slack socket: an acknowledgement with unknown fields: {text}"));
    }
    let payload = value.get("payload").cloned();
    if payload.is_some() && !waiting.answers {
        wire.fault("slack socket: a payload where none is accepted".to_owned());
    }
    let mut slack = lock(state);
    let taken = slack.sockets.taken.entry(number).or_default();
    *taken = taken.saturating_add(1);
    drop(slack);
    // The caller may have stopped waiting.
    waiting.done.send(Some(payload.unwrap_or_default())).ok();
}

impl Slack {
    /// Sends an envelope to one of the links. The receiver gets the acknowledgement, or nothing if the link ends.
    pub(super) fn envelope(
        &mut self,
        kind: &str,
        payload: &Value,
        retry: usize,
        now: Timestamp,
    ) -> Option<oneshot::Receiver<Option<Value>>> {
        let numbers: Vec<usize> = self.sockets.links.keys().copied().collect();
        self.sockets.turn = self.sockets.turn.wrapping_add(1);
        let number = *numbers.get(self.sockets.turn.checked_rem(numbers.len())?)?;
        let id = format!("envelope-{}", self.next_ts(now));
        let accepts = if kind == "events_api" { Some(false) } else { self.sockets.accepts_answers };
        let answers = accepts == Some(true);
        let mut envelope = json!({"envelope_id": id, "type": kind, "payload": payload});
        if let (Some(accepts), Some(map)) = (accepts, envelope.as_object_mut()) {
            map.insert("accepts_response_payload".into(), accepts.into());
        }
        if let ("events_api", Some(map)) = (kind, envelope.as_object_mut()) {
            map.insert("retry_attempt".into(), retry.into());
            map.insert("retry_reason".into(), if retry > 0 { "timeout" } else { "" }.into());
        }
        let (done, acked) = oneshot::channel();
        let waiting = Pending::new(std::sync::Mutex::new(Some(Waiting { link: number, answers, done })));
        self.sockets.pending.insert(id, waiting);
        self.sockets.links.get(&number)?.send(Out::Text(envelope.to_string())).ok()?;
        Some(acked)
    }

    /// The number of acknowledged envelopes, by the number of the link.
    #[must_use]
    pub fn envelopes_by_link(&self) -> BTreeMap<usize, usize> {
        self.sockets.taken.clone()
    }

    /// Switches Socket Mode on or off, as an admin does in the app's settings. Every link is notified of a
    /// switch-off.
    pub fn switch_sockets(&mut self, on: bool) {
        self.sockets.on = on;
        if !on {
            self.announce_disconnect("link_disabled");
        }
    }

    /// The number of open links.
    #[must_use]
    pub fn open_links(&self) -> usize {
        self.sockets.links.len()
    }

    /// Announces to every link that it will be closed (`warning`, `refresh_requested`, `link_disabled`).
    pub fn announce_disconnect(&mut self, reason: &str) {
        let notice =
            json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}).to_string();
        for link in self.sockets.links.values() {
            link.send(Out::Text(notice.clone())).ok();
        }
    }

    /// Closes the links with numbers up to `up_to`.
    pub fn cut_links(&mut self, up_to: usize) {
        for (_, link) in self.sockets.links.range(..=up_to) {
            link.send(Out::Cut).ok();
        }
    }
}
