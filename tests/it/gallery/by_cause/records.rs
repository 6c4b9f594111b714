//! Causes in this part of the trail: the SCIM record.

use reinstate_core::Cause;

use super::super::page::{Page, shows};
use super::answer_for;

pub fn page() -> Page {
    let mut page = Page::new(
        "What check says of each cause: the SCIM record",
        "Facts, advice and costs as `check WHO` shows them in the terminal. The cards use the same words.",
    );
    shows!(page, "never-provisioned", "The person was never provisioned.", answer_for(&mut page, Cause::NeverProvisioned), @"
    The person is assigned, and provisioning has never written them.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The person was never provisioned
      BROKEN  Atlassian account  there is none
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (never-provisioned); jira-software (acme): missing (never-provisioned)

    Apps
      MISSING confluence (acme): never-provisioned
      MISSING jira-software (acme): never-provisioned

    Found
      The person was never provisioned (never-provisioned)
        atlassian.scim-links: no SCIM record of the person exists
        entra.provisioning-log: the identity provider has written none

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person on demand [harmless; nothing to undo]
      2. Provision the person in jira-users [harmless; nothing to undo]
      3. Provision the person in wiki-users [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 9a35c73f)
    ");
    shows!(page, "record-unlinked", "The SCIM record is linked to no account.", answer_for(&mut page, Cause::RecordUnlinked), @"
    The SCIM record has lost its account, and the identity provider sees no reason to write it again.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The person's SCIM record is not connected to an account
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (record-unlinked); jira-software (acme): missing (record-unlinked)

    Apps
      MISSING confluence (acme): record-unlinked
      MISSING jira-software (acme): record-unlinked

    Found
      The person's SCIM record is not connected to an account (record-unlinked)
        atlassian.scim-links: record 5578ea37-0000-4000-8000-000000000004 is linked to no account

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person on demand [harmless; nothing to undo]
      2. Provision the person in jira-users [harmless; nothing to undo]
      3. Provision the person in wiki-users [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 0f573924)
    ");
    shows!(page, "linked-to-other-account", "The SCIM record is linked to another account.", answer_for(&mut page, Cause::LinkedToOtherAccount), @"
    After a re-hire the SCIM record is linked to an account that is not in use.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The person's SCIM record is connected to another account
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (linked-to-other-account); jira-software (acme): missing (linked-to-other-account)

    Apps
      MISSING confluence (acme): linked-to-other-account
      MISSING jira-software (acme): linked-to-other-account

    Found
      The person's SCIM record is connected to another account (linked-to-other-account)
        atlassian.scim-links: the person's record 5578ea37-0000-4000-8000-000000000004 is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.rehired@acme.example, while account 712020:93c3f6a0-0000-4000-8000-000000000005 bears jane@acme.example

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Unlink SCIM record 5578ea37-0000-4000-8000-000000000004 from account 712020:93c3f6a0-0000-4000-8000-000000000004 [disruptive; provisioning brings it back]
      2. Provision the person on demand [harmless; nothing to undo]
      3. Provision the person in jira-users [harmless; nothing to undo]
      4. Provision the person in wiki-users [harmless; nothing to undo]

    What it costs
      The person may lose the synced groups for some minutes, in the worst case for hours.
      Record 5578ea37-0000-4000-8000-000000000004 cannot be put back as it was. Provisioning links the person to the account that has their address at that time.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan e3c6401d)
    ");
    shows!(page, "stale-record-conflict", "An old SCIM record is in the way.", answer_for(&mut page, Cause::StaleRecordConflict), @"
    A record of an old import holds the person's name, so Atlassian refuses the real one.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        An old SCIM record blocks the person's provisioning
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (stale-record-conflict); jira-software (acme): missing (stale-record-conflict)

    Apps
      MISSING confluence (acme): stale-record-conflict
      MISSING jira-software (acme): stale-record-conflict

    Found
      An old SCIM record blocks the person's provisioning (stale-record-conflict)
        atlassian.scim-links: record 5578ea37-0000-4000-8000-000000000004 holds userName jane@acme.example, externalId import-1042 and is linked to no account
        entra.provisioning-log: Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists.

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Delete SCIM record 5578ea37-0000-4000-8000-000000000004 [disruptive; provisioning brings it back]
      2. Provision the person on demand [harmless; nothing to undo]
      3. Provision the person in jira-users [harmless; nothing to undo]
      4. Provision the person in wiki-users [harmless; nothing to undo]

    What it costs
      It is not known whether the identity provider uses record 5578ea37-0000-4000-8000-000000000004.
      The person may lose the synced groups for some minutes, in the worst case for hours.
      Record 5578ea37-0000-4000-8000-000000000004 cannot be put back as it was. Provisioning links the person to the account that has their address at that time.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 5ea70e6a)
    ");
    shows!(page, "email-held-by-managed-account", "Another managed account bears the person's address.", answer_for(&mut page, Cause::EmailHeldByManagedAccount), @"
    Jane was renamed. A second, idle account bears her new address, so her real one lost its groups.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        Another managed account uses the person's address
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (email-held-by-managed-account); jira-software (acme): missing (email-held-by-managed-account)

    Apps
      MISSING confluence (acme): email-held-by-managed-account
      MISSING jira-software (acme): email-held-by-managed-account

    Found
      Another managed account uses the person's address (email-held-by-managed-account)
        atlassian.scim-links: the person's record 5578ea37-0000-4000-8000-000000000004 is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.miller@acme.example, while account 712020:93c3f6a0-0000-4000-8000-000000000005 bears jane@acme.example
        entra.provisioning-log: Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists.

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Move jane@acme.example off account 712020:93c3f6a0-0000-4000-8000-000000000005 [destructive; can be undone while nobody else has the address]
      2. Provision the person on demand [harmless; nothing to undo]
      3. Provision the person in jira-users [harmless; nothing to undo]
      4. Provision the person in wiki-users [harmless; nothing to undo]

    What it costs
      Account 712020:93c3f6a0-0000-4000-8000-000000000005, never used, is signed out everywhere and can no longer sign in with jane@acme.example.
      jane@acme.example cannot go back to account 712020:93c3f6a0-0000-4000-8000-000000000005 while account 712020:93c3f6a0-0000-4000-8000-000000000004 has it. This plan gives it to that account.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 8bf37288)
    ");
    shows!(page, "email-held-outside", "An account outside the organization bears the person's address.", answer_for(&mut page, Cause::EmailHeldOutside), @"
    An account that another organization manages bears Jane's address.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        An account outside the organization uses the person's address
      BROKEN  Atlassian account  there is none
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (email-held-outside); jira-software (acme): missing (email-held-outside)

    Apps
      MISSING confluence (acme): email-held-outside
      MISSING jira-software (acme): email-held-outside

    Found
      An account outside the organization uses the person's address (email-held-outside)
        atlassian.users: no account of this organization bears jane@acme.example
        atlassian.scim-links: no SCIM record of another object holds the address, the userName or the externalId
        entra.provisioning-log: Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists.

    Missing groups
      jira-users
      wiki-users

    What a person can do
      An account that this organization does not manage has the address jane@acme.example. If nobody manages it, claim it: admin.atlassian.com, Settings > Domains > acme.example > Claim accounts. If another organization manages it, its admins must release it or change its address. A portal-only customer account of the service desk is migrated under Products > the service desk > Portal-only customers > jane@acme.example.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004. An account outside the organization uses the person's address: no account of this organization bears jane@acme.example (atlassian.users, read TIME); no SCIM record of another object holds the address, the userName or the externalId (atlassian.scim-links, read TIME); Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists. (entra.provisioning-log, read TIME). Provisioning log, TIME: create ended as failure, error code SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering, HTTP status 409, SCIM error uniqueness, detail Resource [USER]: with email[jane@acme.example] already exists., change id ID, cycle id ID, to be retried TIME. Please tell us what kind of account bears the address (unclaimed, another organization's, a portal-only customer's), and how it can be released to us.
    ");
    shows!(page, "two-directories", "Two provisioning directories hold the person.", answer_for(&mut page, Cause::TwoDirectories), @"
    The record of a directory that nobody uses any more holds Jane's account.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        The person has SCIM records in two directories
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (two-directories); jira-software (acme): missing (two-directories)

    Apps
      MISSING confluence (acme): two-directories
      MISSING jira-software (acme): two-directories

    Found
      The person has SCIM records in two directories (two-directories)
        scim.users: directory 6c2f0000-0000-4000-8000-000000000001 holds record 5578ea37-0000-4000-8000-000000000005, linked to no account
        atlassian.scim-links: directory 6c2f0000-0000-4000-8000-000000000009 holds record 5578ea37-0000-4000-8000-000000000004, linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
        entra.schema: the job writes to directory 6c2f0000-0000-4000-8000-000000000001

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Unlink SCIM record 5578ea37-0000-4000-8000-000000000004 from account 712020:93c3f6a0-0000-4000-8000-000000000004 [disruptive; provisioning brings it back]
      2. Provision the person on demand [harmless; nothing to undo]
      3. Provision the person in jira-users [harmless; nothing to undo]
      4. Provision the person in wiki-users [harmless; nothing to undo]

    What it costs
      The person may lose the synced groups for some minutes, in the worst case for hours.
      Record 5578ea37-0000-4000-8000-000000000004 cannot be put back as it was. Provisioning links the person to the account that has their address at that time.

    What a person can do
      In admin.atlassian.com, Security > Identity providers: the job writes to directory 6c2f0000-0000-4000-8000-000000000001, and 6c2f0000-0000-4000-8000-000000000009 holds the person as well. See to which one acme.example is linked. Remove the other one only after its people are unlinked.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan f81e04e9)
    ");
    shows!(page, "export-failing", "Atlassian refuses what the identity provider writes.", answer_for(&mut page, Cause::ExportFailing), @"
    Atlassian refuses Jane's record because of a value in it, and no cause explains the refusal.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       Atlassian refuses what the identity provider writes
      BROKEN  SCIM record        there is none
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (export-failing); jira-software (acme): missing (export-failing)

    Apps
      MISSING confluence (acme): export-failing
      MISSING jira-software (acme): export-failing

    Found
      Atlassian refuses what the identity provider writes (export-failing)
        entra.provisioning-log: the newest export failed: HTTP status 400, scimType invalidValue, title: size must be between 0 and 255

    Missing groups
      jira-users
      wiki-users

    What a person can do
      Atlassian refuses what the identity provider writes for jane@acme.example: HTTP status 400, scimType invalidValue, title: size must be between 0 and 255. Correct the value that the answer names, at the identity provider or in Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Mappings. Then provision jane@acme.example on demand. If the answer names nothing that you can correct, send the ticket below to Atlassian.
      Provision the person on demand is not proposed: Atlassian refused the last attempt, and another one would be refused as well: HTTP status 400, scimType invalidValue, title: size must be between 0 and 255.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004. Atlassian refuses what the identity provider writes: the newest export failed: HTTP status 400, scimType invalidValue, title: size must be between 0 and 255 (entra.provisioning-log, read TIME). Provisioning log, TIME: create ended as failure, error code SystemForCrossDomainIdentityManagementBadRequest, HTTP status 400, SCIM error invalidValue, detail title: size must be between 0 and 255, change id ID, cycle id ID. Please tell us why the provisioning interface refuses these requests, and what must be corrected.
    ");
    page
}
