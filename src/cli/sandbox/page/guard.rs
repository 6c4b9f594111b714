//! Who may talk to the page: the person at this machine, through this page. Another site that is open in the same
//! browser must not be able to press its buttons, nor may a name that was pointed at loopback read it; and what the
//! page shows may load nothing from elsewhere.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) async fn guard(State(addr): State<SocketAddr>, request: Request, next: Next) -> Response {
    if !is_ours(&request, addr.port()) {
        let words = "This page answers only to itself, at http://127.0.0.1 and its port.";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A name that somebody pointed at this machine has another `Host`; a form on another site has another `Origin`.
fn is_ours(request: &Request, port: u16) -> bool {
    let text = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let Some(host) = text(header::HOST).filter(|host| names.iter().any(|name| name == host)) else {
        return false;
    };
    match text(header::ORIGIN) {
        Some(origin) => origin.strip_prefix("http://") == Some(host),
        None => request.method() == Method::GET,
    }
}
