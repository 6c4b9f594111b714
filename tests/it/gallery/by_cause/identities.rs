//! Causes in this part of the trail: the identity.

use reinstate_core::Cause;

use super::super::page::{Page, shows};
use super::answer_for;

pub fn page() -> Page {
    let mut page = Page::new(
        "What check says of each cause: the identity",
        "Facts, advice and costs as `check WHO` shows them in the terminal. The cards use the same words.",
    );
    shows!(page, "email-mismatch", "The account bears another address than the identity provider says.", answer_for(&mut page, Cause::EmailMismatch), @"
    Jane was renamed; her one account and its record still bear the old address.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      BROKEN  Atlassian account  The account has another address than the identity provider
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (email-mismatch); jira-software (acme): missing (email-mismatch)

    Apps
      MISSING confluence (acme): email-mismatch
      MISSING jira-software (acme): email-mismatch

    Found
      The account has another address than the identity provider (email-mismatch)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.miller@acme.example
        scim.users: the record 5578ea37-0000-4000-8000-000000000004 says jane.miller@acme.example
        entra.users: the identity provider says jane@acme.example

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person on demand [harmless; nothing to undo]
      2. Provision the person in jira-users [harmless; nothing to undo]
      3. Provision the person in wiki-users [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 380141ae)
    ");
    shows!(page, "identity-recreated", "The person was created anew at the identity provider.", answer_for(&mut page, Cause::IdentityRecreated), @"
    Jane was deleted and created again at the identity provider; the record carries her old id.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The person was deleted and created again at the identity provider
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (identity-recreated); jira-software (acme): missing (identity-recreated)

    Apps
      MISSING confluence (acme): identity-recreated
      MISSING jira-software (acme): identity-recreated

    Found
      The person was deleted and created again at the identity provider (identity-recreated)
        scim.users: record 5578ea37-0000-4000-8000-000000000004 of DAY carries the object id deadbeef-0000-4000-8000-00000000beef
        entra.users: no user has that id any more; Jane Doe has the id 000000e1-0000-4000-8000-000000000004 and was created on DAY
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is named Jane Doe, last active on DAY

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Unlink SCIM record 5578ea37-0000-4000-8000-000000000004 from account 712020:93c3f6a0-0000-4000-8000-000000000004 [disruptive; provisioning brings it back]
      2. Delete SCIM record 5578ea37-0000-4000-8000-000000000004 [disruptive; provisioning brings it back]
      3. Provision the person on demand [harmless; nothing to undo]
      4. Provision the person in jira-users [harmless; nothing to undo]
      5. Provision the person in wiki-users [harmless; nothing to undo]

    What it costs
      By approving, you confirm that these are the same person: Jane Doe at the identity provider, and account 712020:93c3f6a0-0000-4000-8000-000000000004 of Jane Doe, last active in jira-software DAY.
      It is not known whether the identity provider uses record 5578ea37-0000-4000-8000-000000000004.
      The person may lose the synced groups for some minutes, in the worst case for hours.
      Record 5578ea37-0000-4000-8000-000000000004 cannot be put back as it was. Provisioning links the person to the account that has their address at that time.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 78e4deb6)
    ");
    shows!(page, "stale-anchor", "The identity provider looks for a SCIM record that is gone.", answer_for(&mut page, Cause::StaleAnchor), @"
    Somebody deleted Jane's record by hand; the identity provider keeps looking for it.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The identity provider looks for a SCIM record that no longer exists
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (stale-anchor); jira-software (acme): missing (stale-anchor)

    Apps
      MISSING confluence (acme): stale-anchor
      MISSING jira-software (acme): stale-anchor

    Found
      The identity provider looks for a SCIM record that no longer exists (stale-anchor)
        entra.provisioning-log: the identity provider did not find the record that it wrote before (InvalidAnchor)
        atlassian.scim-links: no SCIM record of the person exists

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person on demand [harmless; nothing to undo]
      2. Provision the person in jira-users [harmless; nothing to undo]
      3. Provision the person in wiki-users [harmless; nothing to undo]

    What a person can do
      The identity provider looks for a record that was deleted. Provision on demand usually makes it look for the person again: Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Provision on demand, for jane@acme.example. If it answers InvalidAnchor, there are three ways. Remove the object connection of this one person by hand: pause the job, send DELETE https://graph.microsoft.com/beta/servicePrincipals/0000005e-0000-4000-8000-000000000000/synchronization/jobs/scim.0f0e0000000040008000000000000001.0000000b-0000-4000-8000-000000000001/objectConnections('000000e1-0000-4000-8000-000000000004'), provision the person on demand, and start the job. This is a beta call, which Microsoft does not support in production. Or, in Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Users and groups, look up the groups; in Groups, take jane@acme.example out of theirs (jira-users, wiki-users; the person, never the group), wait for one cycle (about 40 minutes), and put them back. Or restart provisioning with everything matched again (resetScope Full), which concerns the whole tenant.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 797aeafd)
    ");
    shows!(page, "orphaned-record", "A SCIM record outlived its person.", answer_for(&mut page, Cause::OrphanedRecord), @"
    Jane was deleted at the identity provider without being un-assigned: her record and account live on.

    jane@acme.example: broken

      BROKEN  Identity provider  The person was deleted at the identity provider
      unread  Provisioning       whether the person is assigned could not be read
      BROKEN  SCIM record        A SCIM record is left of a person who was deleted
      ok      Atlassian account  active
      unread  Groups             not known
      ok      Apps               at least one app role

    Found
      The person was deleted at the identity provider (idp-user-deleted)
        entra.deleted-users: a user of this name is among the deleted users
      A SCIM record is left of a person who was deleted (orphaned-record)
        scim.users: record 5578ea37-0000-4000-8000-000000000004 carries 000000e1-0000-4000-8000-000000000004 and is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
        entra.users: no live user has that object id or one of its names

    What a person can do
      In the Entra admin center, Users > Deleted users: restore jane@acme.example if they should be back. Deleted users are kept for 30 days.
      If jane@acme.example has left: deactivate the account (712020:93c3f6a0-0000-4000-8000-000000000004) in admin.atlassian.com, Directory > Managed accounts, and have SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001 removed (the ticket below asks for it). If they should be back, restore them in Entra first.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004. A SCIM record is left of a person who was deleted: record 5578ea37-0000-4000-8000-000000000004 carries 000000e1-0000-4000-8000-000000000004 and is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004 (scim.users, read TIME); no live user has that object id or one of its names (entra.users, read TIME). Please remove this one SCIM record; it belongs to no user of our identity provider any more.
    ");
    shows!(page, "domain-not-claimed", "The domain of the person's address is not claimed.", answer_for(&mut page, Cause::DomainNotClaimed), @"
    Jane's address lies on a domain that the organization has not claimed.

    jane@newco.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The domain of the person's address is not claimed
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (domain-not-claimed); jira-software (acme): missing (domain-not-claimed)

    Apps
      MISSING confluence (acme): domain-not-claimed
      MISSING jira-software (acme): domain-not-claimed

    Found
      The domain of the person's address is not claimed (domain-not-claimed)
        atlassian.domains: newco.example is not among the organization's verified domains
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is not managed

    Missing groups
      jira-users
      wiki-users

    What a person can do
      Verify newco.example and claim its accounts: admin.atlassian.com, Settings > Domains > Add domain > newco.example, then Claim accounts. Until then Atlassian neither links nor updates accounts of that domain. Then provision jane@newco.example again.
    ");
    shows!(page, "wrong-anchor", "The identity provider writes to a record that is not the person's.", answer_for(&mut page, Cause::WrongAnchor), @"
    A group is missing, and the job takes a colleague's record for Jane's. Anything sent would change that record.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The identity provider writes to the SCIM record of somebody else
      ok      Atlassian account  active
      BROKEN  Groups             1 of 2 expected
      BROKEN  Apps               confluence (acme): user; jira-software (acme): missing (wrong-anchor)

    Apps
      ok      confluence (acme) as user, through wiki-users
      MISSING jira-software (acme): wrong-anchor

    Found
      The identity provider writes to the SCIM record of somebody else (wrong-anchor)
        entra.provisioning-log: the identity provider wrote record 5578ea37-0000-4000-8000-000000000005 for the person last
        scim.users: record 5578ea37-0000-4000-8000-000000000005 belongs to another living person (Jane Roe)

    Missing groups
      jira-users

    What a person can do
      The identity provider takes record 5578ea37-0000-4000-8000-000000000005 for the record of jane@acme.example. Do not provision jane@acme.example on demand before this is corrected: it would write the address and the name of jane@acme.example into that record. There are two ways. Remove the object connection of this one person by hand: pause the job, send DELETE https://graph.microsoft.com/beta/servicePrincipals/0000005e-0000-4000-8000-000000000000/synchronization/jobs/scim.0f0e0000000040008000000000000001.0000000b-0000-4000-8000-000000000001/objectConnections('000000e1-0000-4000-8000-000000000004'), provision the person on demand, and start the job. This is a beta call, which Microsoft does not support in production. Or restart provisioning with everything matched again (resetScope Full), which concerns the whole tenant.
      Provision the person in jira-users is not proposed: the SCIM record belongs to another living person (Jane Roe).

    Ready to paste into a ticket to Microsoft
      Application provisioning from Microsoft Entra ID to Atlassian Cloud: tenant 0f0e0000-0000-4000-8000-000000000001, service principal 0000005e-0000-4000-8000-000000000000, job scim.0f0e0000000040008000000000000001.0000000b-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. The identity provider writes to the SCIM record of somebody else: the identity provider wrote record 5578ea37-0000-4000-8000-000000000005 for the person last (entra.provisioning-log, read TIME); record 5578ea37-0000-4000-8000-000000000005 belongs to another living person (Jane Roe) (scim.users, read TIME). Please remove the object connection of this one object, or tell us how to have it matched again without a restart that concerns the whole job.
    ");
    shows!(page, "history-elsewhere", "Earlier work may be on another account.", answer_for(&mut page, Cause::HistoryElsewhere), @"
    Jane came back as a vendor with a new user. Her years of work are on the account of the old one.

    c-jane@acme.example: healthy

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000005
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      ok      Apps               confluence (acme): user; jira-software (acme): user

    Apps
      ok      confluence (acme) as user, through wiki-users
      ok      jira-software (acme) as user, through jira-users

    Found
      The person's earlier work may be on another account (history-elsewhere)
        atlassian.last-active: account 712020:93c3f6a0-0000-4000-8000-000000000004 of Jane Doe (jane@acme.example) was last used on DAY, and its user is disabled or gone
        entra.users: the user was created on DAY, and account 712020:93c3f6a0-0000-4000-8000-000000000005 has no older use

    What a person can do
      The earlier work of c-jane@acme.example may be on account 712020:93c3f6a0-0000-4000-8000-000000000004 (jane@acme.example), last active in jira-software DAY. Compare the accounts in admin.atlassian.com, Directory > Managed accounts. A name proves nothing: ask the person. If it is theirs and the new account has no content, move the new account's address aside and give the old account the address c-jane@acme.example, then provision c-jane@acme.example again. If both have content, ask Atlassian's support: accounts cannot be merged.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address c-jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000005, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000005, SCIM record 5578ea37-0000-4000-8000-000000000005 of directory 6c2f0000-0000-4000-8000-000000000001. The account and its membership are active, no expected group is missing, and the account holds its roles in confluence (acme) (user), jira-software (acme) (user). The person still cannot work. Please find out why; sign-in, permissions inside apps and portal-only accounts were not examined.

    Not examined: sign-in, permissions inside apps, and portal accounts.
    ");
    page
}
