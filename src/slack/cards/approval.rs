//! The card that asks for an approval, and the call to those who may give it. It must never carry a digest other
//! than the one the run waits for.

use super::glance::glance;
use super::state::state;
use super::{View, buttons, foot, reasons, requesters};
use crate::slack::blocks::{Card, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::words;
use reinstate_core::plan::short;

/// The card that asks for an approval in `slack.channel`, when the root card stands elsewhere.
#[must_use]
pub fn approval(view: &View<'_>, digest: &str) -> Card {
    let waits = view.awaited() == Some(digest);
    let title = Markup::new().ours("Approval for ").then(&view.name());
    let says = if waits {
        state(view)
    } else {
        Markup::new().ours("*Nothing to approve here any more.* ").then(&state(view))
    };
    let mut blocks = vec![header(&title), section(&says)];
    if let Some(current) =
        view.run.current.as_ref().filter(|current| current.digest.as_deref() == Some(digest))
    {
        blocks.push(section(&glance(&current.diagnosis, &current.plan)));
        blocks.extend(reasons(current, view.docs));
    }
    if waits {
        blocks.push(actions(&format!("ask-{}", short(digest)), &buttons::asking(view)));
    }
    blocks.push(context(&[foot(view)]));
    Card::of(&title.ours(": ").then(&says), blocks, 2)
}

/// Tells approvers, who do not hear of an update, that the card above waits for them.
#[must_use]
pub fn call(view: &View<'_>) -> Card {
    Card::text(
        &words::approvers(view.access, &requesters(view))
            .ours(" the plan for ")
            .then(&view.name())
            .ours(" waits for an approval. The buttons are on the card above."),
    )
}
