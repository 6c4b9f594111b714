//! A request that is built from typed parts. Personal data must enter a request only through the encoders here. The
//! secret must be sent only in the authorization header or in a form.

use std::time::Duration;

use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::error::CallError;
use super::literal::percent;

#[derive(Clone)]
pub(super) enum Content {
    Nothing,
    Json(Value),
    Form(Vec<(&'static str, SecretString)>),
}

/// A request that is built from typed parts. It has no `Debug`, because it holds personal data and a secret.
#[derive(Clone)]
pub struct Call {
    pub(super) service: &'static str,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) path: String,
    pub(super) template: String,
    pub(super) query: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) content: Content,
    pub(super) bearer: Option<SecretString>,
    pub(super) repeatable: bool,
    pub(super) per_request: Option<Duration>,
    pub(super) budget: Option<Duration>,
    pub(super) broken: Option<CallError>,
}

impl Call {
    /// A call to `base`, whose path is kept. It is repeatable if the method is GET.
    #[must_use]
    pub fn new(service: &'static str, method: Method, base: &Url) -> Self {
        let repeatable = method == Method::GET;
        let path = base.path().trim_end_matches('/').to_owned();
        let mut url = base.clone();
        url.set_query(None);
        url.set_fragment(None);
        Self {
            service,
            method,
            url,
            path,
            template: String::new(),
            query: String::new(),
            headers: Vec::new(),
            content: Content::Nothing,
            bearer: None,
            repeatable,
            per_request: None,
            budget: None,
            broken: None,
        }
    }

    /// Adds constant path segments, separated by `/`.
    #[must_use]
    pub fn at(mut self, fixed: &'static str) -> Self {
        for segment in fixed.split('/') {
            self.path.push('/');
            self.path.push_str(segment);
        }
        self.template.push('/');
        self.template.push_str(fixed);
        self
    }

    /// Adds one path segment that contains data; logs show `name` instead of it. An empty segment, `.` or `..` would
    /// address another resource, even if percent-encoded (WHATWG URL), so the call becomes invalid.
    #[must_use]
    pub fn id(mut self, name: &'static str, value: &str) -> Self {
        if matches!(value, "" | "." | "..") {
            self.broken = Some(CallError::Invalid { why: "an id is empty or a dot segment" });
        }
        self.path.push('/');
        self.path.push_str(&percent(value));
        self.template.push_str("/{");
        self.template.push_str(name);
        self.template.push('}');
        self
    }

    /// Adds a query pair. The value is percent-encoded; a space becomes `%20`.
    #[must_use]
    pub fn query(mut self, key: &'static str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(key);
        self.query.push('=');
        self.query.push_str(&percent(value));
        self
    }

    /// Adds a constant header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.content = Content::Json(body);
        self
    }

    /// Sends a form; its values are treated as secrets.
    #[must_use]
    pub fn form(mut self, pairs: Vec<(&'static str, SecretString)>) -> Self {
        self.content = Content::Form(pairs);
        self
    }

    /// Adds the bearer token.
    #[must_use]
    pub fn bearer(mut self, secret: &SecretString) -> Self {
        self.bearer = Some(secret.clone());
        self
    }

    /// Marks the call as idempotent: it may be sent again after an unknown outcome.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sets a timeout per request and a total budget for this call.
    #[must_use]
    pub fn within(mut self, per_request: Duration, budget: Duration) -> Self {
        self.per_request = Some(per_request);
        self.budget = Some(budget);
        self
    }

    /// The same call for the next page, whose URL came from the service. Only the configured origin is accepted,
    /// because the token is sent along.
    ///
    /// # Errors
    /// [`CallError::Foreign`] for another origin, or for a URL that contains credentials.
    pub fn follow(&self, next: &str) -> Result<Self, CallError> {
        let url = self.url.join(next).map_err(|_| CallError::Foreign)?;
        if url.origin() != self.url.origin() || !url.username().is_empty() || url.password().is_some() {
            return Err(CallError::Foreign);
        }
        let mut call = self.clone();
        call.path = url.path().to_owned();
        call.query = url.query().unwrap_or_default().to_owned();
        Ok(call)
    }

    pub(super) fn target(&self) -> Url {
        let mut url = self.url.clone();
        url.set_path(&self.path);
        url.set_query((!self.query.is_empty()).then_some(self.query.as_str()));
        url
    }

    pub(super) fn secret(&self) -> Option<&str> {
        self.bearer.as_ref().map(ExposeSecret::expose_secret)
    }
}
