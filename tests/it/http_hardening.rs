//! The public side of the server: everything except Slack's own requests is refused cheaply, and slow clients are
//! disconnected.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bot::{Bot, tells};

/// The time after which the other side will not close the connection any more.
const TEST_TIMEOUT: Duration = Duration::from_secs(90);

fn address(bot: &Bot) -> String {
    let url = url::Url::parse(&bot.people.request_url).unwrap();
    format!("127.0.0.1:{}", url.port().unwrap())
}

/// Sends bytes and reads until the bot closes the connection.
async fn exchange(bot: &Bot, text: &str) -> String {
    let mut stream = TcpStream::connect(address(bot)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    tokio::time::timeout(TEST_TIMEOUT, stream.read_to_end(&mut all)).await.expect("never closed").ok();
    String::from_utf8_lossy(&all).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_cut_off_wherever_it_is_slow() {
    tells("healthy", async |bot| {
        let now = reinstate::clock::now().as_second();
        let signed = format!(
            "POST /slack/events HTTP/1.1\r\nHost: a\r\nX-Slack-Signature: v0=00\r\nX-Slack-Request-Timestamp: {now}\r\nContent-Length: 1000\r\n\r\nhalf"
        );
        let (silent, half_head, half_body, dribble) = tokio::join!(
            exchange(bot, ""),
            exchange(bot, "POST /slack/events HTTP/1.1\r\nHost: a\r\n"),
            exchange(bot, &signed),
            async {
                let mut stream = TcpStream::connect(address(bot)).await.unwrap();
                let mut sent = 0;
                for byte in "GET /livez HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".bytes().cycle() {
                    if stream.write_all(&[byte]).await.is_err() {
                        break;
                    }
                    sent += 1;
                    assert!(sent < 400, "whoever sends a byte now and then is never cut off");
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
            },
        );
        let () = dribble;
        assert_eq!((silent.as_str(), half_head.as_str()), ("", ""));
        assert_eq!(status(&half_body), 408, "{half_body}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_refused_before_it_is_sent_and_an_unsigned_one_before_it_is_measured() {
    tells("healthy", async |bot| {
        let now = reinstate::clock::now().as_second();
        let large = |headers: &str| {
            format!("POST /slack/events HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: 157286400\r\n\r\n")
        };
        // The test sends not one byte of the body: the answer must not wait for it.
        assert_eq!(status(&exchange(bot, &large("")).await), 401);
        let signed = format!("X-Slack-Signature: v0=00\r\nX-Slack-Request-Timestamp: {now}\r\n");
        assert_eq!(status(&exchange(bot, &large(&signed)).await), 413);
        let old = format!("X-Slack-Signature: v0=00\r\nX-Slack-Request-Timestamp: {}\r\n", now - 301);
        assert_eq!(status(&exchange(bot, &large(&old)).await), 401);
        // A body without a declared length is read up to the limit and no further.
        let mut stream = TcpStream::connect(address(bot)).await.unwrap();
        let head =
            format!("POST /slack/events HTTP/1.1\r\nHost: a\r\n{signed}Transfer-Encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "x".repeat(1 << 16));
        let mut sent = 0;
        while sent < 160 && stream.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 1;
        }
        let mut answer = Vec::new();
        tokio::time::timeout(TEST_TIMEOUT, stream.read_to_end(&mut answer)).await.expect("never closed").ok();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || status(&answer) == 413, "{answer}");
        assert!(sent < 160, "ten mebibytes were taken");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_public_but_slacks_own_address_and_what_watches_over_us() {
    tells("healthy", async |bot| {
        let get = async |method: &str, path: &str| {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            );
            exchange(bot, &head).await
        };
        for path in [
            "/",
            "/admin",
            "/slack",
            "/slack/events/",
            "/slack/events/../../etc/passwd",
            "/.env",
            "//livez",
            "/metrics/x",
        ] {
            let answer = get("GET", path).await;
            assert_eq!(status(&answer), 404, "{path}: {answer}");
        }
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"] {
            assert_eq!(status(&get(method, "/slack/events").await), 405, "{method}");
        }
        for path in ["/livez", "/readyz", "/metrics"] {
            assert_eq!(status(&get("GET", path).await), 200, "{path}");
            assert_eq!(status(&get("POST", path).await), 405, "{path}");
        }
        let ready = get("GET", "/readyz").await;
        assert!(ready.contains("store: ok"), "{ready}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unsigned_requests_costs_nothing() {
    tells("healthy", async |bot| {
        let since = Instant::now();
        let calls = bot.sandbox.wire.calls().len();
        let before = bot.app.journal.store().head().await.unwrap().position;
        let mut flood = tokio::task::JoinSet::new();
        for number in 0..1000 {
            let people = bot.people.clone();
            flood.spawn(async move {
                let body = format!("command=%2Freinstate&user_id=U0ADA&channel_id=C0ADMINS&text=repair+{number}%40acme.example&trigger_id={number}");
                people.send_unsigned(&body, "application/x-www-form-urlencoded").await.unwrap().status
            });
        }
        assert!(flood.join_all().await.iter().all(|status| *status == 401));
        assert_eq!(bot.sandbox.wire.calls().len(), calls, "an unsigned request made a call");
        // However many requests there are, only one entry per minute records their count. That minute started before
        // the test's.
        let mut journal = bot.app.journal.store().export(None);
        let mut written = Vec::new();
        while let Some(page) = journal.next_page().await.unwrap() {
            written.extend(page.into_iter().filter(|entry| entry.position > before));
        }
        let minutes = usize::try_from(since.elapsed().as_secs() / 60).unwrap() + 1;
        assert!(written.len() <= minutes, "{} entries in {:?}", written.len(), since.elapsed());
        for entry in written {
            assert_eq!(entry.kind, "requests-refused", "an unsigned request made an entry");
        }
    })
    .await;
}

/// Correctly signed bodies that Slack never sends. None of them causes a server error.
#[tokio::test(flavor = "multi_thread")]
async fn signed_nonsense_is_never_an_error_of_ours() {
    let mut nonsense = vec![
        String::new(),
        "payload=".into(),
        "payload=%00".into(),
        "payload=null".into(),
        "payload=[]".into(),
        "payload=%7B%22type%22%3A5%7D".into(),
        "%FF%FE".into(),
        "command=%2Freinstate&user_id=&text=help".into(),
        "{\"type\":\"event_callback\",\"event\":7}".into(),
        "{\"type\":\"event_callback\",\"event_id\":\"\",\"event\":{\"type\":null}}".into(),
        "{\"type\":\"url_verification\"}".into(),
        format!("command=%2Freinstate&user_id=U0ADA&channel_id=C0ADMINS&text=check+{}", "a".repeat(40_000)),
        format!("payload={}", "%5B".repeat(5000)),
        "{".repeat(2000),
    ];
    let deep = format!("{}{}", "{\"a\":".repeat(5000), "1");
    nonsense.push(format!("payload={deep}"));
    let plain = nonsense.len();
    for action in [
        "approve",
        "decline",
        "cancel",
        "retry",
        "repair",
        "recheck",
        "undo",
        "sweep_repair",
        "ask_for_help",
        "nonsense",
        "",
    ] {
        for value in [r#""""#, "null", "5", r#""{\"r\":\"../../x\",\"d\":\"sha256:0\"}""#, r#""{\"r\":{}}""#]
        {
            let payload = format!(
                r#"{{"type":"block_actions","user":{{"id":"U0ADA","team_id":"T0"}},"channel":{{"id":"C0ADMINS"}},"message":{{"ts":"1.2"}},"actions":[{{"action_id":"reinstate.{action}","value":{value}}}]}}"#
            );
            nonsense.push(
                url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("payload", &payload)
                    .finish(),
            );
        }
    }
    tells("healthy", async move |bot| {
        let mut sent = 0;
        for (number, body) in nonsense.iter().enumerate() {
            let now = reinstate::clock::now().as_second();
            let kinds = ["application/x-www-form-urlencoded", "application/json", "text/plain", ""];
            for kind in kinds.into_iter().take(if number < plain { 4 } else { 1 }) {
                let ack = bot.people.send_signed(body, kind, now).await.unwrap();
                assert!(ack.status == 200 || ack.status == 401, "{}: {body}", ack.status);
                sent += 1;
            }
        }
        println!("{sent} bodies");
        assert_eq!(bot.app.journal.store().recent_runs(5).await.unwrap().len(), 0);
        bot.app.drain(Duration::from_secs(60)).await;
        bot.reads_all();
    })
    .await;
}
