//! Looks up in Slack who a person is and which roles they have. The identity comes from a signed payload. If Slack does
//! not answer, the person is `Unknown` and has no role. This module must never turn a failed look-up into a grant, and
//! must never use a look-up that is older than ten seconds.

use std::collections::BTreeSet;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::api::{Api, ApiError};
use super::channel::ChannelInfo;
use super::single_flight::SingleFlight;
use crate::config::{Access, Grant};
use reinstate_core::access::MembershipKind;
use reinstate_core::run::Requester;
use reinstate_core::{Action, Actor, Denied, Permit, Role, may};

/// The maximum age of a look-up when a person acts on it.
pub const ROLE_MAX_AGE: Duration = Duration::from_secs(10);

/// The team to which our bot token belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The team id. For an organization-wide install, the id of the enterprise.
    pub team: String,
    /// The enterprise id, on Enterprise Grid.
    pub enterprise: Option<String>,
    /// Whether the token is for the whole organization.
    pub whole_organization: bool,
    /// The user id of our bot.
    pub bot: Option<String>,
}

/// The cached look-ups.
pub struct People {
    installation: RwLock<Option<Installation>>,
    access: Access,
    users: SingleFlight<Value, ApiError>,
    groups: SingleFlight<BTreeSet<String>, ApiError>,
    channels: SingleFlight<Value, ApiError>,
}

impl People {
    /// Starts with empty caches.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self {
            installation: RwLock::new(None),
            access,
            users: SingleFlight::new(ROLE_MAX_AGE),
            groups: SingleFlight::new(ROLE_MAX_AGE),
            channels: SingleFlight::new(ROLE_MAX_AGE),
        }
    }

    /// The rules that grant roles.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Our team, after `auth.test` has answered.
    #[must_use]
    pub fn home(&self) -> Option<Installation> {
        self.installation.read().map(|home| home.clone()).unwrap_or_default()
    }

    /// Calls `auth.test` to learn to which team the token belongs.
    ///
    /// # Errors
    /// The error of the call.
    pub async fn learn_installation(&self, api: &Api) -> Result<(), ApiError> {
        let answer = api.auth_test().await?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
        let team = text("team_id").ok_or(ApiError::Lost("auth.test names no team"))?;
        let home = Installation {
            whole_organization: answer.get("is_enterprise_install").and_then(Value::as_bool).unwrap_or(false),
            enterprise: text("enterprise_id"),
            bot: text("user_id"),
            team,
        };
        if let Ok(mut known) = self.installation.write() {
            *known = Some(home);
        }
        Ok(())
    }

    /// Checks a permission. Looks the person up, and looks them up again before a refusal.
    ///
    /// # Errors
    /// The refusal.
    pub async fn permit(&self, api: &Api, caller: &Requester, action: &Action) -> Result<Permit, Denied> {
        let began = Instant::now();
        match may(&self.actor(api, caller, None).await, action) {
            Ok(permit) => Ok(permit),
            // Another look-up cannot change this refusal.
            Err(denied) if denied.is_about_the_plan() => Err(denied),
            Err(_) => may(&self.actor(api, caller, Some(began)).await, action),
        }
    }

    /// Looks a person up. With `since`, the look-up must have started at or after that instant.
    pub async fn actor(&self, api: &Api, caller: &Requester, since: Option<Instant>) -> Actor {
        let mut actor = Actor {
            id: caller.id.clone(),
            membership: MembershipKind::Unknown,
            roles: Vec::new(),
            roles_complete: false,
            email: None,
        };
        let Some(home) = self.home() else { return actor };
        let user = match self.users.get(&caller.id, since, || api.user(&caller.id)).await {
            Ok(user) => user,
            Err(ApiError::Refused(code)) if code == "user_not_found" || code == "user_not_visible" => {
                actor.membership = MembershipKind::Stranger;
                return actor;
            }
            Err(_) => return actor,
        };
        actor.membership = standing(&home, caller, &user);
        actor.email = user.pointer("/profile/email").and_then(Value::as_str).map(str::to_lowercase);
        if actor.membership != MembershipKind::Member {
            return actor;
        }
        let team = user.get("team_id").and_then(Value::as_str).filter(|_| home.whole_organization);
        actor.roles_complete = true;
        for (role, grant) in self.grants() {
            match self.grants_it(api, &actor.id, grant, team, since).await {
                Ok(Some(rule)) => actor.roles.push((role, rule)),
                Ok(None) => {}
                Err(_) => actor.roles_complete = false,
            }
        }
        actor
    }

    fn grants(&self) -> [(Role, &Grant); 3] {
        [
            (Role::Viewer, &self.access.viewer),
            (Role::Operator, &self.access.operator),
            (Role::Approver, &self.access.approver),
        ]
    }

    async fn grants_it(
        &self,
        api: &Api,
        id: &str,
        grant: &Grant,
        team: Option<&str>,
        since: Option<Instant>,
    ) -> Result<Option<String>, ApiError> {
        if grant.users.contains(id) {
            return Ok(Some(format!("user {id}")));
        }
        let mut failed = None;
        for group in &grant.usergroups {
            let key = format!("{group} {}", team.unwrap_or_default());
            let members = self.groups.get(&key, since, || async {
                Ok(api.group_members(group, team).await?.into_iter().collect())
            });
            match members.await {
                Ok(members) if members.contains(id) => return Ok(Some(format!("user group {group}"))),
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// The address of another person, such as one mentioned in a command. None if Slack shows no address.
    ///
    /// # Errors
    /// The error of the call.
    pub async fn email(&self, api: &Api, id: &str) -> Result<Option<String>, ApiError> {
        let user = self.users.get(id, None, || api.user(id)).await?;
        Ok(user.pointer("/profile/email").and_then(Value::as_str).map(str::to_owned))
    }

    /// What is known of a channel.
    ///
    /// # Errors
    /// Only a rate limit or a lost call, which the caller can retry.
    pub async fn channel_info(&self, api: &Api, id: &str) -> Result<ChannelInfo, ApiError> {
        let unknown = ChannelInfo::unknown(id);
        if unknown.direct {
            return Ok(unknown);
        }
        match self.channels.get(id, None, || api.channel(id)).await {
            Ok(channel) => Ok(ChannelInfo::read(&channel)),
            Err(ApiError::Refused(_)) => Ok(unknown),
            Err(error) => Err(error),
        }
    }
}

fn standing(home: &Installation, caller: &Requester, user: &Value) -> MembershipKind {
    let flag = |key: &str| user.get(key).and_then(Value::as_bool).unwrap_or(false);
    let text = |pointer: &str| user.pointer(pointer).and_then(Value::as_str);
    let enterprise = text("/enterprise_user/enterprise_id");
    let team = text("/team_id");
    let ours = match &home.enterprise {
        Some(own) => enterprise == Some(own) || team == Some(&home.team),
        None => team == Some(&home.team),
    };
    // The payload must agree with what Slack says of the person.
    let elsewhere = match (&home.enterprise, &caller.enterprise, &caller.team) {
        (Some(own), Some(theirs), _) => own != theirs,
        (None, _, Some(theirs)) => *theirs != home.team,
        _ => false,
    };
    if flag("is_stranger") || !ours || elsewhere {
        MembershipKind::Stranger
    } else if flag("deleted") {
        MembershipKind::Deactivated
    } else if flag("is_bot") || flag("is_workflow_bot") || caller.id == "USLACKBOT" {
        MembershipKind::Bot
    } else if flag("is_restricted") || flag("is_ultra_restricted") {
        MembershipKind::Guest
    } else {
        MembershipKind::Member
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn home(enterprise: Option<&str>) -> Installation {
        Installation {
            team: "T0".into(),
            enterprise: enterprise.map(str::to_owned),
            whole_organization: false,
            bot: None,
        }
    }

    fn caller(team: Option<&str>, enterprise: Option<&str>) -> Requester {
        Requester {
            id: "U1".into(),
            team: team.map(str::to_owned),
            enterprise: enterprise.map(str::to_owned),
        }
    }

    #[test]
    fn only_full_members_of_our_team_or_enterprise_are_members() {
        let us = caller(Some("T0"), None);
        let who = |user: Value| standing(&home(None), &us, &user);
        assert_eq!(who(json!({"team_id": "T0"})), MembershipKind::Member);
        assert_eq!(who(json!({"team_id": "T9"})), MembershipKind::Stranger);
        assert_eq!(who(json!({})), MembershipKind::Stranger);
        assert_eq!(who(json!({"team_id": "T0", "is_stranger": true})), MembershipKind::Stranger);
        assert_eq!(who(json!({"team_id": "T0", "deleted": true})), MembershipKind::Deactivated);
        assert_eq!(who(json!({"team_id": "T0", "is_bot": true})), MembershipKind::Bot);
        assert_eq!(who(json!({"team_id": "T0", "is_restricted": true})), MembershipKind::Guest);
        assert_eq!(who(json!({"team_id": "T0", "is_ultra_restricted": true})), MembershipKind::Guest);
        let elsewhere = caller(Some("T9"), None);
        assert_eq!(standing(&home(None), &elsewhere, &json!({"team_id": "T0"})), MembershipKind::Stranger);
    }

    #[test]
    fn on_grid_the_enterprise_counts() {
        let user = json!({"team_id": "T7", "enterprise_user": {"enterprise_id": "E1"}});
        let grid = home(Some("E1"));
        assert_eq!(standing(&grid, &caller(None, Some("E1")), &user), MembershipKind::Member);
        assert_eq!(standing(&grid, &caller(None, None), &user), MembershipKind::Member);
        assert_eq!(standing(&grid, &caller(None, Some("E2")), &user), MembershipKind::Stranger);
        let other = json!({"team_id": "T7", "enterprise_user": {"enterprise_id": "E2"}});
        assert_eq!(standing(&grid, &caller(None, Some("E1")), &other), MembershipKind::Stranger);
    }
}
