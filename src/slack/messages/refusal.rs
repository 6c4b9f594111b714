//! What a service refused, the likely reason, and what to do. Pure. The status of the service stays visible, because
//! the reason is only likely.

use crate::slack::markup::Markup;
use reinstate_core::Op;

/// The service that carries out a step.
fn service(op: &Op) -> &'static str {
    match op {
        Op::ProvisionUser { .. }
        | Op::ProvisionMembership { .. }
        | Op::StartProvisioning { .. }
        | Op::RestartProvisioning { .. } => "Entra",
        _ => "Atlassian",
    }
}

/// The sentence about a refused step. `says` is what the service answered; it begins with the HTTP status if there is
/// one.
#[must_use]
pub(crate) fn refused(op: &Op, step: &Markup, says: &str) -> Markup {
    let text = Markup::new()
        .literal(service(op))
        .literal(" refused “")
        .then(step)
        .literal("” (")
        .escaped(says.trim_end_matches('.'))
        .literal(").");
    match advice(op, says) {
        Some(advice) => text.literal(" ").literal(advice),
        None => text,
    }
}

fn advice(op: &Op, says: &str) -> Option<&'static str> {
    let status: u16 = says.get(..3)?.parse().ok()?;
    Some(match (status, service(op)) {
        (401, "Entra") => "The client secret or certificate may have expired: run `reinstate doctor`.",
        (401, _) => "The key may have expired: run `reinstate doctor`.",
        (403, "Entra") => "The application may lack a permission: run `reinstate doctor`.",
        (403, _) => "The key may lack a right, or the account is protected: run `reinstate doctor`.",
        (404, _) => "It may no longer exist: press *Retry* to read everything again.",
        (409, _) => "It conflicts with what is there now: press *Retry* to read everything again.",
        (400 | 422, _) => "The service does not accept this change: see *Details*, and ask its support.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_service_the_step_the_reason_and_what_to_do() {
        let park = Op::ParkEmail { account: "a".into(), from: "j@x".into(), to: "p@x".into() };
        let start = Op::StartProvisioning { job: "job".into() };
        let step = Markup::new().literal("Do it");
        for (op, says, expected) in [
            (&park, "403 Forbidden", "Atlassian refused “Do it” (403 Forbidden). The key may lack a right"),
            (
                &start,
                "403 Forbidden",
                "Entra refused “Do it” (403 Forbidden). The application may lack a permission",
            ),
            (
                &start,
                "401 x.",
                "Entra refused “Do it” (401 x). The client secret or certificate may have expired",
            ),
            (
                &park,
                "409 Conflict",
                "Atlassian refused “Do it” (409 Conflict). It conflicts with what is there now",
            ),
        ] {
            assert!(refused(op, &step, says).as_str().starts_with(expected), "{says}");
        }
        for says in ["no SCIM key is configured", "", "é", "418 teapot"] {
            assert_eq!(refused(&park, &step, says).as_str(), format!("Atlassian refused “Do it” ({says})."));
        }
    }
}
