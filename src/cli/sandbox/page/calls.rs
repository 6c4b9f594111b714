//! The calls that reached the simulated Atlassian and Entra, newest first: what the bot really did, as the services
//! saw it. Changes stay listed; of the reads only the newest. Bodies are not shown; a path says enough.

use maud::{Markup, html};
use percent_encoding::percent_decode_str;

use super::mrkdwn::time;
use super::stage::Stage;
use reinstate_sandbox::wire::{Call, Service};

/// How many of the newest are shown, whatever they are.
const MAX_CALLS: usize = 20;

pub(super) fn panel(stage: &Stage) -> Markup {
    let (count, calls) = stage.sandbox.wire.upstream(MAX_CALLS);
    let faults = stage.sandbox.wire.faults();
    html! {
        section.panel.calls aria-labelledby="calls-t" {
            h2 id="calls-t" { "Calls to Atlassian and Entra" }
            @if count == 0 { p.hint { "None yet." } }
            @else { p.hint { (count) " in this story. Changes stay listed; of the rest, the newest." } }
            ol {
                @for (number, call) in &calls { (line(call, *number)) }
            }
            @if !faults.is_empty() {
                div role="alert" {
                    h3 { "Not understood by a simulated service" }
                    ul { @for fault in faults { li { (fault) } } }
                }
            }
        }
    }
}

fn line(call: &Call, number: usize) -> Markup {
    let service = if call.service == Service::Entra { "Entra" } else { "Atlassian" };
    let refused = call.status >= 400;
    html! {
        li.call.change[call.changes_something()] id={ "call-" (number) } {
            span.hint { (time(Some(call.at), &call.at.strftime("%H:%M:%S").to_string())) }
            span.service { (service) }
            code { (call.method) " " (path(&call.path)) }
            @if call.status == 0 { span.hint { "under way" } }
            @else { span.status.bad[refused] { (call.status) } }
        }
    }
}

/// Without the mount point, which is ours and not the service's.
fn path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let rest = ["/atlassian", "/graph", "/login"].iter().find_map(|mount| decoded.strip_prefix(mount));
    rest.unwrap_or(&decoded).to_owned()
}
