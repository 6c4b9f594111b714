//! What people do in an open modal: click its buttons, pick a person. As in `user_actions`, nobody can use what is
//! not on the screen.

use serde_json::Value;

use super::super::lock;
use super::payload::{find_button, find_element};
use super::user_actions::{no_button, not_there};
use super::{Ack, ActError, Workspace};

impl Workspace {
    /// Clicks a button of the modal this person has open.
    ///
    /// # Errors
    /// When there is no modal or no such button, or the bot does not answer.
    pub async fn click_modal(&self, user: &str, action_id: &str) -> Result<Ack, ActError> {
        let (payload, trigger) = {
            let mut slack = lock(&self.state);
            let (view, blocks) = slack.open_modal(user)?;
            let (button, block_id) =
                find_button(&blocks, action_id).ok_or_else(|| no_button(action_id, &blocks))?;
            let made = slack.minted(user, None);
            (slack.view_click_json(&made.click(user, button, block_id), &view), made.trigger)
        };
        self.interact(&payload, trigger, String::new()).await
    }

    /// Picks a person in a picker of the modal this person has open.
    ///
    /// # Errors
    /// As [`Self::click_modal`].
    pub async fn pick_person(&self, user: &str, action_id: &str, picked: &str) -> Result<Ack, ActError> {
        let (payload, trigger) = {
            let mut slack = lock(&self.state);
            let (view, blocks) = slack.open_modal(user)?;
            let (picker, block_id) = find_element(&blocks, "users_select", action_id)
                .ok_or_else(|| no_button(action_id, &blocks))?;
            if !slack.users.contains_key(picked) {
                return Err(not_there(format!("there is no {picked} to pick")));
            }
            let made = slack.minted(user, None);
            let mut payload = slack.view_click_json(&made.click(user, picker, block_id), &view);
            if let Some(action) = payload.pointer_mut("/actions/0").and_then(Value::as_object_mut) {
                action.remove("text");
                action.insert("selected_user".into(), picked.into());
            }
            (payload, made.trigger)
        };
        self.interact(&payload, trigger, String::new()).await
    }
}
