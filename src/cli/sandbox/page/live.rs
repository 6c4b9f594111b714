//! The page kept true while it is open: the body is drawn again a few times a second, and sent when it differs from
//! what was sent last. There is no second way in which something changes on the screen.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_core::Stream;
use tokio::sync::mpsc;

use super::seat::Seat;
use super::{Page, frame};
use reinstate_sandbox::lock;

/// How often the page is drawn again: a person sees it as at once.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// What a browser is sent.
pub(super) struct Updates(mpsc::Receiver<Event>);

impl Stream for Updates {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

pub(super) async fn live(
    State(page): State<Arc<Page>>,
    seat: Seat,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut sent = String::new();
        while !send.is_closed() {
            let stage = page.stage();
            let seat = seat.clone().settled(&lock(&stage.sandbox.slack));
            match frame::body(&stage, &seat).await.map(maud::PreEscaped::into_string) {
                Ok(body) if body != sent => {
                    // JSON, because a line break within the data would end the event.
                    let event = Event::default().json_data(&body);
                    sent = body;
                    let Ok(event) = event else { break };
                    if send.send(event).await.is_err() {
                        break;
                    }
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the page could not be drawn"),
            }
            drop(stage);
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    });
    Sse::new(Updates(receive)).keep_alive(KeepAlive::default())
}
