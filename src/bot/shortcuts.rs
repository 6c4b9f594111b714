//! The two shortcuts: check the author of a message, and check a person chosen in a picker. Both must only read, and
//! must answer the person alone.

use std::sync::Arc;

use super::app::App;
use super::commands::check;
use super::private::ReplyTo;
use crate::slack::action::ShortcutCallback;
use crate::slack::blocks::Message;
use crate::slack::command::Target;
use crate::slack::messages;
use crate::slack::modal;
use crate::slack::payload::Shortcut;

/// Starts what a shortcut requests. The acknowledgement does not wait for it.
pub(super) fn used(app: &Arc<App>, shortcut: Shortcut) {
    let work = Arc::clone(app);
    app.spawn(async move {
        if work.is_repeat(shortcut.trigger.as_deref()).await {
            return;
        }
        let reply_to = ReplyTo {
            by: shortcut.by,
            channel: shortcut.channel,
            response_url: shortcut.response_url,
            view: None,
        };
        match (ShortcutCallback::parse(&shortcut.callback), shortcut.author) {
            (Some(ShortcutCallback::CheckPerson), _) => {
                pick(&work, &reply_to, shortcut.trigger.as_deref()).await
            }
            (Some(ShortcutCallback::CheckMessage), Some(author)) => {
                check::check(&work, &reply_to, &Target::Mention(author), None).await;
            }
            (Some(ShortcutCallback::CheckMessage), None) => {
                work.reply(&reply_to, &Message::text(&messages::no_author())).await
            }
            (None, _) => metrics::counter!("reinstate_shortcuts_unknown_total").increment(1),
        }
    });
}

/// Opens the picker of people.
pub(super) async fn pick(app: &App, reply_to: &ReplyTo, trigger: Option<&str>) {
    app.open_modal(reply_to, trigger, &modal::person()).await;
}

/// Handles the chosen person: the modal first shows that the reading goes on, then the answer.
pub(super) async fn picked(app: &App, reply_to: &ReplyTo, person: Option<String>) {
    let Some(person) = person else { return };
    if let Some(view) = &reply_to.view
        && app.slack.update_view(view, &modal::reading()).await.is_err()
    {
        tracing::debug!("a modal was closed before it could show that it reads");
    }
    check::check(app, reply_to, &Target::Mention(person), None).await;
}
