//! The rungs for an account that was deactivated while its record is active. Atlassian refuses to activate a linked
//! account by hand, so the record is unlinked first. It must never touch a record that is not the person's own.

use crate::diagnose::Case;
use crate::op::Op;

/// Unlinks the person's own record and activates the account. Provisioning then links the record again.
pub(super) fn reactivate(case: &Case<'_>) -> Result<Vec<Op>, String> {
    let linked = case.own.as_ref().and_then(|own| Some((own, own.account.clone()?)));
    let own = linked.filter(|(_, id)| case.account.is_some_and(|account| account.id == *id));
    let Some((own, account)) = own else {
        return Err(
            "The account is linked to a record that is not known to be the person's own, so neither is \
                    touched."
                .to_owned(),
        );
    };
    Ok(vec![
        Op::UnlinkRecord { record: own.id.clone(), account: account.clone() },
        Op::ActivateAccount { account },
    ])
}

/// Whether an op gives an account back that a person deactivated in Atlassian.
pub(super) fn undoes_a_person(case: &Case<'_>, op: &Op) -> bool {
    let undone =
        |account| case.is_deactivated_while_linked(account) && case.deactivated_by(account).is_some();
    op.rung() <= 3 && case.account.is_some_and(undone)
}
