//! The card that requests an approval, and the call to the approvers. The card must never carry a digest other than the
//! one for which the run waits.

use super::overview::overview;
use super::state::state;
use super::{View, buttons, foot, reasons, requesters};
use crate::slack::blocks::{Message, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::plan::short;

/// The card that requests an approval in `slack.channel`, if the root card is in another channel.
#[must_use]
pub fn approval(view: &View<'_>, digest: &str) -> Message {
    let waits = view.awaited() == Some(digest);
    let title = Markup::new().literal("Approval for ").then(&view.name());
    let says = if waits {
        state(view)
    } else {
        Markup::new().literal("*Nothing to approve here any more.* ").then(&state(view))
    };
    let mut blocks = vec![header(&title), section(&says)];
    if let Some(current) =
        view.run.current.as_ref().filter(|current| current.digest.as_deref() == Some(digest))
    {
        blocks.push(section(&overview(&current.diagnosis, &current.plan)));
        blocks.extend(reasons(current, view.docs));
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
        &messages::approvers(view.access, &requesters(view))
            .literal(" the plan for ")
            .then(&view.name())
            .literal(" waits for an approval. The buttons are on the card above."),
    )
}
