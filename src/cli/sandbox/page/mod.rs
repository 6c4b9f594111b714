//! The sandbox in a browser: a channel that shows the same Block Kit that the bot posts, people with different roles
//! to act as, the simulated tenant, and faults to inject. The bot is a separate process, so that it can really be
//! killed. The page listens on loopback only, accepts only its own requests, and shows text only through maud's
//! escaping. It must never reach into the bot.

mod acts;
mod blocks;
mod bot;
mod calls;
mod channel;
mod faults;
mod frame;
mod guard;
mod guide;
mod input;
mod live;
mod mrkdwn;
mod people;
mod seat;
mod stage;
mod stories;
mod tenant;
#[cfg(test)]
mod tests;
mod timeline;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::setting::Setting;
use reinstate_sandbox::lock;
use seat::Seat;
use stage::Stage;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page: the current scenario, and the program that runs as the bot.
pub struct Page {
    program: PathBuf,
    addr: SocketAddr,
    /// The case of a bundle, if the page began with one.
    case: Option<Setting>,
    stage: Mutex<Arc<Stage>>,
}

impl Page {
    fn stage(&self) -> Arc<Stage> {
        lock(&self.stage).clone()
    }

    /// Starts another scenario. The old bot is killed; the old services end with their last user.
    async fn tell(&self, setting: Setting) -> anyhow::Result<()> {
        let next = Stage::open(setting, self.case.is_some(), &self.program).await?;
        let before = std::mem::replace(&mut *lock(&self.stage), Arc::new(next));
        before.bot.kill().await;
        Ok(())
    }
}

/// Serves the page on the given listener until `end`. `program` is the `reinstate` binary that runs as the bot.
///
/// # Errors
/// When the simulated services or the bot do not start, or when the listener fails.
pub async fn serve(
    listener: TcpListener,
    program: PathBuf,
    setting: Setting,
    end: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let addr = listener.local_addr()?;
    let case = matches!(setting, Setting::Case(_)).then(|| setting.clone());
    let stage = Arc::new(Stage::open(setting, case.is_some(), &program).await?);
    let page = Arc::new(Page { program, addr, case, stage: Mutex::new(stage) });
    let router = router(page.clone());
    // A stream of updates never ends by itself, so the server is dropped instead of awaited.
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served?,
        () = end => {}
    }
    page.stage().bot.kill().await;
    Ok(())
}

fn router(page: Arc<Page>) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/live", get(live::live))
        .route("/style.css", get(async || asset("text/css; charset=utf-8", STYLE)))
        .route("/script.js", get(async || asset("text/javascript; charset=utf-8", SCRIPT)))
        .route("/act/say", post(acts::say))
        .route("/act/click", post(acts::click))
        .route("/act/submit", post(acts::submit))
        .route("/act/close", post(acts::close))
        .route("/act/shortcut", post(acts::shortcut))
        .route("/act/home", post(acts::home))
        .route("/act/story", post(acts::story))
        .route("/act/fault", post(acts::fault))
        .layer(from_fn_with_state(page.addr, guard::guard))
        .with_state(page)
}

async fn show(State(page): State<Arc<Page>>, seat: Seat) -> Response {
    let stage = page.stage();
    let seat = seat.settled(&lock(&stage.sandbox.slack));
    match frame::document(&stage, &seat).await {
        Ok(document) => Html(document.into_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}
