//! The name of each cause, each step and each way to undo it.

use reinstate::slack::messages::plain;
use reinstate_core::op::ResetScope;
use reinstate_core::{Cause, Op, Risk, Undo};

use super::jane::{IDLE, JANE, OWN, park, record_id, write_membership, write_record};
use super::page::{Page, every, shows};

pub fn causes() -> Page {
    let mut page = Page::new(
        "Causes",
        "The title and the code stand on cards and in the terminal. The plain words are for `me`.",
    );
    let all: Vec<String> = Cause::ALL
        .iter()
        .map(|cause| {
            let words = plain(*cause);
            let blocks = if cause.blocks() { "" } else { " (blocks nothing)" };
            format!("{}: {}{blocks}\n  {}\n  {}", cause.code(), cause.title(), words.what, words.next)
        })
        .collect();
    shows!(page, "Every cause", "In the order of the trail.", all.join("\n"), @"
    scim-key-rejected: Atlassian rejects the key that the identity provider uses
      Your company passes its list of people on to Atlassian by itself. That has stopped, for everybody, not only for you.
      Your admins can fix this. Press the button below to ask them.
    provisioning-quarantined: Provisioning is in quarantine
      Your company passes its list of people on to Atlassian by itself. That has stopped, for everybody, not only for you.
      Your admins can fix this. Press the button below to ask them.
    provisioning-stopped: Provisioning is stopped
      Your company passes its list of people on to Atlassian by itself. That has stopped, for everybody, not only for you.
      Your admins can fix this. Press the button below to ask them.
    group-sync-off: Provisioning does not carry groups
      Your company's groups, which open Jira and Confluence to you, are not passed on to Atlassian.
      Your admins can fix this. Press the button below to ask them.
    pull-sync: Nothing is provisioned by SCIM; Atlassian reads the people by itself
      Your company's groups, which open Jira and Confluence to you, are not passed on to Atlassian.
      Your admins can fix this. Press the button below to ask them.
    idp-user-missing: The identity provider has nobody with this name
      Your company's directory of people does not know your e-mail address, so Atlassian does not know it either.
      Ask your help desk whether your address has changed. The button below asks the admins.
    idp-user-deleted: The person was deleted at the identity provider
      Your company's directory of people does not know your e-mail address, so Atlassian does not know it either.
      Ask your help desk whether your address has changed. The button below asks the admins.
    idp-user-disabled: The person is disabled at the identity provider
      Your company account is switched off, and so is your Atlassian account.
      Only your company can switch it on again. The button below asks the admins.
    not-assigned: The person is not assigned to the Atlassian application
      Your company has not given you Atlassian yet: you are not on the list of people who get it.
      Ask your manager or your admins to add you. The button below asks the admins.
    nested-only: The person is in the assigned group only through another group
      Your company has not given you Atlassian yet: you are not on the list of people who get it.
      Ask your manager or your admins to add you. The button below asks the admins.
    out-of-scope: The provisioning filter leaves the person out
      Your company has not given you Atlassian yet: you are not on the list of people who get it.
      Ask your manager or your admins to add you. The button below asks the admins.
    attribute-missing: The person lacks an attribute that provisioning needs
      Something that Atlassian needs to know about you is empty in your company's directory of people.
      Your admins can fix this. Press the button below to ask them.
    sync-pending: The assignment is newer than the last provisioning cycle
      You were given access a short while ago, and Atlassian has not caught up yet.
      Wait an hour and try again. If nothing has changed by then, press the button below.
    assignment-broken: The assignment exists, but the identity provider does not accept it
      Your company has given you Atlassian, but its directory of people does not accept that entry.
      Your admins can fix this. Press the button below to ask them.
    dynamic-group-pending: A dynamic group is paused, so the person is not in it
      Your company fills one of its groups by a rule. The rule is paused, so you are not in the group yet.
      Your admins can fix this. Press the button below to ask them.
    never-provisioned: The person was never provisioned
      Your company has not passed your name on to Atlassian yet.
      Your admins can fix this. Press the button below to ask them.
    record-unlinked: The person's SCIM record is not connected to an account
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    linked-to-other-account: The person's SCIM record is connected to another account
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    stale-record-conflict: An old SCIM record blocks the person's provisioning
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    email-held-by-managed-account: Another managed account uses the person's address
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    email-held-outside: An account outside the organization uses the person's address
      Your e-mail address belongs to an Atlassian account that your company does not look after.
      Your admins can fix this. Press the button below to ask them.
    two-directories: The person has SCIM records in two directories
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    email-mismatch: The account has another address than the identity provider
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    identity-recreated: The person was deleted and created again at the identity provider
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    stale-anchor: The identity provider looks for a SCIM record that no longer exists
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    wrong-anchor: The identity provider writes to the SCIM record of somebody else
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    export-failing: Atlassian refuses what the identity provider writes
      Your company passes your data on to Atlassian, and Atlassian refuses them.
      Your admins can fix this. Press the button below to ask them.
    orphaned-record: A SCIM record is left of a person who was deleted
      Your company account and your Atlassian account have lost each other. Nothing of what you wrote is gone.
      Your admins can fix this. Press the button below to ask them.
    domain-not-claimed: The domain of the person's address is not claimed
      Your e-mail address belongs to an Atlassian account that your company does not look after.
      Your admins can fix this. Press the button below to ask them.
    pending-deletion: The account is scheduled for deletion
      Your Atlassian account is marked to be deleted. That can still be taken back.
      Please do not wait: press the button below today.
    deactivated-by-idp: The account was deactivated by provisioning
      Your Atlassian account is switched off for your company.
      Your admins can fix this. Press the button below to ask them.
    deactivated-locally: The account was deactivated in Atlassian
      Your Atlassian account is switched off for your company.
      Your admins can fix this. Press the button below to ask them.
    deactivated-while-linked: The account was deactivated in Atlassian, but its SCIM record is active
      Your Atlassian account is switched off for your company.
      Your admins can fix this. Press the button below to ask them.
    deactivated-elsewhere: The account is deactivated, and this organization does not manage it
      Your Atlassian account is switched off by another company, which looks after it.
      Ask the people of that company to switch it on. The button below asks your own admins.
    account-unclaimed: The account is on a verified domain, but it is not claimed
      Your e-mail address belongs to an Atlassian account that your company does not look after.
      Your admins can fix this. Press the button below to ask them.
    email-unverified: The e-mail address of the account was never confirmed
      Nobody has confirmed yet that the e-mail address of your Atlassian account is yours.
      Look for a message from Atlassian in your mailbox, and confirm the address. The button below asks the admins.
    suspended: The account's access is suspended in the organization
      Your Atlassian account is switched off for your company.
      Your admins can fix this. Press the button below to ask them.
    not-in-directory: The account is in no user directory of the organization
      Your Atlassian account is switched off for your company.
      Your admins can fix this. Press the button below to ask them.
    membership-drift: Group memberships did not reach Atlassian
      You belong to the right groups in your company, but Atlassian does not know of all of them.
      Your admins can fix this. Press the button below to ask them.
    propagation-lag: Atlassian has the membership but does not show it yet
      You were given access a short while ago, and Atlassian has not caught up yet.
      Wait an hour and try again. If nothing has changed by then, press the button below.
    group-name-conflict: A local group with the same name blocks the synced group
      You belong to the right groups in your company, but Atlassian does not know of all of them.
      Your admins can fix this. Press the button below to ask them.
    default-group-clash: A default group of an app has the synced group's name
      You belong to the right groups in your company, but Atlassian does not know of all of them.
      Your admins can fix this. Press the button below to ask them.
    group-renamed: A group was renamed, and Atlassian keeps the old name
      You belong to the right groups in your company, but Atlassian does not know of all of them.
      Your admins can fix this. Press the button below to ask them.
    group-without-role: The person's groups grant no app
      The groups you belong to do not open any Atlassian product.
      Your admins can fix this. Press the button below to ask them.
    seats-full: The app has no free seat
      All licences that your company bought are in use, so there is none left for you.
      Your admins can fix this. Press the button below to ask them.
    role-too-weak: The account has a weaker role than its group grants
      You can open the Atlassian product, but with fewer rights than your group should give you.
      Your admins can fix this. Press the button below to ask them.
    group-too-large: A group has reached the size limit of the synchronization
      You belong to the right groups in your company, but Atlassian does not know of all of them.
      Your admins can fix this. Press the button below to ask them.
    app-not-granted: None of the person's groups grants the app
      The groups you belong to do not open this Atlassian product.
      Your admins can fix this. Press the button below to ask them.
    matching-on-email: Provisioning matches people by e-mail address (blocks nothing)
      Your company recognises people by their e-mail address. If yours changes, your access may break.
      You need not do anything.
    history-elsewhere: The person's earlier work may be on another account (blocks nothing)
      What you wrote earlier may belong to another Atlassian account of yours.
      Your admins can fix this. Press the button below to ask them.
    active-mapping: The job's mapping of active does not follow the person's status (blocks nothing)
      Your company's directory does not tell Atlassian correctly who is active.
      Your admins can fix this. Press the button below to ask them.
    ");
    page
}

pub fn steps() -> Page {
    let mut page =
        Page::new("Steps", "How a step stands on a card, with its rung, its risk and how it can be undone.");
    let account = || IDLE.to_owned();
    let job = || "Entra.job".to_owned();
    let directory = || Some("6c2f0000-0000-4000-8000-000000000001".to_owned());
    let all = [
        write_record(),
        write_membership("jira-users"),
        Op::RestoreAccess { account: account(), directory: directory() },
        Op::RestoreAccess { account: account(), directory: None },
        Op::ActivateAccount { account: account() },
        Op::CancelDeletion { account: account() },
        Op::SuspendAccess { account: account(), directory: directory() },
        Op::UnlinkRecord { record: record_id(), account: OWN.to_owned() },
        Op::DeleteRecord { record: record_id() },
        Op::ForgetAccountRecords { account: account(), records: vec![record_id(), record_id()] },
        Op::StartProvisioning { job: job() },
        Op::RestartProvisioning { job: job(), scope: ResetScope::Usual },
        Op::RestartProvisioning { job: job(), scope: ResetScope::Full },
        park(),
        Op::ReturnEmail { account: account(), from: "parked-1@acme.example".to_owned(), to: JANE.to_owned() },
        Op::DeactivateAccount { account: account() },
        Op::ScheduleDeletion { account: account() },
    ];
    for op in &all {
        page.covers("Op", op);
    }
    let lines = all.iter().map(|op| {
        format!(
            "{} {}: {} – {}, {}",
            op.rung(),
            op.action(),
            op.says(),
            op.risk().word(),
            op.undo().message()
        )
    });
    shows!(page, "Every step", "The number is the rung of the ladder.", lines.collect::<Vec<_>>().join("\n"), @"
    1 provision-user: Provision the person on demand – harmless, nothing to undo
    2 provision-membership: Provision the person in jira-users – harmless, nothing to undo
    3 restore-access: Lift the suspension of account 712020:93c3f6a0-0000-4000-8000-000000000005 in directory 6c2f0000-0000-4000-8000-000000000001 – reversible, can be undone
    3 restore-access: Lift the suspension of account 712020:93c3f6a0-0000-4000-8000-000000000005 – reversible, can be undone
    3 activate-account: Activate account 712020:93c3f6a0-0000-4000-8000-000000000005 – reversible, can be undone
    3 cancel-deletion: Cancel the deletion of account 712020:93c3f6a0-0000-4000-8000-000000000005 – reversible, can be undone by another destructive step
    3 suspend-access: Suspend account 712020:93c3f6a0-0000-4000-8000-000000000005 again in directory 6c2f0000-0000-4000-8000-000000000001 – disruptive, can be undone
    4 unlink-record: Unlink SCIM record 5578ea37-0000-4000-8000-000000000004 from account 712020:93c3f6a0-0000-4000-8000-000000000004 – disruptive, provisioning brings it back
    5 delete-record: Delete SCIM record 5578ea37-0000-4000-8000-000000000004 – disruptive, provisioning brings it back
    6 forget-account-records: Delete all 2 SCIM records of account 712020:93c3f6a0-0000-4000-8000-000000000005 – disruptive, provisioning brings it back
    7 start-provisioning: Start provisioning for the whole tenant, from where it stopped – disruptive, cannot be undone
    7 restart-provisioning: Restart provisioning for the whole tenant – disruptive, cannot be undone
    7 restart-provisioning: Restart provisioning for the whole tenant and match every record again – disruptive, cannot be undone
    8 park-email: Move jane@acme.example off account 712020:93c3f6a0-0000-4000-8000-000000000005 – destructive, can be undone while nobody else has the address
    8 return-email: Move jane@acme.example back to account 712020:93c3f6a0-0000-4000-8000-000000000005 – destructive, can be undone while nobody else has the address
    9 deactivate-account: Deactivate account 712020:93c3f6a0-0000-4000-8000-000000000005 – destructive, can be undone while no SCIM record is linked to the account
    10 schedule-deletion: Delete account 712020:93c3f6a0-0000-4000-8000-000000000005, due in 14 days – destructive, can be undone for 14 days
    ");
    let undos = every!(Undo: NoneNeeded, Full, FullButDestructive, WhileUnlinked, ByProvisioning, UntilTaken, UntilDue, Impossible);
    let all = [
        Undo::NoneNeeded,
        Undo::Full,
        Undo::FullButDestructive,
        Undo::WhileUnlinked,
        Undo::ByProvisioning,
        Undo::UntilTaken,
        Undo::UntilDue,
        Undo::Impossible,
    ];
    assert_eq!(undos.len(), all.len());
    shows!(page, "Every way to undo", "It stands beside a step.", all.map(Undo::message).join("\n"), @"
    nothing to undo
    can be undone
    can be undone by another destructive step
    can be undone while no SCIM record is linked to the account
    provisioning brings it back
    can be undone while nobody else has the address
    can be undone for 14 days
    cannot be undone
    ");
    let risks = [Risk::Harmless, Risk::Reversible, Risk::Disruptive, Risk::Destructive];
    assert_eq!(every!(Risk: Harmless, Reversible, Disruptive, Destructive).len(), risks.len());
    shows!(page, "Every risk", "It stands beside a step.", risks.map(Risk::word).join("\n"), @"
    harmless
    reversible
    disruptive
    destructive
    ");
    page
}
