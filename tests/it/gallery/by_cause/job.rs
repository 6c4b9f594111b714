//! Causes in this part of the trail: the provisioning job.

use reinstate_core::Cause;

use super::super::page::{Page, shows};
use super::answer_for;

pub fn page() -> Page {
    let mut page = Page::new(
        "What check says of each cause: the provisioning job",
        "Facts, advice and costs as `check WHO` shows them in the terminal. The cards use the same words.",
    );
    shows!(page, "scim-key-rejected", "Atlassian rejects the key that the identity provider uses.", answer_for(&mut page, Cause::ScimKeyRejected), @"
    The SCIM key of the identity provider has run out; Jane's groups never came.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       Atlassian rejects the key that the identity provider uses
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (scim-key-rejected); jira-software (acme): missing (scim-key-rejected)

    Apps
      MISSING confluence (acme): scim-key-rejected
      MISSING jira-software (acme): scim-key-rejected

    Found
      Atlassian rejects the key that the identity provider uses (scim-key-rejected)
        entra.jobs: the job is in quarantine: SystemForCrossDomainIdentityManagementInvalidCredentials

    Missing groups
      jira-users
      wiki-users

    What a person can do
      In admin.atlassian.com, Security > Identity providers > the directory 6c2f0000-0000-4000-8000-000000000001: make a new SCIM key. In Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Admin credentials: Tenant URL https://api.atlassian.com/scim/directory/6c2f0000-0000-4000-8000-000000000001, Secret token the new key; choose Test connection, Save, and Start provisioning.
    ");
    shows!(page, "provisioning-quarantined", "Provisioning is in quarantine.", answer_for(&mut page, Cause::ProvisioningQuarantined), @"
    The job is in quarantine because too much would be deleted.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       Provisioning is in quarantine
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (provisioning-quarantined); jira-software (acme): missing (provisioning-quarantined)

    Apps
      MISSING confluence (acme): provisioning-quarantined
      MISSING jira-software (acme): provisioning-quarantined

    Found
      Provisioning is in quarantine (provisioning-quarantined)
        entra.jobs: the job is in quarantine: TooManyDeletes

    Missing groups
      jira-users
      wiki-users

    What a person can do
      In Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning: the quarantine says TooManyDeletes (TooManyDeletes). Mend that, then choose Restart provisioning. If it counts deletions, look at them before anybody allows them.
      Start provisioning for the whole tenant, from where it stopped is not proposed: the quarantine names a fault that your organization must correct first.

    Ready to paste into a ticket to Microsoft
      Application provisioning from Microsoft Entra ID to Atlassian Cloud: tenant 0f0e0000-0000-4000-8000-000000000001, service principal 0000005e-0000-4000-8000-000000000000, job scim.0f0e0000000040008000000000000001.0000000b-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. Provisioning is in quarantine: the job is in quarantine: TooManyDeletes (entra.jobs, read TIME). Please tell us which objects brought the job into quarantine, and whether it can be restarted without executing the deletions that are pending.
    ");
    shows!(page, "provisioning-stopped", "Provisioning is stopped.", answer_for(&mut page, Cause::ProvisioningStopped), @"
    An admin paused the job, and Jane was never written.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       Provisioning is stopped
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  there is none
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (provisioning-stopped); jira-software (acme): missing (provisioning-stopped)

    Apps
      MISSING confluence (acme): provisioning-stopped
      MISSING jira-software (acme): provisioning-stopped

    Found
      Provisioning is stopped (provisioning-stopped)
        entra.jobs: the job's state is Paused

    Missing groups
      jira-users
      wiki-users

    What a person can do
      In Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning: its state is Paused. Ask who stopped it and why, then choose Start provisioning.
      Start provisioning for the whole tenant, from where it stopped is not proposed: who stopped the job is not in the audit log.
    ");
    shows!(page, "group-sync-off", "Provisioning does not carry groups.", answer_for(&mut page, Cause::GroupSyncOff), @"
    The job carries people and no groups.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       Provisioning does not carry groups
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (group-sync-off); jira-software (acme): missing (group-sync-off)

    Apps
      MISSING confluence (acme): group-sync-off
      MISSING jira-software (acme): group-sync-off

    Found
      Provisioning does not carry groups (group-sync-off)
        entra.schema: the job has no enabled mapping of groups with their members

    Missing groups
      jira-users
      wiki-users

    What a person can do
      In Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Mappings > Provision Microsoft Entra ID Groups: set Enabled to Yes, with Create and Update among its actions, and the attribute members mapped to members.
    ");
    shows!(page, "pull-sync", "Atlassian pulls people by itself; nothing is provisioned by SCIM.", answer_for(&mut page, Cause::PullSync), @"
    No Atlassian application has a job: Atlassian pulls by itself, and Jane has nothing yet.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       Nothing is provisioned by SCIM; Atlassian reads the people by itself
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  there is none
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (pull-sync); jira-software (acme): missing (pull-sync)

    Apps
      MISSING confluence (acme): pull-sync
      MISSING jira-software (acme): pull-sync

    Found
      Nothing is provisioned by SCIM; Atlassian reads the people by itself (pull-sync)
        entra.applications: no Atlassian application of the tenant has a job that writes to a configured directory (Atlassian Cloud)

    Missing groups
      jira-users
      wiki-users

    What a person can do
      Reinstate works with SCIM provisioning. Here Atlassian pulls by itself: in admin.atlassian.com, Security > Identity providers > the directory 6c2f0000-0000-4000-8000-000000000001, choose Sync now (it runs every 4 hours) and read its sync history for the person.
    ");
    shows!(page, "matching-on-email", "Provisioning matches people by e-mail address.", answer_for(&mut page, Cause::MatchingOnEmail), @r#"
    The job matches on e-mail. Nothing is broken yet.

    jane@acme.example: healthy

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      ok      Apps               confluence (acme): user; jira-software (acme): user

    Apps
      ok      confluence (acme) as user, through wiki-users
      ok      jira-software (acme) as user, through jira-users

    Found
      Provisioning matches people by e-mail address (matching-on-email)
        entra.schema: the first matching attribute is emails[type eq "work"].value

    What a person can do
      The job matches on e-mail, so a rename will make a duplicate. In Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Mappings > Provision Microsoft Entra ID Users: map objectId to externalId with matching precedence 1. An initial cycle follows.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. The account and its membership are active, no expected group is missing, and the account holds its roles in confluence (acme) (user), jira-software (acme) (user). The person still cannot work. Please find out why; sign-in, permissions inside apps and portal-only accounts were not examined.

    Not examined: sign-in, permissions inside apps, and portal accounts.
    "#);
    shows!(page, "active-mapping", "The job does not write the person's status into active.", answer_for(&mut page, Cause::ActiveMapping), @r#"
    The job writes active from a constant that says no, so Jane's account was deactivated.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       The job's mapping of active does not follow the person's status
      BROKEN  SCIM record        linked, but not active
      BROKEN  Atlassian account  not active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (active-mapping); jira-software (acme): missing (active-mapping)

    Apps
      MISSING confluence (acme): active-mapping
      MISSING jira-software (acme): active-mapping

    Found
      The job's mapping of active does not follow the person's status (active-mapping)
        entra.schema: the job writes active from "False"

    Missing groups
      jira-users
      wiki-users

    What a person can do
      In Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Mappings > Provision Microsoft Entra ID Users: the attribute active is written from "False". Set it to Switch([IsSoftDeleted], , "False", "True", "True", "False"), which is Microsoft's default, and save. An initial cycle follows.
    "#);
    page
}
