//! A request that is refused because of its headers alone. A client that is still sending the body must be able to
//! finish, and to read the reason.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::bot::Bot;
use reinstate_sandbox::tenant::Tenant;

/// Sends a body of this many bytes to its end, then reads the status line.
async fn status_after(bot: &Bot, headers: &str, bytes: usize) -> String {
    let mut stream = TcpStream::connect(bot.addr()).await.unwrap();
    let head = format!(
        "POST /slack/events HTTP/1.1\r\nHost: bot\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for chunk in vec![b'x'; bytes].chunks(16 * 1024) {
        stream.write_all(chunk).await.expect("the sender is not cut off");
        tokio::task::yield_now().await;
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_of_a_refused_body_is_told_why() {
    let bot = Bot::start(Tenant::new(), |_| {}).await;
    let fresh = format!(
        "X-Slack-Request-Timestamp: {}\r\nX-Slack-Signature: v0=00\r\n",
        reinstate::clock::now().as_second()
    );
    assert_eq!(status_after(&bot, "", 1 << 20).await, "HTTP/1.1 401");
    assert_eq!(status_after(&bot, &fresh, (1 << 20) + 1).await, "HTTP/1.1 413");
    bot.closes().await;
}
