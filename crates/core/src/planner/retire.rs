//! Plans the retirement of the account that a repair left without use: rungs 9 and 10. Each rung has a plan of its own.
//! It must never plan one unless this same evidence proves that the person has access through another account.

use super::{Rules, finish, steps};
use crate::diagnose::{Case, Diagnosis};
use crate::evidence::Evidence;
use crate::finding::Verdict;
use crate::op::Op;
use crate::plan::{Plan, Step};

/// The account that these ops left without use: its address was moved to a placeholder, or its record was unlinked.
#[must_use]
pub fn left_over(begun: &[Op]) -> Option<&str> {
    let parked = begun.iter().rev().find(|op| op.rung() >= 8);
    let loosened = || begun.iter().rev().find(|op| matches!(op, Op::UnlinkRecord { .. }));
    parked.or_else(loosened).and_then(Op::account)
}

/// Makes the plan that retires an account. An active account is deactivated; an inactive account is scheduled for
/// deletion. One run does only one of the two.
#[must_use]
pub fn retire_plan(
    evidence: &Evidence,
    diagnosis: &Diagnosis,
    rules: &Rules,
    account: &str,
    tried: &[Step],
) -> Plan {
    let case = Case::new(evidence);
    let account = account.to_owned();
    let own = diagnosis.account.as_ref() == Some(&account);
    let made = if tried.iter().any(|done| done.op.rung() >= 9) {
        Ok(Vec::new())
    } else if diagnosis.verdict != Verdict::Healthy || own {
        Err(format!(
            "Account {account} is not retired: that is done only once the person's access on another account is proven."
        ))
    } else {
        let known = case.e.account(&account);
        let op = match known.map(|known| (known.for_deletion, known.is_active())) {
            Some((true, _)) => None,
            Some((false, false)) => Some(Op::ScheduleDeletion { account }),
            _ => Some(Op::DeactivateAccount { account }),
        };
        op.map_or_else(
            || Err("The account is scheduled for deletion already.".to_owned()),
            |op| steps(vec![op], &case, rules),
        )
    };
    match made {
        Ok(steps) => finish(&case, diagnosis, steps, Vec::new()),
        Err(why) => finish(&case, diagnosis, Vec::new(), vec![why]),
    }
}
