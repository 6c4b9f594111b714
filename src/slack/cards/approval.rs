//! The card that asks for an approval, and the call to those who may give it. It must never carry a digest other
//! than the one the run waits for.

use super::overview::overview;
use super::state::state;
use super::{View, buttons, foot, reasons, requesters};
use crate::slack::blocks::{Message, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::plan::short;

/// The card that asks for an approval in `slack.channel`, when the root card stands elsewhere.
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

/// Tells approvers, who do not hear of an update, that the card above waits for them.
#[must_use]
pub fn call(view: &View<'_>) -> Message {
    Message::text(
        &messages::approvers(view.access, &requesters(view))
            .literal(" the plan for ")
            .then(&view.name())
            .literal(" waits for an approval. The buttons are on the card above."),
    )
}
