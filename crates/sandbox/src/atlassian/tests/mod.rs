//! The simulator over real HTTP, rule by rule. The bench has one organization with Jira behind a synced group and one
//! person, Jane, who is in it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{Atlassian, Shared, router};
use crate::lock;
use crate::wire::{Listening, Wire, listen};

mod events;
mod manage;
mod org;
mod scim;

const ORG: &str = "9a1jj823-jac8-123d-jj01-63315k059cb2";
const DIR: &str = "6c2f0000-0000-4000-8000-00000000d001";
const KEY: &str = "org-key";
const SCIM: &str = "scim-key";

struct Bench {
    state: Shared,
    wire: Wire,
    server: Listening,
    client: reqwest::Client,
    jane: String,
    record: String,
    jira: String,
}

impl Bench {
    async fn new() -> Self {
        let mut tenant = Atlassian::new(ORG);
        tenant.claim_domain("acme.example");
        tenant.add_directory(DIR, SCIM);
        tenant.scoped_key = Some("scoped-key".to_owned());
        let jira = tenant.add_workspace("jira-software", "Jira");
        tenant.add_group("jira-users", true, &[(&jira, "atlassian/user")]);
        let jane = tenant.add_account("Jane@acme.example", "Jane Doe");
        let record = tenant.scim_record(DIR, "jane@acme.example", "entra-jane", Some(&jane));
        tenant.join(&record, "jira-users");
        let state: Shared = Arc::new(Mutex::new(tenant));
        let wire = Wire::default();
        let server =
            listen(router(Arc::clone(&state), wire.clone()), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        // reqwest is built without a TLS provider, and needs one even for plain HTTP.
        drop(rustls::crypto::ring::default_provider().install_default());
        Self { state, wire, server, client: reqwest::Client::new(), jane, record, jira }
    }

    async fn call(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.server.url())).bearer_auth(key);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }

    async fn scim(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.call(SCIM, method, &format!("/scim/directory/{DIR}/{path}"), body).await
    }

    async fn manage(&self, method: &str, account: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.call(KEY, method, &format!("/users/{account}/manage{path}"), body).await
    }

    async fn people(&self, body: Value) -> (u16, Value) {
        self.call(KEY, "POST", &format!("/admin/v2/orgs/{ORG}/directories/-/users/search"), Some(body)).await
    }

    fn links(path: &str) -> String {
        format!("/admin/user-provisioning/v1/org/{ORG}/{path}")
    }

    fn tenant<T>(&self, with: impl FnOnce(&mut Atlassian) -> T) -> T {
        with(&mut lock(&self.state))
    }

    fn groups(&self, account: &str) -> Vec<String> {
        self.tenant(|t| t.groups_of(account))
    }

    fn did(&self, action: &str) -> bool {
        self.tenant(|t| t.events.iter().any(|e| e.action == action))
    }

    /// Checks that Atlassian documents every request so far.
    fn clean(&self) {
        assert_eq!(self.wire.faults(), Vec::<String>::new());
    }
}

fn user(email: &str, external_id: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email, "externalId": external_id,
        "displayName": "Somebody", "emails": [{"value": email, "type": "work", "primary": true}], "active": true
    })
}

fn patch(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}
