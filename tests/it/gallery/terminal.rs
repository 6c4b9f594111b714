//! What `check`, `sweep` and `doctor` print, made from the same data as the cards.

use std::time::Duration;

use reinstate::cli::{check, doctor, report, sweep};
use reinstate::doctor::{Check, Report, State};
use reinstate::exec::assess::Assessment;
use reinstate::exec::sweep::Survey;
use reinstate_core::sweep::{SweepFinding, Tally};
use reinstate_core::{Cause, Diagnosis, Plan, Risk, Source, Verdict};

use super::jane::{JANE, cannot_tell, memberships, not_assigned, parking, restored, ticket, two_accounts};
use super::page::{Page, shows};

pub fn page() -> Page {
    let mut page = Page::new(
        "Terminal: check, sweep and doctor",
        "Whoever runs the program sees it, on standard output. Nothing is changed.",
    );
    let assessed =
        |(diagnosis, plan): (Diagnosis, Plan)| Assessment { diagnosis, plan, prior_runs_unread: None };
    let answer = |found: (Diagnosis, Plan)| check::text(JANE, &assessed(found));
    shows!(page, "check: healthy", "Exit code 0.", answer(restored()), @"
    jane@acme.example: healthy

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      ok      Apps               at least one app role

    Not examined: sign-in, permissions inside apps, and portal accounts.
    ");
    shows!(page, "check: broken", "Exit code 2.", answer(parking()), @"
    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        Another managed account uses the person's address
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               no app role

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

    What it costs
      Account 712020:93c3f6a0-0000-4000-8000-000000000005, never used, is signed out everywhere and can no longer sign in with jane@acme.example.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 351f4184)
    ");
    shows!(page, "check: a harmless repair", "Exit code 2.", answer(memberships()), @"
    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               no app role

    Found
      Group memberships did not reach Atlassian (membership-drift)
        scim.groups: the synced groups jira-users, wiki-users lack the person's record

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person in jira-users [harmless; nothing to undo]
      2. Provision the person in wiki-users [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 242abbb3)
    ");
    shows!(page, "check: advice", "Exit code 2.", answer(not_assigned()), @"
    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       not assigned
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               no app role

    Found
      The person is not assigned to the Atlassian application (not-assigned)
        entra.assignments: neither the person nor a group they are a direct member of is assigned

    What a person can do
      Assign jane@acme.example (object id 3b9f61aa-0000-4000-8000-000000000004): make them a direct member of a group that is assigned (jira-users, wiki-users).
    ");
    shows!(page, "check: a text for a ticket", "Exit code 2.", answer(ticket()), @"
    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       not assigned
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               no app role

    Found
      An account outside the organization uses the person's address (email-held-outside)
        atlassian.users: no account of the organization bears the address

    What a person can do
      An account that this organization does not manage bears jane@acme.example.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example. Please tell us what kind of account bears the address, and how it can be released to us.
    ");
    shows!(page, "check: two accounts", "Exit code 2.", answer(two_accounts()), @"
    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        Another managed account uses the person's address
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               no app role

    Found
      Another managed account uses the person's address (email-held-by-managed-account)
        atlassian.scim-links: the person's record 5578ea37-0000-4000-8000-000000000004 is linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 bears jane.miller@acme.example, while account 712020:93c3f6a0-0000-4000-8000-000000000005 bears jane@acme.example
        entra.provisioning-log: Atlassian refused the identity provider with 409: Resource [USER]: with email[jane@acme.example] already exists.

    Missing groups
      jira-users
      wiki-users

    More than one is meant
      atlassian-account 712020:93c3f6a0-0000-4000-8000-000000000004 (jane.miller@acme.example): last used 2026-10-02, linked to the person's record
      atlassian-account 712020:93c3f6a0-0000-4000-8000-000000000005 (jane@acme.example): last used 2026-09-14, in 2 groups

    What a person can do
      Both accounts were used. Pick the account to be kept.
    ");
    shows!(page, "check: it cannot be told", "Exit code 3.", answer(cannot_tell()), @"
    jane@acme.example: cannot-tell

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      unread  Atlassian account  not read
      unread  Groups             not read
      unread  Apps               not read

    Could not be read
      atlassian.users: Atlassian answered 503 Service Unavailable
    ");
    let json = serde_json::to_string_pretty(&report::json(JANE, &assessed(memberships()))).unwrap();
    shows!(page, "check --json", "One object on one line; here it is spread over lines.", json, @r#"
    {
      "account": {
        "atlassian_account_id": "712020:93c3f6a0-0000-4000-8000-000000000004",
        "email": "jane@acme.example",
        "idp_user_id": "3b9f61aa-0000-4000-8000-000000000004",
        "query": "jane@acme.example",
        "scim_user_id": "5578ea37-0000-4000-8000-000000000004"
      },
      "apps": {
        "expected": null,
        "missing": null,
        "present": null
      },
      "candidates": [],
      "findings": [
        {
          "because": [
            {
              "says": "the synced groups jira-users, wiki-users lack the person's record",
              "seen_at": "2026-11-30T09:00:20Z",
              "source": "scim.groups"
            }
          ],
          "blocking": true,
          "code": "membership-drift"
        }
      ],
      "groups": {
        "expected": [
          "jira-users",
          "wiki-users"
        ],
        "extra": null,
        "missing": [
          "jira-users",
          "wiki-users"
        ],
        "present": []
      },
      "not_examined": [
        "sign-in",
        "permissions-inside-apps",
        "portal-accounts"
      ],
      "plan": {
        "advice": [],
        "cost": [],
        "digest": "sha256:242abbb341d50eefbf5a33b10ff2b78c6b0af448da4e24e724197bae7b98dbdf",
        "skipped": [],
        "steps": [
          {
            "action": "provision-membership",
            "risk": "harmless",
            "target": "jira-users",
            "undo": "none-needed"
          },
          {
            "action": "provision-membership",
            "risk": "harmless",
            "target": "wiki-users",
            "undo": "none-needed"
          }
        ],
        "tickets": []
      },
      "schema": 1,
      "unread": [],
      "verdict": "broken"
    }
    "#);

    let found = |n: usize, cause: Cause| SweepFinding {
        query: format!("person{n}@acme.example"),
        name: None,
        account: Some(format!("712020:0000-{n:04}")),
        person: None,
        verdict: Verdict::Broken,
        causes: vec![cause],
        missing: Some(2),
        missing_apps: None,
        unread: false,
        digest: (cause == Cause::MembershipDrift).then(|| format!("sha256:{n:064}")),
        steps: Vec::new(),
        groups: Vec::new(),
        risk: (cause == Cause::MembershipDrift).then_some(Risk::Harmless),
        needs_approval: false,
    };
    let mut all: Vec<SweepFinding> = (1..=20).map(|n| found(n, Cause::MembershipDrift)).collect();
    all.extend((21..=22).map(|n| found(n, Cause::NotAssigned)));
    let by_cause =
        [(Cause::MembershipDrift.code().to_owned(), 20), (Cause::NotAssigned.code().to_owned(), 2)].into();
    let tally = Tally {
        accounts: 5000,
        healthy: 4977,
        broken: 22,
        cannot_tell: 1,
        unread: 1,
        by_cause,
        ..Tally::default()
    };
    let unread = vec![(Source::ProvisioningLog, "403 Forbidden".to_owned())];
    let broken = Survey { tally, unread, ..Survey::default() };
    let took = Duration::from_millis(14_250);
    shows!(page, "sweep", "Exit code 2. 20 accounts are named.", sweep::text(&broken, &all, took), @"
    5000 accounts in 14.2 s: 4977 healthy, 22 broken, 1 cannot be told

    Could not be read: entra.provisioning-log (403 Forbidden)
    What needs these sides is not judged above.

      Cause                          Accounts  What it means
      membership-drift                     20  Group memberships did not reach Atlassian
      not-assigned                          2  The person is not assigned to the Atlassian application

    20 could be repaired harmlessly, 0 need an approval each, 2 need a person's hand.

      person21@acme.example                        not-assigned
      person22@acme.example                        not-assigned
      person10@acme.example                        membership-drift
      person11@acme.example                        membership-drift
      person12@acme.example                        membership-drift
      person13@acme.example                        membership-drift
      person14@acme.example                        membership-drift
      person15@acme.example                        membership-drift
      person16@acme.example                        membership-drift
      person17@acme.example                        membership-drift
      person18@acme.example                        membership-drift
      person19@acme.example                        membership-drift
      person1@acme.example                         membership-drift
      person20@acme.example                        membership-drift
      person2@acme.example                         membership-drift
      person3@acme.example                         membership-drift
      person4@acme.example                         membership-drift
      person5@acme.example                         membership-drift
      person6@acme.example                         membership-drift
      person7@acme.example                         membership-drift
      … and 2 more: --json or --csv FILE lists them all

    One of them:       reinstate check WHO
    Repairs, in Slack: /reinstate sweep
    ");
    let tally = Tally { accounts: 5000, healthy: 5000, ..Tally::default() };
    let healthy = Survey { tally, ..Survey::default() };
    shows!(page, "sweep: healthy", "Exit code 0.", sweep::text(&healthy, &[], took), @"5000 accounts in 14.2 s: 5000 healthy, 0 broken, 0 cannot be told");
    shows!(page, "sweep --json: the last line", "Each account that is not healthy has a line like that of `check --json` before.",
        sweep::summary(&broken).to_string(), @r#"{"schema":1,"summary":{"accounts":5000,"broken":22,"by_cause":{"membership-drift":20,"not-assigned":2},"cannot_tell":1,"healthy":4977,"sides_unread":[{"reason":"403 Forbidden","source":"entra.provisioning-log"}],"tenant_causes":[],"unread":1}}"#);

    let line = |name: &str, state, saw: &str, fix: Option<&str>, by_hand| Check {
        name: name.to_owned(),
        state,
        observed: saw.to_owned(),
        fix: fix.map(str::to_owned),
        by_hand,
    };
    let good = line("slack.token", State::Good, "the token belongs to the workspace Acme", None, false);
    let by_hand = line(
        "entra.roles",
        State::Unknown,
        "no interface shows it",
        Some("Look at the page of the application"),
        true,
    );
    let unknown = line(
        "atlassian.org",
        State::Unknown,
        "503 Service Unavailable",
        Some("Try again when the service answers"),
        false,
    );
    let bad = line(
        "slack.scopes",
        State::Bad,
        "the scope files:write is missing",
        Some("Add the scope and install the app again"),
        false,
    );
    let text = |checks: &[&Check]| {
        doctor::text(&Report { checks: checks.iter().map(|one| (*one).clone()).collect() })
    };
    shows!(page, "doctor: ready", "Exit code 0. What only a person can look at does not count.", text(&[&good, &by_hand]), @"
    good     slack.token: the token belongs to the workspace Acme
    by hand  entra.roles: no interface shows it
               Look at the page of the application.

    Ready to serve.
    ");
    shows!(page, "doctor: not ready", "Exit code 2.", text(&[&good, &unknown, &bad]), @"
    good     slack.token: the token belongs to the workspace Acme
    unknown  atlassian.org: 503 Service Unavailable
               Try again when the service answers.
    BAD      slack.scopes: the scope files:write is missing
               Add the scope and install the app again.

    Not ready: mend what is BAD, then run doctor again.
    ");
    shows!(page, "doctor: it cannot be told", "Exit code 3.", text(&[&good, &unknown]), @"
    good     slack.token: the token belongs to the workspace Acme
    unknown  atlassian.org: 503 Service Unavailable
               Try again when the service answers.

    Cannot tell: something needed did not answer. Run doctor again.
    ");
    page
}
