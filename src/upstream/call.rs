//! A request made of typed parts. A person's data must enter a request only through the encoders here, and the
//! secret must leave it only as the one header.

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

/// A request made of typed parts. It has no `Debug`: it holds personal data and a secret.
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
    /// A call to `base`, whose path is kept. Repeatable if the method only reads.
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

    /// Adds path segments that are part of the interface, separated by `/`.
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

    /// Adds one path segment made of data. `name` stands for it in logs. An empty segment, `.` and `..` would
    /// reach another resource, percent-encoded or not (WHATWG URL), so they break the call instead.
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

    /// Adds a query pair; the value is encoded, a space as `%20`.
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

    /// Adds a fixed header.
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

    /// Sends a form; its values count as secrets.
    #[must_use]
    pub fn form(mut self, pairs: Vec<(&'static str, SecretString)>) -> Self {
        self.content = Content::Form(pairs);
        self
    }

    /// Sends the credential.
    #[must_use]
    pub fn bearer(mut self, secret: &SecretString) -> Self {
        self.bearer = Some(secret.clone());
        self
    }

    /// Says that sending it twice does no more than sending it once.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sets bounds of its own.
    #[must_use]
    pub fn within(mut self, per_request: Duration, budget: Duration) -> Self {
        self.per_request = Some(per_request);
        self.budget = Some(budget);
        self
    }

    /// The same call for the next page, whose address the service gave. Only the configured origin is
    /// followed: the token goes along.
    ///
    /// # Errors
    /// [`CallError::Foreign`] for another origin or for an address that carries credentials.
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
