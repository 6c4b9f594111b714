//! The card that requests an approval, and the call to the approvers. The card must never carry a digest other than the
//! one for which the run waits.

use super::root::body;
use super::state::state;
use super::{View, buttons, foot};
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

/// Calls the approvers to the card above, because Slack does not notify people of an update.
#[must_use]
pub fn call(view: &View<'_>) -> Message {
    Message::text(
        &messages::mentions(&view.access.approver, &view.not_asked())
            .literal(" a repair for ")
            .then(&view.name())
            .literal(" needs your approval. Press *Approve* or *Decline* on the card above."),
    )
}
