//! The simulator over real HTTP: a tenant with both hosts, and a tiny SCIM target for the engine.

mod delta;
mod engine;
mod expression;
mod graph;
mod target;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Entra, Shared, graph_router, login_router};
use crate::lock;
use crate::wire::{Listening, Wire, listen};
use target::Target;

const TENANT: &str = "aaaabbbb-cccc-dddd-eeee-ffff00001111";
const ROLES: &[&str] = &[
    "User.Read.All",
    "GroupMember.Read.All",
    "Application.Read.All",
    "Synchronization.ReadWrite.All",
    "AuditLog.Read.All",
];

struct Tenant {
    state: Shared,
    wire: Wire,
    target: Target,
    login: Listening,
    graph: Listening,
    http: reqwest::Client,
    token: String,
    job: String,
    ada: String,
    jira: String,
}

/// A tenant with Ada in the assigned group `jira-users`, and a job that provisions into the SCIM target.
async fn tenant() -> Tenant {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    let target = Target::start().await;
    let mut entra = Entra::new(TENANT);
    entra.domains.push("acme.example".into());
    entra.add_app("bot", "s3cret", ROLES);
    let ada = entra.add_user("ada@acme.example", "Ada Lovelace");
    let jira = entra.add_group("jira-users");
    entra.add_member(&jira, &ada);
    entra.assign_group(&jira);
    let job = entra.job(&target.url(), "scim-key");
    let (state, wire) = (entra.shared(), Wire::default());
    let any = "127.0.0.1:0".parse().unwrap();
    let login = listen(login_router(state.clone(), wire.clone()), any).await.unwrap();
    let base = "https://graph.example/cloud".to_owned();
    let graph = listen(graph_router(state.clone(), wire.clone(), base), any).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut tenant = Tenant { state, wire, target, login, graph, http, token: String::new(), job, ada, jira };
    tenant.token = tenant.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    tenant
}

impl Tenant {
    async fn log_in(&self, client: &str, secret: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let url = format!("{}/{TENANT}/oauth2/v2.0/token", self.login.url());
        let response = self.http.post(url).form(&form).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn send(&self, method: Method, path: &str, eventual: bool, body: Option<Value>) -> (u16, Value) {
        self.send_to("v1.0", method, path, eventual, body).await
    }

    async fn send_to(
        &self,
        version: &str,
        method: Method,
        path: &str,
        eventual: bool,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}/{version}/{path}", self.graph.url());
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if eventual {
            request = request.header("ConsistencyLevel", "eventual");
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        assert!(response.headers().contains_key("request-id"));
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, false, None).await
    }

    async fn beta(&self, path: &str) -> (u16, Value) {
        self.send_to("beta", Method::GET, path, false, None).await
    }

    fn sync(&self, rest: &str) -> String {
        format!("servicePrincipals/{}/synchronization/{rest}", lock(&self.state).atlassian.clone())
    }

    fn rule(&self) -> String {
        let mut entra = lock(&self.state);
        let job = entra.atlassian_job().unwrap();
        job.schema["synchronizationRules"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Provisions on demand. Returns the status, the result and its code.
    async fn provision(&self, subject: Value) -> (u16, String, String) {
        let (status, body) = self.provision_raw(subject).await;
        let key: Value = serde_json::from_str(body["key"].as_str().unwrap_or("{}")).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (status, text(&key["result"]), text(&key["details"]["errorCode"]))
    }

    async fn provision_raw(&self, subject: Value) -> (u16, Value) {
        lock(&self.state).limits.clear();
        let body = json!({"parameters": [{"ruleId": self.rule(), "subjects": [subject]}]});
        let path = self.sync(&format!("jobs/{}/provisionOnDemand", self.job));
        self.send(Method::POST, &path, false, Some(body)).await
    }

    async fn provision_ada(&self) -> (u16, String, String) {
        self.provision(json!({"objectId": self.ada, "objectTypeName": "User"})).await
    }

    async fn provision_membership(&self) -> (u16, String, String) {
        self.provision(json!({
            "objectId": self.jira, "objectTypeName": "Group",
            "links": {"members": [{"objectId": self.ada, "objectTypeName": "User"}]},
        }))
        .await
    }
}
