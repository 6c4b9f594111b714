//! One link: receives envelopes and sends acknowledgements. Traffic decides whether the link is alive: the time of the
//! last message, and whether Slack answers a ping.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::End;
use crate::bot::app::App;
use crate::bot::dispatch::dispatch;
use crate::bot::private::ReplyTo;
use crate::bot::reply::Reply;
use crate::slack::api::ApiError;
use crate::slack::blocks::Message as Text;
use crate::slack::payload::{self, Inbound};

/// The timeout for opening a link, for the greeting, and for sending one message.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// After this much silence, we send a ping.
const PING_AFTER: Duration = Duration::from_secs(15);
/// After this much silence, the link counts as dead.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long Slack may take to close a link that has a successor.
const OVERLAP_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a stop waits for pending acknowledgements.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);
/// More than Slack sends. A click carries the whole message it is on.
const MESSAGE_LIMIT_BYTES: usize = 4 << 20;

/// Why a link could not be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("Slack gave no address for a link: {0}")]
    Api(#[from] ApiError),
    /// The address is not one of Slack's.
    #[error("the address for a link is not Slack's")]
    Elsewhere,
    #[error("Slack did not greet in time")]
    Late,
    /// The connection failed. The cause is not shown: it may contain the address, and the address contains the ticket.
    #[error("the connection failed")]
    Failed,
    /// The first message was not the greeting.
    #[error("Slack did not greet")]
    NoGreeting,
}

impl LinkError {
    /// The reason with which the attempt to open a link ends.
    pub(super) fn end(&self) -> End {
        match self {
            Self::Api(ApiError::Refused(code)) if code == "socket_mode_not_enabled" => End::Disabled,
            _ => End::Closed,
        }
    }
}

pub(super) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Link {
    /// Requests an address from Slack, connects, and waits for the greeting.
    pub(super) async fn open(app: &App) -> Result<Self, LinkError> {
        let url = app.slack.open_connection().await?;
        if !app.slack.is_own_socket(&url) {
            return Err(LinkError::Elsewhere);
        }
        let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_LIMIT_BYTES));
        let connecting = connect_async_with_config(url, Some(config), true);
        let (mut socket, _) = timeout(SEND_TIMEOUT, connecting)
            .await
            .map_err(|_| LinkError::Late)?
            .map_err(|_| LinkError::Failed)?;
        let greeting = timeout(SEND_TIMEOUT, socket.next()).await.map_err(|_| LinkError::Late)?;
        let Some(Ok(Message::Text(text))) = greeting else { return Err(LinkError::NoGreeting) };
        let hello: Value = serde_json::from_str(&text).unwrap_or_default();
        if hello.get("type").is_none_or(|kind| kind != "hello") {
            return Err(LinkError::NoGreeting);
        }
        tracing::info!("a link to Slack is open");
        metrics::counter!("reinstate_socket_opened_total").increment(1);
        Ok(Self { socket })
    }

    /// Serves the link until it ends. `tell` receives once the reason why another link is needed. This may be long
    /// before the link ends.
    pub(super) async fn serve(
        mut self,
        app: Arc<App>,
        tell: oneshot::Sender<End>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        app.socket_links.opened(std::time::Instant::now());
        let mut tell = Some(tell);
        let (acks, mut acked) = mpsc::unbounded_channel::<Message>();
        let mut heard = Instant::now();
        let mut asked = false;
        let mut until = None;
        let end = loop {
            let quiet = if asked { heard + SILENCE_TIMEOUT } else { heard + PING_AFTER };
            let over = until.unwrap_or_else(|| Instant::now() + OVERLAP_TIMEOUT);
            tokio::select! {
                message = self.socket.next() => {
                    let Some(Ok(message)) = message else { break End::Closed };
                    (heard, asked) = (Instant::now(), false);
                    match message {
                        Message::Text(text) => match take(&app, &text, &acks) {
                            None => {}
                            Some(End::Refresh) => {
                                if let Some(tell) = tell.take() {
                                    // The receiver is dropped only when the whole program ends.
                                    tell.send(End::Refresh).ok();
                                    until = Some(Instant::now() + OVERLAP_TIMEOUT);
                                }
                            }
                            Some(end) => break end,
                        },
                        // The library has queued the pong; this call sends it.
                        Message::Ping(_) if timeout(SEND_TIMEOUT, self.socket.flush()).await.is_err() => {
                            break End::Silent;
                        }
                        Message::Close(_) => break End::Closed,
                        _ => {}
                    }
                }
                Some(ack) = acked.recv() => if !self.send(ack).await { break End::Closed },
                () = tokio::time::sleep_until(quiet) => {
                    if asked { break End::Silent }
                    asked = true;
                    if !self.send(Message::Ping(Vec::new().into())).await { break End::Closed }
                }
                () = tokio::time::sleep_until(over), if until.is_some() => break End::Closed,
                () = stopped(&mut shutdown) => break End::Stopped,
            }
        };
        app.socket_links.ended(std::time::Instant::now(), end == End::Stopped);
        drop(acks);
        // Work in progress is still acknowledged, if the other side still listens.
        let farewell = async {
            while let Some(ack) = acked.recv().await {
                if !self.send(ack).await {
                    return;
                }
            }
            self.socket.close(None).await.ok();
        };
        timeout(FAREWELL_TIMEOUT, farewell).await.ok();
        tracing::info!(reason = end.word(), "a link to Slack has ended");
        if let Some(tell) = tell.take() {
            tell.send(end).ok();
        }
    }

    async fn send(&mut self, message: Message) -> bool {
        matches!(timeout(SEND_TIMEOUT, self.socket.send(message)).await, Ok(Ok(())))
    }
}

/// Waits for the stop. A dropped sender also counts as the stop.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    drop(shutdown.wait_for(|stop| *stop).await);
}

/// Handles one message from Slack. The work is spawned, so that the next message does not wait.
fn take(app: &Arc<App>, text: &str, acks: &mpsc::UnboundedSender<Message>) -> Option<End> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let word = |key: &str| value.get(key).and_then(Value::as_str);
    match (word("type"), word("envelope_id")) {
        (Some("disconnect"), _) => {
            return Some(if word("reason") == Some("link_disabled") { End::Disabled } else { End::Refresh });
        }
        (Some(kind), Some(id)) => {
            let inbound = payload::envelope(kind, value.get("payload").unwrap_or(&Value::Null));
            let answers = value.get("accepts_response_payload").and_then(Value::as_bool).unwrap_or(false);
            let (work, id, acks) = (Arc::clone(app), id.to_owned(), acks.clone());
            // An envelope does not contain the time at which it was sent.
            let sent_at = crate::clock::now();
            // An envelope that is not taken is not acknowledged, so Slack sends it to another link.
            app.spawn(async move {
                let asker = match &inbound {
                    Inbound::Slash(slash) if !answers => {
                        Some((ReplyTo::command(slash), slash.trigger.clone()))
                    }
                    _ => None,
                };
                let reply = dispatch(&work, inbound, sent_at).await;
                let mut ack = Map::new();
                ack.insert("envelope_id".into(), id.into());
                if let (Some(body), true) = (reply.body(), answers) {
                    ack.insert("payload".into(), body);
                }
                // An ended link accepts no acknowledgement. Slack delivers the envelope again, and handling it is
                // idempotent.
                acks.send(Message::Text(json!(ack).to_string().into())).ok();
                // An acknowledgement that may carry no text is followed by a message.
                if let (Reply::Private(text), Some((asker, trigger))) = (reply, asker)
                    && !work.is_repeat(trigger.as_deref()).await
                {
                    work.reply(&asker, &Text::text(&text)).await;
                }
            });
        }
        _ => metrics::counter!("reinstate_socket_strange_total").increment(1),
    }
    None
}
