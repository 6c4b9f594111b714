//! A simulator on its own port, which can be out of order: it then refuses connections, and open connections break.
//! It must never send a single byte of a response that is marked with [`HangUp`].

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Marks a response: the server closes the connection instead of sending it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangUp;

/// A simulator that listens on its own port.
#[derive(Debug)]
pub struct Listening {
    pub addr: SocketAddr,
    down: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Listening {
    /// The base URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Puts the simulator out of order, or in order again at the same address.
    pub fn set_down(&self, down: bool) {
        self.down.send_replace(down);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves a router until the handle is dropped.
///
/// # Errors
/// When the port is not available.
pub async fn listen(router: Router, addr: SocketAddr) -> std::io::Result<Listening> {
    listen_at(router, TcpListener::bind(addr).await?)
}

/// Serves on a socket that is already open, for routers that must know their own address beforehand.
///
/// # Errors
/// When the socket has no address.
pub fn listen_at(router: Router, listener: TcpListener) -> std::io::Result<Listening> {
    let addr = listener.local_addr()?;
    let (down, is_down) = watch::channel(false);
    let task = tokio::spawn(serve(listener, addr, router, is_down));
    Ok(Listening { addr, down, task })
}

async fn serve(mut listener: TcpListener, addr: SocketAddr, router: Router, mut down: watch::Receiver<bool>) {
    loop {
        let mut open = JoinSet::new();
        loop {
            while open.try_join_next().is_some() {}
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        open.spawn(talk(stream, router.clone()));
                    }
                    Err(error) => {
                        tracing::error!(%error, "a simulated service could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                is_down = changes(&mut down, true) => if is_down { break } else { return },
            }
        }
        drop(listener);
        // Dropping `open` breaks the connections of running requests.
        drop(open);
        if !changes(&mut down, false).await {
            return;
        }
        listener = loop {
            match TcpListener::bind(addr).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
    }
}

/// Waits until the state is `to`. Returns false when nobody can change it any more.
async fn changes(down: &mut watch::Receiver<bool>, to: bool) -> bool {
    down.wait_for(|down| *down == to).await.is_ok()
}

async fn talk(stream: TcpStream, router: Router) {
    let routes = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let answer = routes.call(request);
        async move {
            let response: Response = answer.await.unwrap_or_else(|never: Infallible| match never {});
            match response.extensions().get::<HangUp>() {
                None => Ok(response),
                Some(HangUp) => Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
            }
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    if let Err(error) = connection.await {
        tracing::trace!(%error, "a connection to a simulated service ended early");
    }
}
