//! Who somebody is and what they may do, asked of Slack. Identity comes from a signed payload; what Slack does
//! not answer is `Unknown` and has no role. It must never turn a failed look-up into a grant, and never use a
//! look-up that is older than ten seconds.

use std::collections::BTreeSet;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::api::{Api, ApiError};
use super::single_flight::SingleFlight;
use crate::config::{Access, Grant};
use reinstate_core::access::MembershipKind;
use reinstate_core::run::Requester;
use reinstate_core::{Action, Actor, Denied, Permit, Role, may};

/// A look-up is at most this old when somebody acts on it.
pub const ROLE_MAX_AGE: Duration = Duration::from_secs(10);

/// The team that our bot token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Team id; the enterprise's on an organization-wide install.
    pub team: String,
    /// Enterprise id, on Grid.
    pub enterprise: Option<String>,
    /// Whether the token is the organization's.
    pub whole_organization: bool,
    /// Our bot's user.
    pub bot: Option<String>,
}

/// What is known of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Our bot may post there.
    pub member: bool,
    /// Shared with another company; unknown counts as shared.
    pub shared: bool,
    /// A direct message, of two or of more.
    pub direct: bool,
}

/// The look-ups.
pub struct People {
    installation: RwLock<Option<Installation>>,
    access: Access,
    users: SingleFlight<Value, ApiError>,
    groups: SingleFlight<BTreeSet<String>, ApiError>,
    channels: SingleFlight<Value, ApiError>,
}

impl People {
    /// Nobody is known yet.
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

    /// To whom roles are granted.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Our team, once `auth.test` has answered.
    #[must_use]
    pub fn home(&self) -> Option<Installation> {
        self.installation.read().map(|home| home.clone()).unwrap_or_default()
    }

    /// Asks Slack whose token this is.
    ///
    /// # Errors
    /// What Slack said.
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

    /// Whether somebody may do something: looked up, and looked up once more before a refusal.
    ///
    /// # Errors
    /// The refusal.
    pub async fn permit(&self, api: &Api, caller: &Requester, action: &Action) -> Result<Permit, Denied> {
        let began = Instant::now();
        match may(&self.actor(api, caller, None).await, action) {
            Ok(permit) => Ok(permit),
            // What no look-up can change is not looked up again.
            Err(denied) if denied.is_about_the_plan() => Err(denied),
            Err(_) => may(&self.actor(api, caller, Some(began)).await, action),
        }
    }

    /// Looks somebody up. `since` wants an answer that was asked for at or after that instant.
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

    /// The address of another person, such as one mentioned in a command; none if they have none that we may see.
    ///
    /// # Errors
    /// What Slack said.
    pub async fn email(&self, api: &Api, id: &str) -> Result<Option<String>, ApiError> {
        let user = self.users.get(id, None, || api.user(id)).await?;
        Ok(user.pointer("/profile/email").and_then(Value::as_str).map(str::to_owned))
    }

    /// What is known of a channel. What cannot be read counts as shared.
    ///
    /// # Errors
    /// Only when Slack is limiting us or lost the call, so that it may be asked again.
    pub async fn channel_info(&self, api: &Api, id: &str) -> Result<ChannelInfo, ApiError> {
        let unknown = ChannelInfo { member: false, shared: true, direct: id.starts_with('D') };
        if unknown.direct {
            return Ok(unknown);
        }
        match self.channels.get(id, None, || api.channel(id)).await {
            Ok(channel) => Ok(place(&channel)),
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
    // The payload must not contradict what Slack says of the person.
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

fn place(channel: &Value) -> ChannelInfo {
    let flag = |key: &str| channel.get(key).and_then(Value::as_bool);
    let direct = flag("is_im").unwrap_or(false) || flag("is_mpim").unwrap_or(false);
    // A channel that only workspaces of our own organization share is not shared with another company.
    let foreign = match (flag("is_ext_shared"), flag("is_shared"), flag("is_org_shared")) {
        (Some(false), Some(false), _) | (Some(false), Some(true), Some(true)) => {
            flag("is_pending_ext_shared").unwrap_or(false)
        }
        _ => true,
    };
    ChannelInfo {
        member: flag("is_member").unwrap_or(false) && !flag("is_archived").unwrap_or(false),
        shared: foreign,
        direct,
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

    #[test]
    fn what_is_unknown_of_a_channel_counts_as_shared() {
        let whole = json!({"is_member": true, "is_shared": false, "is_ext_shared": false});
        assert_eq!(place(&whole), ChannelInfo { member: true, shared: false, direct: false });
        assert!(place(&json!({"is_member": true})).shared);
        assert!(place(&json!({"is_shared": true, "is_ext_shared": true})).shared);
        assert!(
            place(&json!({"is_shared": false, "is_ext_shared": false, "is_pending_ext_shared": true})).shared
        );
        assert!(!place(&json!({"is_shared": true, "is_ext_shared": false, "is_org_shared": true})).shared);
        assert!(!place(&json!({"is_member": true, "is_archived": true})).member);
    }
}
