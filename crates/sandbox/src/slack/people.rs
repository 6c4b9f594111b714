//! People and channels: `auth.test`, `users.*`, `usergroups.*` and `conversations.*`. Fields that a missing scope
//! hides are left out, as in Slack, and must never be filled with a guess.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Answer, Args, Refusal};
use super::model::{Channel, User, UserGroup};
use super::state::Slack;

pub(super) fn auth_test(slack: &mut Slack, _: &Args, _: Timestamp) -> Answer {
    let mut answer = json!({
        "url": format!("https://{}.slack.com/", slack.team.domain),
        "team": slack.team.name,
        "user": slack.users.get(&slack.bot_user).map(|bot| bot.name.clone()),
        "team_id": slack.team.id,
        "user_id": slack.bot_user,
        "bot_id": slack.bot_id,
        "is_enterprise_install": false,
    });
    if let (Some(enterprise), Some(map)) = (&slack.enterprise, answer.as_object_mut()) {
        map.insert("enterprise_id".into(), enterprise.id.clone().into());
        map.insert("is_enterprise_install".into(), enterprise.org_install.into());
        if enterprise.org_install {
            map.insert("team_id".into(), enterprise.id.clone().into());
            map.insert("team".into(), enterprise.name.clone().into());
        }
    }
    Ok(answer)
}

pub(super) fn users_info(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let user = slack.users.get(args.need("user")?).ok_or("user_not_found")?;
    Ok(json!({"user": slack.user_json(user)}))
}

pub(super) fn users_lookup(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let email = args.need("email")?;
    let user = slack
        .users
        .values()
        .find(|user| {
            !user.email.is_empty()
                && user.email.eq_ignore_ascii_case(email)
                && !user.deleted
                && slack.is_ours(user)
        })
        .ok_or("users_not_found")?;
    Ok(json!({"user": slack.user_json(user)}))
}

pub(super) fn usergroups_list(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    slack.usergroups_readable(args)?;
    let with_users = args.flag("include_users").unwrap_or(false);
    let disabled = args.flag("include_disabled").unwrap_or(false);
    let groups: Vec<Value> = slack
        .groups
        .values()
        .filter(|group| disabled || !group.disabled)
        .map(|group| slack.group_json(group, with_users))
        .collect();
    Ok(json!({"usergroups": groups}))
}

pub(super) fn usergroups_users_list(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    slack.usergroups_readable(args)?;
    let disabled = args.flag("include_disabled").unwrap_or(false);
    let group = slack
        .groups
        .get(args.need("usergroup")?)
        .filter(|group| disabled || !group.disabled)
        .ok_or("no_such_subteam")?;
    Ok(json!({"users": group.users}))
}

pub(super) fn conversations_info(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let channel = slack.readable(args.need("channel")?)?;
    let mut body = slack.channel_json(channel);
    if args.flag("include_num_members").unwrap_or(false)
        && let Some(map) = body.as_object_mut()
    {
        map.insert("num_members".into(), channel.members.len().into());
    }
    Ok(json!({"channel": body}))
}

pub(super) fn conversations_members(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let channel = slack.readable(args.need("channel")?)?;
    let limit = args.number("limit").unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        return Err("invalid_limit".into());
    }
    let start = match args.str("cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix("dXNlcjo")
            .and_then(|at| at.parse::<usize>().ok())
            .filter(|&at| at < channel.members.len())
            .ok_or_else(|| Refusal::fault("invalid_cursor", "a cursor that was not handed out"))?,
    };
    let page: Vec<&String> = channel.members.iter().skip(start).take(limit).collect();
    let end = start.saturating_add(page.len());
    let cursor = if end < channel.members.len() { format!("dXNlcjo{end}") } else { String::new() };
    Ok(json!({"members": page, "response_metadata": {"next_cursor": cursor}}))
}

pub(super) fn conversations_open(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    if let Some(id) = args.str("channel") {
        slack.visible(id)?;
        return Ok(json!({"channel": {"id": id}, "no_op": true, "already_open": true}));
    }
    let users: Vec<String> = match args.0.get("users") {
        Some(Value::String(list)) => list.split(',').map(|user| user.trim().to_owned()).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return Err(Refusal::fault("users_list_not_supplied", "no users")),
    };
    let [user] = users.as_slice() else {
        return Err(Refusal::fault(
            "not_enough_users",
            "this workspace opens direct messages with one person",
        ));
    };
    let person = slack.users.get(user).ok_or("user_not_found")?;
    if person.deleted {
        return Err("user_disabled".into());
    }
    if person.is_bot {
        return Err("cannot_dm_bot".into());
    }
    let (id, open) = slack.direct_message(&user.clone());
    let mut answer = json!({"channel": {"id": id}});
    if args.flag("return_im").unwrap_or(false)
        && let Some(channel) = slack.channels.get(&id)
    {
        answer = json!({"channel": slack.channel_json(channel)});
    }
    if let (true, Some(map)) = (open, answer.as_object_mut()) {
        map.insert("no_op".into(), true.into());
        map.insert("already_open".into(), true.into());
    }
    Ok(answer)
}

impl Slack {
    fn is_ours(&self, user: &User) -> bool {
        user.team_id == self.team.id && !user.is_stranger
    }

    /// Checks whether groups can be read. Free plans have no groups, and an organization-wide token must name a
    /// workspace.
    fn usergroups_readable(&self, args: &Args) -> Result<(), Refusal> {
        if self.switches.free_plan {
            return Err("plan_upgrade_required".into());
        }
        if self.enterprise.as_ref().is_some_and(|enterprise| enterprise.org_install)
            && args.str("team_id") != Some(&self.team.id)
        {
            return Err("missing_argument".into());
        }
        Ok(())
    }

    /// The channel, if the bot can find it and the token may read channels of its kind.
    fn readable(&self, id: &str) -> Result<&Channel, Refusal> {
        let channel = self.visible(id)?;
        self.need_scope(match channel {
            Channel { is_im: true, .. } => "im:read",
            Channel { is_private: true, .. } => "groups:read",
            _ => "channels:read",
        })?;
        Ok(channel)
    }

    fn user_json(&self, user: &User) -> Value {
        let mut body = json!({
            "id": user.id, "team_id": user.team_id, "name": user.name, "deleted": user.deleted,
            "color": "9f69e7", "real_name": user.real_name,
            "tz": user.tz, "tz_label": "Central European Time", "tz_offset": 3600,
            "profile": {
                "real_name": user.real_name, "real_name_normalized": user.real_name,
                "display_name": user.name, "display_name_normalized": user.name,
                "avatar_hash": "ge3b51ca72de", "status_text": "", "status_emoji": "", "team": user.team_id,
            },
            "is_admin": false, "is_owner": false, "is_primary_owner": false,
            "is_restricted": user.is_restricted, "is_ultra_restricted": user.is_ultra_restricted,
            "is_bot": user.is_bot, "is_app_user": false, "updated": 1_726_133_700,
        });
        if let Some(map) = body.as_object_mut() {
            if self.scopes.contains("users:read.email")
                && self.is_ours(user)
                && !user.email.is_empty()
                && let Some(profile) = map.get_mut("profile").and_then(Value::as_object_mut)
            {
                profile.insert("email".into(), user.email.clone().into());
            }
            if user.is_stranger {
                map.insert("is_stranger".into(), true.into());
            }
            if let (Some(enterprise), true) = (&self.enterprise, self.is_ours(user)) {
                map.insert(
                    "enterprise_user".into(),
                    json!({
                        "id": user.id, "enterprise_id": enterprise.id, "enterprise_name": enterprise.name,
                        "is_admin": false, "is_owner": false, "teams": [user.team_id],
                    }),
                );
            }
        }
        body
    }

    fn group_json(&self, group: &UserGroup, with_users: bool) -> Value {
        let mut body = json!({
            "id": group.id, "team_id": self.team.id, "is_usergroup": true, "is_subteam": true,
            "name": group.handle, "description": "", "handle": group.handle, "is_external": false,
            "date_create": 1_446_598_059, "date_update": 1_446_670_362,
            "date_delete": if group.disabled { 1_446_748_865 } else { 0 },
            "auto_type": null, "auto_provision": false, "created_by": "USLACKBOT", "updated_by": "USLACKBOT",
            "deleted_by": null, "prefs": {"channels": [], "groups": []}, "user_count": group.users.len(),
        });
        if let (true, Some(map)) = (with_users, body.as_object_mut()) {
            map.insert("users".into(), json!(group.users));
        }
        body
    }

    fn channel_json(&self, channel: &Channel) -> Value {
        if channel.is_im {
            let other = channel.members.iter().find(|member| **member != self.bot_user);
            return json!({
                "id": channel.id, "created": 1_449_252_889, "is_im": true, "is_archived": channel.is_archived,
                "is_org_shared": false, "is_user_deleted": false, "user": other, "priority": 0,
            });
        }
        json!({
            "id": channel.id, "name": channel.name, "name_normalized": channel.name,
            "created": 1_449_252_889, "creator": "USLACKBOT", "is_channel": true, "is_group": false,
            "is_im": false, "is_mpim": false, "is_private": channel.is_private, "is_general": false,
            "is_archived": channel.is_archived, "is_member": channel.members.contains(&self.bot_user),
            "is_shared": channel.is_shared || channel.is_ext_shared, "is_ext_shared": channel.is_ext_shared,
            "is_org_shared": channel.is_shared && !channel.is_ext_shared, "is_pending_ext_shared": false,
            "pending_shared": [], "parent_conversation": null, "unlinked": 0, "previous_names": [],
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        })
    }
}
