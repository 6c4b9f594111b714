//! The socket, and patience with its clients. Slack sends a small request at once; a client that is slow,
//! sends endless headers or keeps connections for themselves is cut off here, before a route is looked at. It
//! must never read a body, and never let one client hold a place forever.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How patient we are. The defaults are for the real world; tests are in more of a hurry.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at once. More wait to be accepted, and above half of it none is kept for another request.
    pub connections: usize,
    /// The first request's head must have arrived whole after this long.
    pub first_head: Duration,
    /// The head of a later one: longer than a proxy keeps an idle connection, or it would meet a closing one.
    pub idle: Duration,
    /// How long a connection may be used at all.
    pub life: Duration,
    /// How long a connection that is to close may take for the request it is at.
    pub farewell: Duration,
    /// Bytes of a head; ours come with less than two thousand.
    pub head: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            first_head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            life: Duration::from_secs(600),
            farewell: Duration::from_secs(15),
            head: 32 * 1024,
        }
    }
}

/// Serves the routes until `shutdown` says so, then lets requests that are being answered come to their end.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    patience: ConnectionLimits,
    mut shutdown: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(patience.connections.max(1)));
    let mut open = JoinSet::new();
    let end = shutdown.clone();
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            while open.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((stream, _)) => {
                    metrics::counter!("reinstate_connections_total").increment(1);
                    let crowded = places.available_permits() < patience.connections / 2;
                    let talk = connection(stream, routes.clone(), patience, crowded, end.clone());
                    open.spawn(async move {
                        talk.await;
                        drop(place);
                    });
                }
                // Out of file handles, most likely: the ones that are open will be given back.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        // A sender that is gone is the end, too.
        _ = shutdown.wait_for(|end| *end) => {}
    }
    let all = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(patience.farewell, all).await.is_err() {
        tracing::warn!("some requests were not answered before the end");
    }
}

async fn connection(
    stream: TcpStream,
    routes: Router,
    patience: ConnectionLimits,
    crowded: bool,
    mut end: watch::Receiver<bool>,
) {
    let heard = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&heard);
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |request| {
        hears.store(true, Ordering::Relaxed);
        let answer = routes.call(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(patience.idle)
        .keep_alive(!crowded)
        .max_buf_size(patience.head);
    let mut talk = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let first_head = tokio::time::sleep(patience.first_head);
    let life = tokio::time::sleep(patience.life);
    let mut first_head = std::pin::pin!(first_head);
    let mut life = std::pin::pin!(life);
    let mut waits = true;
    loop {
        tokio::select! {
            ended = &mut talk => return settle(ended),
            () = &mut first_head, if waits => {
                waits = false;
                if !heard.load(Ordering::Relaxed) {
                    return cut_off("head");
                }
            }
            () = &mut life => break,
            _ = end.wait_for(|end| *end) => break,
        }
    }
    talk.as_mut().graceful_shutdown();
    match tokio::time::timeout(patience.farewell, talk).await {
        Ok(ended) => settle(ended),
        Err(_) => cut_off("farewell"),
    }
}

/// What a connection came to is counted, not logged: a flood must not fill our disk.
fn settle(ended: Result<(), hyper::Error>) {
    match ended {
        Err(error) if error.is_timeout() => cut_off("idle"),
        Err(error) if error.is_parse() => cut_off("not http"),
        Ok(()) | Err(_) => {}
    }
}

fn cut_off(reason: &'static str) {
    metrics::counter!("reinstate_connections_cut_off_total", "reason" => reason).increment(1);
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const TEST_TIMEOUT: Duration = Duration::from_secs(60);

    struct House {
        addr: std::net::SocketAddr,
        stop: watch::Sender<bool>,
        task: tokio::task::JoinHandle<()>,
    }

    async fn house(patience: ConnectionLimits) -> House {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let routes = Router::new().route("/", get(|| async { "here" }));
        House { addr, stop, task: tokio::spawn(serve(listener, routes, patience, stopped)) }
    }

    /// What arrives until the other side closes; a side that never closes fails the test.
    async fn until_closed(stream: &mut TcpStream) -> String {
        let mut all = Vec::new();
        tokio::time::timeout(TEST_TIMEOUT, stream.read_to_end(&mut all)).await.expect("never closed").ok();
        String::from_utf8_lossy(&all).into_owned()
    }

    async fn says(addr: std::net::SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    fn hurried() -> ConnectionLimits {
        let ms = Duration::from_millis;
        ConnectionLimits {
            first_head: ms(200),
            idle: ms(300),
            life: ms(900),
            farewell: ms(200),
            ..ConnectionLimits::default()
        }
    }

    #[tokio::test]
    async fn whoever_is_slow_is_cut_off() {
        let house = house(hurried()).await;
        for text in ["", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: "] {
            let mut stream = says(house.addr, text).await;
            assert_eq!(until_closed(&mut stream).await, "", "{text:?}");
        }
        // A first request buys no more than the time between two requests.
        let mut stream = says(house.addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /").await;
        assert_eq!(until_closed(&mut stream).await.matches("here").count(), 1);
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let house = house(ConnectionLimits::default()).await;
        let mut stream = says(house.addr, "GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
        let flood = vec![b'x'; 64 * 1024];
        stream.write_all(&flood).await.ok();
        let answer = until_closed(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        let mut many = String::from("GET / HTTP/1.1\r\nHost: a\r\n");
        (0..200).for_each(|number| many.push_str(&format!("X-{number}: y\r\n")));
        let mut stream = says(house.addr, &many).await;
        assert!(until_closed(&mut stream).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test]
    async fn a_full_house_serves_who_comes_next() {
        let house = house(ConnectionLimits { connections: 4, ..hurried() }).await;
        let mut idle = Vec::new();
        for _ in 0..4 {
            idle.push(says(house.addr, "GET /").await);
        }
        // The fifth waits until the slow ones are cut off, and is told not to stay.
        let mut stream = says(house.addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = until_closed(&mut stream).await;
        assert!(answer.ends_with("here"), "{answer}");
        drop(idle);
    }

    #[tokio::test]
    async fn nobody_stays_for_ever_and_the_end_waits_for_nobody() {
        let house = house(ConnectionLimits { idle: TEST_TIMEOUT, ..hurried() }).await;
        let mut stream = says(house.addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(until_closed(&mut stream).await.ends_with("here"), "closed at the end of its life");
        let late = says(house.addr, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /").await;
        house.stop.send(true).unwrap();
        tokio::time::timeout(TEST_TIMEOUT, house.task).await.expect("it ends").unwrap();
        drop(late);
    }
}
