use super::*;
use crate::upstream::probe::{Probe, Seen, free, http, ok, status};
use reqwest::{Method, Url};
use secrecy::SecretString;
use serde_json::Value;

fn get(probe: &Probe) -> Call {
    Call::new("test", Method::GET, &probe.url).at("a")
}

fn post(probe: &Probe) -> Call {
    Call::new("test", Method::POST, &probe.url).at("a").json(serde_json::json!({"x": 1}))
}

async fn send(call: &Call) -> Result<Answer, CallError> {
    http().send(call, &free()).await
}

#[tokio::test]
async fn hostile_values_stay_in_their_place() {
    let probe = Probe::start(|_, _| ok("{}")).await;
    let base = probe.url.join("graph/").unwrap();
    for id in ["712020:a", "jane#EXT#@x", "a/../b", "%2e%2e", "a?b=c&d", "ü x+"] {
        let call = Call::new("test", Method::GET, &base).at("v1.0/users").id("user", id).query("$filter", id);
        send(&call).await.unwrap();
    }
    assert_eq!(
        probe.lines(),
        [
            "GET /graph/v1.0/users/712020%3Aa?$filter=712020%3Aa",
            "GET /graph/v1.0/users/jane%23EXT%23%40x?$filter=jane%23EXT%23%40x",
            "GET /graph/v1.0/users/a%2F..%2Fb?$filter=a%2F..%2Fb",
            "GET /graph/v1.0/users/%252e%252e?$filter=%252e%252e",
            "GET /graph/v1.0/users/a%3Fb%3Dc%26d?$filter=a%3Fb%3Dc%26d",
            "GET /graph/v1.0/users/%C3%BC%20x%2B?$filter=%C3%BC%20x%2B",
        ]
    );
    for id in ["", ".", ".."] {
        let error = send(&get(&probe).id("user", id)).await.unwrap_err();
        assert!(matches!(error, CallError::Invalid { .. }), "{id:?}");
    }
    assert_eq!(probe.seen().len(), 6, "nothing was sent for a dot segment");
}

#[tokio::test]
async fn a_limit_is_waited_out_even_for_a_write() {
    let probe =
        Probe::start(|_, n| if n < 3 { status(429, "{}") } else { (204, vec![], String::new()) }).await;
    assert_eq!(send(&post(&probe)).await.unwrap().status, 204);
    assert_eq!(probe.seen().len(), 3);
}

#[tokio::test]
async fn a_limit_longer_than_the_budget_is_handed_back() {
    let probe = Probe::start(|_, _| (429, vec![("retry-after", "500".into())], String::new())).await;
    let error = send(&get(&probe)).await.unwrap_err();
    assert_eq!(error, CallError::Later { after: Some(Duration::from_secs(500)), status: Some(429) });
    assert_eq!(probe.seen().len(), 1);
}

#[tokio::test]
async fn no_limit_however_long_panics_or_closes_a_client_for_hours() {
    for code in [429, 503] {
        for long in ["18446744073709551615", "1e400", "99999999999999999999999999", "901"] {
            let probe =
                Probe::start(move |_, _| (code, vec![("retry-after", long.into())], String::new())).await;
            let pace = free();
            let error = http().send(&get(&probe), &pace).await.unwrap_err();
            assert!(matches!(error, CallError::Later { .. } | CallError::Unknown { .. }), "{error:?}");
            let now = tokio::time::Instant::now();
            let closed = pace.turn(now + Duration::from_secs(1)).await.err().flatten();
            assert!(closed.is_none_or(|left| left <= Duration::from_secs(900)), "{code} {long}: {closed:?}");
        }
    }
}

#[tokio::test]
async fn a_failed_write_is_never_sent_twice() {
    for code in [500, 502, 503, 504, 408] {
        let probe = Probe::start(move |_, _| (code, vec![("retry-after", "0".into())], String::new())).await;
        let error = send(&post(&probe)).await.unwrap_err();
        assert!(matches!(error, CallError::Unknown { .. }), "{code}: {error:?}");
        assert_eq!(probe.seen().len(), 1, "{code}");
        assert!(send(&post(&probe).repeatable()).await.is_err());
        assert_eq!(probe.seen().len(), 5, "{code}: a repeatable one is tried four times");
    }
}

#[tokio::test]
async fn a_read_survives_a_hiccup() {
    let probe = Probe::start(|_, n| if n == 1 { status(503, "{}") } else { ok(r#"{"a":1}"#) }).await;
    let body: Value = send(&get(&probe)).await.unwrap().json().unwrap();
    assert_eq!(body["a"], 1);
}

#[tokio::test]
async fn refusals_are_final_and_say_why() {
    let probe = Probe::start(|seen: &Seen, _| {
        let code = if seen.line.starts_with("POST") { 302 } else { 403 };
        let key = seen.header("authorization").to_owned();
        let body = serde_json::json!({"error": {"code": "Authorization_RequestDenied", "message": key}});
        (code, vec![("location", "/b".into()), ("request-id", "r-1".into())], body.to_string())
    })
    .await;
    let secret = SecretString::from("sesame");
    let error = send(&get(&probe).bearer(&secret)).await.unwrap_err();
    assert_eq!(error.reason(), "403 Authorization_RequestDenied");
    assert!(matches!(&error, CallError::Refused { request_id: Some(id), .. } if id == "r-1"));
    assert!(!format!("{error:?} {error}").contains("sesame"));
    assert_eq!(send(&post(&probe)).await.unwrap_err().status(), Some(302));
    assert_eq!(probe.lines(), ["GET /a", "POST /a"], "a redirect is not followed");
}

#[tokio::test]
async fn no_connection_and_no_answer_are_different() {
    let nobody = Url::parse("http://127.0.0.1:1/").unwrap();
    let error = send(&Call::new("test", Method::POST, &nobody).at("a")).await.unwrap_err();
    assert!(error.is_not_done(), "{error:?}");

    // A server that accepts the request and closes the connection.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rude = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let server = tokio::spawn(async move {
        let mut met = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut first = [0; 16];
            tokio::io::AsyncReadExt::read_exact(&mut stream, &mut first).await.unwrap();
            met += 1;
            if met == 2 {
                return;
            }
        }
    });
    for _ in 0..2 {
        let error = send(&Call::new("test", Method::POST, &rude).at("a")).await.unwrap_err();
        assert!(matches!(error, CallError::Unknown { .. }), "{error:?}");
    }
    server.await.unwrap();
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let probe = Probe::start(|_, _| ok("x".repeat(200_000))).await;
    assert!(matches!(send(&get(&probe)).await.unwrap_err(), CallError::Garbled { .. }));
}

#[tokio::test]
async fn a_slow_answer_is_unknown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let brief = Duration::from_millis(50);
    let call = Call::new("test", Method::POST, &silent).at("a").within(brief, Duration::from_secs(5));
    let error = http().send(&call, &free()).await.unwrap_err();
    assert_eq!(error, CallError::Unknown { why: "no answer in time".into() });
}

#[test]
fn the_later_of_two_hints_counts() {
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    let of = |pairs: &[(&'static str, &'static str)]| {
        let headers = pairs
            .iter()
            .map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v)))
            .collect::<HeaderMap>();
        retry_after(&headers, now).map(|d| d.as_secs())
    };
    assert_eq!(of(&[]), None);
    for garbage in ["soon", "-7", "-0", "inf", "NaN", "1 s", "0x10", "", "+5", "7,5"] {
        assert_eq!(of(&[("retry-after", garbage)]), None, "{garbage}");
    }
    for long in ["901", "18446744073709551615", "99999999999999999999999", "1e300", "900.5"] {
        assert_eq!(of(&[("retry-after", long)]), Some(900), "{long}");
    }
    assert_eq!(of(&[("retry-after", "Sun, 24 Nov 2126 10:00:00 GMT")]), Some(900));
    assert_eq!(of(&[("retry-after", "Sun, 24 Nov 1996 10:00:00 GMT")]), Some(0));
    assert_eq!(of(&[("x-ratelimit-reset", "9998-12-31T23:59:59Z")]), Some(900));
    assert_eq!(of(&[("retry-after", "1.5")]), Some(1), "a fraction is kept, and shown here in whole seconds");
    assert_eq!(of(&[("retry-after", "7")]), Some(7));
    assert_eq!(of(&[("retry-after", "Tue, 24 Nov 2026 10:00:09 GMT")]), Some(9));
    assert_eq!(of(&[("retry-after", "7"), ("x-ratelimit-reset", "2026-11-24T10:00:30Z")]), Some(30));
    assert_eq!(of(&[("retry-after", "7"), ("x-ratelimit-reset", "2026-11-24T09:00:00Z")]), Some(7));
}

#[test]
fn the_next_page_must_be_at_home() {
    let base = Url::parse("https://graph.microsoft.com").unwrap();
    let call = Call::new("test", Method::GET, &base).at("v1.0/users");
    let next = call.follow("https://graph.microsoft.com:443/v1.0/users?$skiptoken=a%2Bb").unwrap();
    assert_eq!(next.target().as_str(), "https://graph.microsoft.com/v1.0/users?$skiptoken=a%2Bb");
    for foreign in [
        "https://evil.example/v1.0/users",
        "http://graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com:444/",
        "https://graph.microsoft.com@evil.example/",
        "https://me:pw@graph.microsoft.com/",
        "//evil.example/",
    ] {
        assert_eq!(call.follow(foreign).err(), Some(CallError::Foreign), "{foreign}");
    }
}
