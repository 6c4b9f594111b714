//! A case can be rehearsed: the tenant that `sandbox --from` arranges from a bundle gives the same diagnosis as the
//! tenant that the bundle was made from.

use reinstate_core::bundle::{Bundle, Codes};
use reinstate_core::{Evidence, Source, diagnose};
use reinstate_sandbox::case::arrange;
use reinstate_sandbox::scenarios::ALL;

use crate::asking::{config, gather, start};

/// The scenarios whose tenant cannot be arranged from their evidence, with the reason.
const NOT_ARRANGED: &[(&str, &str)] = &[];

/// The codes without what a rehearsal does not need to repeat: a source that was not read is read here.
fn codes(evidence: &Evidence, rules: &reinstate_core::Rules) -> Codes {
    Codes::of(evidence, rules)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_can_be_arranged_from_its_bundle() {
    let mut wrong = Vec::new();
    for scenario in ALL {
        let sandbox = start(scenario.tenant()).await;
        let rules = config(&sandbox).rules();
        let evidence = gather(&sandbox, scenario.who).await;
        let bundle = Bundle::new(&evidence, &rules, None, "0", [5; 32]);
        let arranged = arrange(&bundle.evidence, reinstate::clock::now());
        let rehearsal = start(arranged.tenant).await;
        let again = gather(&rehearsal, &arranged.who).await;
        let (live, rehearsed) = (codes(&evidence, &rules), codes(&again, &rules));
        let is_known = NOT_ARRANGED.iter().any(|(name, _)| *name == scenario.name);
        if (live == rehearsed) == is_known {
            let unread: Vec<(Source, String)> = diagnose(&again).unread;
            wrong.push(format!(
                "{}: {rehearsed:?}\n  is not {live:?}\n  left out {:?}\n  unread {unread:?}",
                scenario.name, arranged.left_out
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), ALL.len(), wrong.join("\n"));
}
