//! Sharing a file in a thread. The bytes go only to Slack, and without the token. This module must never send the token
//! to another address than that of the Web API.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::api::{Api, ApiError, counted, retry_after};
use super::hosts;

/// The timeout for uploading the bytes of a file.
pub(super) const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60);

impl Api {
    /// Shares a file in a thread: calls `files.getUploadURLExternal`, uploads the bytes, calls
    /// `files.completeUploadExternal`.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn upload(
        &self,
        channel: &str,
        thread: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(), ApiError> {
        let length = bytes.len().to_string();
        let answer = self
            .write_form("files.getUploadURLExternal", &[("filename", name), ("length", length.as_str())])
            .await?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
        let lost = ApiError::Lost("an answer without its upload");
        let (url, id) = text("upload_url").zip(text("file_id")).ok_or(lost)?;
        let url = Url::parse(&url).map_err(|_| ApiError::Lost("an upload address that cannot be read"))?;
        if !hosts::is_slack(&self.base, &url, "https") && url.origin() != self.base.origin() {
            return Err(ApiError::Lost("an upload address that is not Slack's"));
        }
        let sent = self.files.post(url).body(bytes).send().await;
        if !sent.is_ok_and(|answer| answer.status().is_success()) {
            return Err(ApiError::Lost("the file was not taken"));
        }
        let body = json!({
            "files": [{"id": id, "title": name}], "channel_id": channel, "thread_ts": thread,
        });
        self.write("files.completeUploadExternal", &body).await.map(drop)
    }

    /// A POST with a form, for the methods that take no JSON. The library has no such call.
    async fn write_form(
        &self,
        method: &'static str,
        form: &[(&'static str, &str)],
    ) -> Result<Value, ApiError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(method);
        }
        let request = self.files.post(url).timeout(super::api::CALL_TIMEOUT);
        let request = request.bearer_auth(&self.token.token_value.0).form(form);
        counted(method, read(request.send().await).await)
    }
}

async fn read(answer: Result<reqwest::Response, reqwest::Error>) -> Result<Value, ApiError> {
    let answer = answer.map_err(|_| ApiError::Lost("Slack cannot be reached"))?;
    if answer.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
        let header = answer.headers().get(reqwest::header::RETRY_AFTER);
        let seconds = header.and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
        return Err(ApiError::Limited(retry_after(seconds.map(Duration::from_secs))));
    }
    let body: Value = answer.json().await.map_err(|_| ApiError::Lost("an answer that cannot be read"))?;
    match (body.get("ok").and_then(Value::as_bool), body.get("error").and_then(Value::as_str)) {
        (Some(true), _) => Ok(body),
        (_, Some("ratelimited" | "rate_limited")) => Err(ApiError::Limited(retry_after(None))),
        (_, Some(code)) => Err(ApiError::Refused(code.to_owned())),
        (_, None) => Err(ApiError::Lost("an answer that cannot be read")),
    }
}
