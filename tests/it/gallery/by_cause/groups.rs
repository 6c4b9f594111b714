//! Causes in this part of the trail: groups and apps.

use reinstate_core::Cause;

use super::super::page::{Page, shows};
use super::answer_for;

pub fn page() -> Page {
    let mut page = Page::new(
        "What check says of each cause: groups and apps",
        "Facts, advice and costs as `check WHO` shows them in the terminal. The cards use the same words.",
    );
    shows!(page, "membership-drift", "Group memberships were lost on the way to Atlassian.", answer_for(&mut page, Cause::MembershipDrift), @"
    Everything is in order but the groups: Atlassian lost them, and the identity provider does not look.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             Group memberships were lost on the way to Atlassian
      BROKEN  Apps               no app role

    Found
      Group memberships were lost on the way to Atlassian (membership-drift)
        scim.users: the record is not a member of jira-users, wiki-users, and the person is at the identity provider
        atlassian.users: the account does not show jira-users, wiki-users

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Have the identity provider write the membership in jira-users again [harmless; nothing to undo]
      2. Have the identity provider write the membership in wiki-users again [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan c55803a7)
    ");
    shows!(page, "propagation-lag", "Atlassian has the membership but does not show it yet.", answer_for(&mut page, Cause::PropagationLag), @"
    Provisioning has written the memberships, and Atlassian does not show them.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             Atlassian has the membership but does not show it yet
      BROKEN  Apps               no app role

    Found
      Atlassian has the membership but does not show it yet (propagation-lag)
        scim.users: the record is a member of jira-users, wiki-users, which the account does not show

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Have the identity provider write the membership in jira-users again [harmless; nothing to undo]
      2. Have the identity provider write the membership in wiki-users again [harmless; nothing to undo]

    What a person can do
      Wait some minutes and check again: Atlassian has the membership and does not show it yet.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan f22e8b38)
    ");
    shows!(page, "group-name-conflict", "A local group of the same name keeps the synced group out.", answer_for(&mut page, Cause::GroupNameConflict), @"
    A local group was called design before the identity provider's group came.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             A local group of the same name keeps the synced group out
      ok      Apps               at least one app role

    Found
      A local group of the same name keeps the synced group out (group-name-conflict)
        atlassian.groups: design is a group of the organization whose members do not come from the identity provider

    Missing groups
      design

    What a person can do
      In admin.atlassian.com, Security > Identity providers > the directory 6c2f0000-0000-4000-8000-000000000001 > Review groups: compare the members of design, then let the identity provider take the group over (this replaces its members), or give the Entra group a new name as a new group. Never delete or un-assign the group: its permissions would be lost.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. A local group of the same name keeps the synced group out: design is a group of the organization whose members do not come from the identity provider (atlassian.groups, read TIME). Please tell us how the synced group can take over this name without the permissions of the group that has it now being lost.
    ");
    shows!(page, "default-group-clash", "A default group of an app has the synced group's name.", answer_for(&mut page, Cause::DefaultGroupClash), @"
    The group at the identity provider has the name of an app's default group.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             A default group of an app has the synced group's name
      ok      Apps               at least one app role

    Found
      A default group of an app has the synced group's name (default-group-clash)
        atlassian.groups: confluence-users is a group of the organization whose members do not come from the identity provider
        atlassian.group-role-assignments: it is a default group of an app

    Missing groups
      confluence-users

    What a person can do
      confluence-users is a default group of an app, which cannot be synced. In admin.atlassian.com, Products > the app > Manage access: make another group the default one, or use a new Entra group with another name. Never delete or un-assign the group.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. A default group of an app has the synced group's name: confluence-users is a group of the organization whose members do not come from the identity provider (atlassian.groups, read TIME); it is a default group of an app (atlassian.group-role-assignments, read TIME). Please tell us how the synced group can take over this name without the permissions of the group that has it now being lost.
    ");
    shows!(page, "group-renamed", "A group was renamed, and Atlassian keeps the old name.", answer_for(&mut page, Cause::GroupRenamed), @"
    A group was renamed at the identity provider. Atlassian keeps the old name, and all works.

    jane@acme.example: healthy

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      ok      Apps               at least one app role

    Found
      A group was renamed, and Atlassian keeps the old name (group-renamed)
        scim.groups: jira-people is still called jira-users at Atlassian

    What a person can do
      Atlassian takes no new name for a synced group: jira-people is called jira-users there. Nothing is lost; give the Entra group its old name back, or make a new group and move its roles before the old one is touched.
    ");
    shows!(page, "group-without-role", "The person's groups give no app role.", answer_for(&mut page, Cause::GroupWithoutRole), @"
    Jane is in all her groups, and none of them gives an app.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      BROKEN  Apps               The person's groups give no app role

    Found
      The person's groups give no app role (group-without-role)
        atlassian.role-assignments: the account has no app role
        atlassian.group-role-assignments: jira-users, wiki-users give no app role

    What a person can do
      In admin.atlassian.com, Directory > Groups: open one of the person's groups (jira-users, wiki-users) and give it a role in the app they need (Add products).
    ");
    shows!(page, "seats-full", "No seat is left in the app.", answer_for(&mut page, Cause::SeatsFull), @"
    Jane is in all her groups, and no seat was left for her.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      BROKEN  Apps               No seat is left in the app

    Found
      No seat is left in the app (seats-full)
        atlassian.workspaces: Acme Jira has 100 of 100 seats taken; Acme Wiki has 100 of 100 seats taken
        atlassian.role-assignments: the account has no app role

    What a person can do
      No seat is left in Acme Jira (100 of 100 taken), Acme Wiki (100 of 100 taken). In admin.atlassian.com, Billing > the app: add seats, or take access from people who do not use it (Directory > Users, by last activity). Then take the person out of the group at Entra and put them back.
    ");
    page
}
