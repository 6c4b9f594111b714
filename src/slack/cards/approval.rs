//! The card that requests an approval, and the call to the approvers. The card must never carry a digest other than the
//! one for which the run waits.

use jiff::Timestamp;

use super::root::body;
use super::state::state;
use super::{View, buttons, foot, requesters};
use crate::slack::blocks::{Message, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::plan::short;

/// The card that requests an approval in `slack.channel`, if the root card is in another channel.
#[must_use]
pub fn approval(view: &View<'_>, digest: &str) -> Message {
    let waits = view.awaited() == Some(digest);
    let title = view.headline();
    let says = if waits {
        state(view)
    } else {
        Markup::new().literal("*Nothing to approve here any more.* ").then(&state(view))
    };
    let mut blocks = vec![header(&title), section(&says)];
    let is_current =
        view.run.current.as_ref().is_some_and(|current| current.digest.as_deref() == Some(digest));
    if is_current {
        blocks.extend(body(view));
    }
    if waits {
        blocks.push(actions(&format!("ask-{}", short(digest)), &buttons::asking(view)));
    }
    blocks.push(context(&[foot(view)]));
    Message::of(&title.literal(": ").then(&says), blocks, 2)
}

/// Calls the approvers to the card above, because Slack does not notify people of an update. `since` is set if they
/// were called before.
#[must_use]
pub fn call(view: &View<'_>, since: Option<Timestamp>) -> Message {
    let people = messages::mentions(&view.access.approver, &view.not_asked());
    if people.is_empty() {
        let requesters: Vec<Markup> = requesters(view).iter().map(|id| Markup::new().user(id)).collect();
        let text = Markup::list(&requesters, " ").literal(" nobody may approve the repair for ");
        return Message::text(&text.then(&view.name()).literal(
            ": who asked for it may not, and neither may the person whom it is about. Somebody must be added to `access.approver` in the configuration.",
        ));
    }
    let text = people.literal(" a repair for ").then(&view.name());
    let text = match since {
        Some(since) => text.literal(" has been waiting for your approval since ").time(since).literal("."),
        None => text.literal(" needs your approval."),
    };
    Message::text(&text.literal(" Press *Approve* or *Decline* on the card above."))
}
