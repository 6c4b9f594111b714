//! Slack's request signature, version 0: HMAC-SHA256 over `v0:timestamp:body`. Written out here because the
//! library's own signing function is private; it is checked against Slack's published example and against the
//! library's verifier. It must never be used to verify anything: that is the bot's own work.

use sha2::{Digest, Sha256};

const BLOCK_BYTES: usize = 64;

/// The value of `X-Slack-Signature` for a body sent at `timestamp` (seconds).
#[must_use]
pub fn signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mut message = format!("v0:{timestamp}:").into_bytes();
    message.extend_from_slice(body);
    format!("v0={}", hex(&hmac(secret.as_bytes(), &message)))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut padded = if key.len() > BLOCK_BYTES { Sha256::digest(key).to_vec() } else { key.to_vec() };
    padded.resize(BLOCK_BYTES, 0);
    let pad = |with: u8| padded.iter().map(move |byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use slack_morphism::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_the_published_example() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
                    &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
                    &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
                    %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
                    &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        assert_eq!(
            signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body.as_bytes()),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }

    #[test]
    fn agrees_with_the_librarys_verifier() {
        let now = crate::clock::now().as_second().to_string();
        for secret in ["short", &"long".repeat(40)] {
            let verifier = slack_morphism::signature_verifier::SlackEventSignatureVerifier::new(
                &SlackSigningSecret(secret.to_owned()),
            );
            let signed = signature(secret, &now, "é=1".as_bytes());
            verifier.verify(&signed, "é=1", &now).unwrap();
            assert!(verifier.verify(&signed, "é=2", &now).is_err());
        }
    }
}
