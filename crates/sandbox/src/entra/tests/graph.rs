//! Login, permissions, directory, paging and the provisioning log.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::{By, STOPPED};
use super::{TENANT, tenant};
use crate::lock;

#[tokio::test]
async fn the_login_host_knows_its_aadsts_codes() {
    let t = tenant().await;
    let (status, body) = t.log_in("bot", "wrong").await;
    assert_eq!(
        (status, &body["error_codes"], &body["error"]),
        (401, &json!([7_000_215]), &json!("invalid_client"))
    );
    lock(&t.state).apps.get_mut("bot").unwrap().expired_secrets.push("old".into());
    assert_eq!(t.log_in("bot", "old").await.1["error_codes"], json!([7_000_222]));
    assert_eq!(t.log_in("nobody", "x").await.1["error_codes"], json!([700_016]));
    assert!(t.wire.faults().is_empty());
    let url = format!("{}/{TENANT}/oauth2/v2.0/token", t.login.url());
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "bot"),
        ("client_secret", "s3cret"),
        ("scope", "User.Read"),
    ];
    let body: Value = t.http.post(url).form(&form).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["error_codes"], json!([70_011]));
    assert_eq!(t.wire.faults().len(), 1);
    let basic = [("grant_type", "client_credentials"), ("scope", "https://graph.microsoft.com/.default")];
    let url = format!("{}/ACME.example/oauth2/v2.0/token", t.login.url());
    let sent = t.http.post(url).basic_auth("bot", Some("s3cret")).form(&basic).send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 200);
}

#[tokio::test]
async fn tokens_expire_and_keep_the_roles_they_were_made_with() {
    let mut t = tenant().await;
    lock(&t.state).apps.get_mut("bot").unwrap().roles.clear();
    assert_eq!(t.get("users").await.0, 200);
    t.token = t.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    let (status, body) = t.get("users").await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("Authorization_RequestDenied")));
    assert!(body["error"]["innerError"]["request-id"].is_string());
    lock(&t.state).switches.token_lifetime = SignedDuration::ZERO;
    t.token = t.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    let (status, body) = t.get("users").await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("InvalidAuthenticationToken")));
    assert!(t.wire.faults().is_empty());
}

#[tokio::test]
async fn users_are_found_by_the_documented_filters_only() {
    let t = tenant().await;
    let id = {
        let mut entra = lock(&t.state);
        let id = entra.add_user("pat_ext#EXT#@acme.example", "Pat O'Neil");
        let user = entra.users.get_mut(&id).unwrap();
        user.mail = Some("o'neil@Acme.example".into());
        user.proxy_addresses = vec!["smtp:alias@acme.example".into()];
        user.other_mails = vec!["pat@home.example".into()];
        id
    };
    let (_, body) = t.get("users/PAT_ext%23EXT%23@acme.example?$select=id,accountEnabled").await;
    assert_eq!((&body["id"], &body["accountEnabled"]), (&json!(id), &json!(true)));
    assert!(t.get(&format!("users/{id}")).await.1.get("accountEnabled").is_none());
    for filter in [
        "mail eq 'O''NEIL@acme.example'",
        "proxyAddresses/any(p:p eq 'smtp:ALIAS@acme.example')",
        "otherMails/any(o:o eq 'pat@home.example')",
    ] {
        let (status, body) = t.get(&format!("users?$filter={filter}&$select=id")).await;
        assert_eq!((status, &body["value"]), (200, &json!([{"id": id}])), "{filter}");
    }
    assert!(t.wire.faults().is_empty(), "{:?}", t.wire.faults());
    for wrong in [
        "mail eq 'o'neil@acme.example'",
        "endsWith(mail,'acme.example')",
        "onPremisesSamAccountName eq 'pat'",
        "mail ne 'x'",
    ] {
        assert_eq!(t.get(&format!("users?$filter={wrong}")).await.0, 400, "{wrong}");
    }
    assert_eq!(t.get("users?$select=shoeSize").await.0, 400);
    assert_eq!(t.get("users?filter=mail").await.0, 400);
    assert_eq!(t.get("nothing/here").await.0, 400);
    assert_eq!(t.wire.faults().len(), 7);
    let (status, body) = t.get("users/nobody@acme.example").await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("Request_ResourceNotFound")));
    lock(&t.state).delete_user(&id, crate::clock::now());
    let path = "directory/deletedItems/microsoft.graph.user?$filter=mail eq 'o''neil@acme.example'";
    assert_eq!(t.get(path).await.1["value"][0]["id"], json!(id));
}

#[tokio::test]
async fn people_are_found_by_what_external_id_may_be_mapped_from() {
    let t = tenant().await;
    {
        let mut entra = lock(&t.state);
        let ada = entra.users.get_mut(&t.ada).unwrap();
        ada.on_premises_upn = Some("ada@corp.acme.example".into());
        ada.on_premises_immutable_id = Some("aW1tdXRhYmxl".into());
        let other = entra.add_user("ada@other.example", "Ada Other");
        assert_eq!(entra.users[&other].mail_nickname.as_deref(), Some("ada2"));
        entra.users.get_mut(&other).unwrap().mail_nickname = None;
    }
    let found = json!([{"id": t.ada}]);
    for filter in [
        "mailNickname eq 'ADA'",
        "mailNickname in ('ada','x')",
        "employeeId eq '10001'",
        "onPremisesUserPrincipalName eq 'ada@corp.acme.example'",
        "surname eq 'Lovelace'",
    ] {
        let (status, body) = t.get(&format!("users?$filter={filter}&$select=id")).await;
        assert_eq!((status, &body["value"]), (200, &found), "{filter}");
    }
    let advanced = [
        "onPremisesExtensionAttributes/extensionAttribute1 eq 'acme-00001'",
        "onPremisesImmutableId eq 'aW1tdXRhYmxl'",
    ];
    for filter in advanced {
        let path = format!("users?$filter={filter}&$select=id&$count=true");
        let (status, body) = t.send(Method::GET, &path, true, None).await;
        assert_eq!((status, &body["value"]), (200, &found), "{filter}");
    }
    assert!(t.wire.faults().is_empty(), "{:?}", t.wire.faults());
    for filter in advanced {
        let path = format!("users?$filter={filter}&$select=id");
        assert_eq!(t.send(Method::GET, &path, true, None).await.0, 400, "{filter} without $count");
        assert_eq!(t.get(&format!("{path}&$count=true")).await.0, 400, "{filter} without the header");
    }
    for wrong in [
        "employeeId in ('10001')",
        "extensionAttribute1 eq 'acme-00001'",
        "onPremisesExtensionAttributes/extensionAttribute16 eq 'x'",
        "objectId eq 'x'",
        "mailNickname eq ada",
    ] {
        let path = format!("users?$filter={wrong}&$count=true");
        assert_eq!(t.send(Method::GET, &path, true, None).await.0, 400, "{wrong}");
    }
    assert_eq!(t.get("users?$select=extensionAttribute1").await.0, 400);
    let some = "mailNickname,employeeId,onPremisesUserPrincipalName,onPremisesImmutableId";
    let (_, body) = t.get(&format!("users/{}?$select={some},onPremisesExtensionAttributes", t.ada)).await;
    let attributes = body["onPremisesExtensionAttributes"].as_object().unwrap();
    assert_eq!((attributes.len(), &attributes["extensionAttribute1"]), (15, &json!("acme-00001")));
    assert_eq!(body.as_object().unwrap().len(), 6, "exactly what was selected, and the context");
    assert_eq!((&body["mailNickname"], &body["employeeId"]), (&json!("ada"), &json!("10001")));
}

#[tokio::test]
async fn nested_membership_is_transitive_only_and_casts_need_the_header() {
    let t = tenant().await;
    let outer = {
        let mut entra = lock(&t.state);
        let outer = entra.add_group("everyone");
        entra.nest(&outer, &t.jira);
        outer
    };
    let ids = |body: &Value| -> Vec<String> {
        body["value"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let direct = t.get(&format!("users/{}/memberOf?$select=id", t.ada)).await.1;
    assert_eq!(ids(&direct), std::slice::from_ref(&t.jira));
    let cast = format!("users/{}/transitiveMemberOf/microsoft.graph.group?$count=true&$select=id", t.ada);
    assert_eq!(t.get(&cast).await.0, 400);
    assert_eq!(t.wire.faults().len(), 1);
    let (status, body) = t.send(Method::GET, &cast, true, None).await;
    assert_eq!((status, &body["@odata.count"]), (200, &json!(2)));
    let check = format!("users/{}/checkMemberGroups", t.ada);
    let (_, body) = t.send(Method::POST, &check, false, Some(json!({"groupIds": [outer, "x"]}))).await;
    assert_eq!(body["value"], json!([outer]));
    lock(&t.state).switches.index_lag = SignedDuration::from_hours(1);
    let late = lock(&t.state).add_group("new");
    lock(&t.state).add_member_at(&late, &t.ada, crate::clock::now());
    assert_eq!(t.send(Method::GET, &cast, true, None).await.1["@odata.count"], json!(2));
    assert_eq!(ids(&t.get(&format!("users/{}/memberOf?$select=id", t.ada)).await.1).len(), 2);
}

#[tokio::test]
async fn pages_carry_the_public_base_and_may_be_empty() {
    let t = tenant().await;
    {
        let mut entra = lock(&t.state);
        entra.switches.page_size = 2;
        entra.switches.empty_pages = true;
        for n in 0..4 {
            let user = entra.add_user(&format!("u{n}@acme.example"), "U");
            entra.assign_user(&user);
        }
    }
    let sp = lock(&t.state).atlassian.clone();
    let mut path = format!("servicePrincipals/{sp}/appRoleAssignedTo?$select=id,principalType");
    let (mut sizes, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    loop {
        let (status, body) = t.get(&path).await;
        assert_eq!(status, 200);
        let items = body["value"].as_array().unwrap().clone();
        sizes.push(items.len());
        assert!(sizes.len() < 9, "the pages never end: {sizes:?}");
        seen.extend(items.iter().map(|item| item["id"].to_string()));
        let Some(next) = body["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix("https://graph.example/cloud/v1.0/").unwrap().to_owned();
    }
    assert_eq!(sizes, [2, 0, 2, 0, 1]);
    assert_eq!(seen.len(), 5);
    assert!(t.wire.faults().is_empty());
}

#[tokio::test]
async fn writes_to_the_directory_are_refused_and_are_faults() {
    let t = tenant().await;
    let before = lock(&t.state).snapshot();
    let sp = lock(&t.state).atlassian.clone();
    for (method, path) in [
        (Method::POST, format!("groups/{}/members/$ref", t.jira)),
        (Method::DELETE, format!("groups/{}/members/{}/$ref", t.jira, t.ada)),
        (Method::POST, format!("servicePrincipals/{sp}/appRoleAssignedTo")),
        (Method::POST, format!("directory/deletedItems/{}/restore", t.ada)),
        (Method::DELETE, format!("users/{}", t.ada)),
    ] {
        assert_eq!(t.send(method, &path, false, Some(json!({}))).await.0, 403, "{path}");
    }
    let faults = t.wire.faults();
    assert_eq!(faults.len(), 5);
    assert!(faults.iter().all(|fault| fault.contains("Reinstate must never write to the directory")));
    assert_eq!(lock(&t.state).snapshot(), before);
}

#[tokio::test]
async fn the_log_filters_with_case_and_has_its_own_limit() {
    let t = tenant().await;
    let at = "2026-11-22T10:00:00Z".parse().unwrap();
    lock(&t.state).log_failure(&t.ada, "Create", "EntryConflict", "StatusCode: Conflict", at);
    let filter = format!(
        "auditLogs/provisioning?$filter=jobId eq '{}' and sourceIdentity/id eq '{}' and activityDateTime gt \
         2026-11-22T00:00:00Z&$orderby=activityDateTime desc&$top=50",
        t.job, t.ada
    );
    let (status, body) = t.get(&filter).await;
    assert_eq!(status, 200);
    let entry = &body["value"][0];
    assert_eq!(entry["provisioningStatusInfo"]["errorInformation"]["errorCode"], json!("EntryConflict"));
    assert_eq!(entry["provisioningStatusInfo"]["status"], json!("failure"));
    let upper = filter.replace(&t.ada, &t.ada.to_uppercase());
    assert_eq!(t.get(&upper).await.1["value"], json!([]));
    lock(&t.state).switches.log_refuses_combined_filter = true;
    assert_eq!(t.get(&filter).await.0, 400);
    assert!(t.wire.faults().is_empty());
    assert_eq!(t.get("auditLogs/provisioning?$filter=action eq 'x'").await.0, 400);
    assert_eq!(t.get(&filter.replace(" gt ", " ge ")).await.0, 400, "no document names ge for this log");
    assert_eq!(t.wire.faults().len(), 2);
    let (status, body) = t.get(&filter).await;
    assert_eq!((status, &body["error"]["code"]), (429, &json!("TooManyRequests")));
}

#[tokio::test]
async fn ownership_does_instead_of_a_tenant_wide_right() {
    let mut t = tenant().await;
    lock(&t.state).apps.get_mut("bot").unwrap().roles = vec!["Application.ReadWrite.OwnedBy".into()];
    t.token = t.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(t.get(&t.sync("jobs")).await.0, 403);
    let sp = lock(&t.state).atlassian.clone();
    lock(&t.state).service_principals.get_mut(&sp).unwrap().owners.push("bot".into());
    let (status, body) = t.get(&t.sync("jobs")).await;
    assert_eq!((status, &body["value"][0]["id"]), (200, &json!(t.job)));
    lock(&t.state).switches.secrets_readable = true;
    assert_eq!(t.beta(&t.sync("secrets")).await.1["value"][1]["value"], json!("*"));
    lock(&t.state).switches.secrets_readable = false;
    assert_eq!(t.beta(&t.sync("secrets")).await.0, 403);
    let start = t.sync(&format!("jobs/{}/start", t.job));
    let (status, body) = t.send(Method::POST, &start, false, None).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("UnknownError")));
    lock(&t.state).switches.owner_may_start = true;
    assert_eq!(t.send(Method::POST, &start, false, None).await.0, 204);
}

#[tokio::test]
async fn the_secrets_of_an_app_are_listed_without_the_secrets() {
    let mut t = tenant().await;
    let path = "applications?$filter=appId eq 'bot'&$select=id,appId,passwordCredentials";
    let (status, body) = t.get(path).await;
    let listed = &body["value"][0]["passwordCredentials"][0];
    assert_eq!((status, &listed["hint"], &listed["secretText"]), (200, &json!("s3c"), &Value::Null));
    assert_eq!(listed["endDateTime"], json!("2099-12-31T00:00:00Z"));
    assert!(!body.to_string().contains("s3cret"), "{body}");
    assert_eq!(t.get("applications?$filter=appId eq 'other'").await.1["value"], json!([]));
    assert_eq!(t.get("applications?$filter=displayName eq 'bot'").await.0, 400);
    assert_eq!(t.get("applications('bot')").await.0, 400);
    assert_eq!(t.wire.faults().len(), 2, "a client that asks in another way is wrong");
    lock(&t.state).apps.get_mut("bot").unwrap().roles.retain(|role| role != "Application.Read.All");
    t.token = t.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    let (status, body) = t.get(path).await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("Authorization_RequestDenied")));
}

#[tokio::test]
async fn the_beta_version_has_the_secrets_and_nothing_else() {
    let t = tenant().await;
    let (status, body) = t.get(&t.sync("secrets")).await;
    assert_eq!(status, 400);
    let message = body["error"]["message"].as_str().unwrap();
    assert_eq!(message, "Resource not found for the segment 'secrets'.");
    assert_eq!(t.beta(&t.sync("jobs")).await.0, 400);
    assert_eq!(t.beta(&format!("users/{}", t.ada)).await.0, 400);
    assert_eq!(t.wire.faults().len(), 3, "a client that asks for these is wrong");
}

#[tokio::test]
async fn the_audit_log_needs_both_permissions_and_a_filter_that_is_documented() {
    let mut t = tenant().await;
    let by_service = "auditLogs/directoryAudits?$filter=loggedByService eq 'Account Provisioning'";
    assert_eq!(t.get(by_service).await.0, 403);
    lock(&t.state).apps.get_mut("bot").unwrap().roles.push("Directory.Read.All".into());
    t.token = t.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    lock(&t.state).audit(STOPPED, By::User("ada@acme.example".into()), crate::clock::now());
    assert_eq!(t.get(by_service).await.1["value"][0]["activityDisplayName"], json!(STOPPED));
    let named = "auditLogs/directoryAudits?$filter=startswith(activityDisplayName,'Disable/')";
    assert_eq!(t.get(named).await.1["value"].as_array().unwrap().len(), 1);
    let by_category = "auditLogs/directoryAudits?$filter=category eq 'ProvisioningManagement'";
    assert_eq!(t.get(by_category).await.0, 400);
    lock(&t.state).switches.audits_filter_category = true;
    assert_eq!(t.get(by_category).await.1["value"].as_array().unwrap().len(), 1);
}
