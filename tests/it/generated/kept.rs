//! The first tenant of each kind in which a rule was broken, as small as it could be made. To keep another one, run
//! [`super::runner`], copy the line that it prints, and give it a name.

use reinstate_core::Source;
use reinstate_sandbox::generator::Recipe;

use super::invariants::broken;

struct Kept {
    /// The rule that was broken.
    name: &'static str,
    values: &'static [(&'static str, &'static str)],
    faults: &'static [&'static str],
    refused: Option<Source>,
}

const fn kept(
    name: &'static str,
    values: &'static [(&'static str, &'static str)],
    faults: &'static [&'static str],
) -> Kept {
    Kept { name, values, faults, refused: None }
}

const KEPT: &[Kept] = &[
    kept(
        "a guest does not have the access of a colleague whose record has the guest's externalId",
        &[("person", "guest")],
        &["external-id-held-by-colleague"],
    ),
    kept(
        "nobody has the access of a colleague whose account has their address, without any externalId",
        &[("external-id", "not-mapped")],
        &["email-held-by-colleague"],
    ),
    kept(
        "a person whose account may be hidden behind an old address is not provisioned again",
        &[("external-id", "unknown-function")],
        &["email-held-by-colleague"],
    ),
    Kept {
        name: "a renamed person is not provisioned again while the records cannot be read",
        values: &[],
        faults: &["email-mismatch"],
        refused: Some(Source::ScimUsers),
    },
    Kept {
        name: "the access of an account proves nothing while its record cannot be read and has another address",
        values: &[],
        faults: &["email-held-by-colleague"],
        refused: Some(Source::ScimUsers),
    },
    kept(
        "a colleague's renamed record on an account with the person's address gives the person no access",
        &[("external-id", "unknown-function")],
        &["name-held-by-colleague", "email-held-by-colleague"],
    ),
    Kept {
        name: "an account whose record cannot be read gives no access where no other look-up finds a record",
        values: &[("external-id", "not-mapped")],
        faults: &["email-held-by-colleague"],
        refused: Some(Source::ScimLinks),
    },
    kept(
        "where Atlassian pulls people, the names of records tell whose account it may be",
        &[("external-id", "not-mapped")],
        &["pull-sync", "email-held-by-colleague"],
    ),
    Kept {
        name: "that an account is in no directory is undecided while memberships cannot be read",
        values: &[("assigned", "direct")],
        faults: &["not-in-directory"],
        refused: Some(Source::Memberships),
    },
    kept(
        "a sweep names the wrong anchor of a person without a record, beside a directory without a key",
        &[("assigned", "direct"), ("second-directory", "without-key")],
        &["wrong-anchor-without-record"],
    ),
    kept(
        "the record of a former identity under an old name leads to nobody",
        &[("local-group", "jira")],
        &["email-mismatch", "identity-recreated"],
    ),
    Kept {
        name: "a group may be there under an older name while the record cannot be read",
        values: &[],
        faults: &["group-renamed"],
        refused: Some(Source::ScimUsers),
    },
    kept(
        "the access of another account is no access where an account that is inactive has the address",
        &[("atlassian.relink_restores_groups", "flipped")],
        &["deactivated-elsewhere", "linked-to-other-account"],
    ),
    Kept {
        name: "the access of an account is unknown where another one has the address",
        values: &[("assigned", "direct"), ("atlassian.original_user_management", "flipped")],
        faults: &["email-held"],
        refused: Some(Source::Schema),
    },
    kept(
        "in a sweep, a success that names no record does not hide the anchor",
        &[("history", "lost-anchor-then-success")],
        &["pending-deletion", "silent-stale-anchor"],
    ),
    kept(
        "without a job, the record of an account under an old name leads to nobody",
        &[("external-id", "join"), ("local-group", "jira")],
        &["email-mismatch", "pull-sync"],
    ),
    kept(
        "a person whose record is on their second account works with that account",
        &[("atlassian.relink_restores_groups", "flipped")],
        &["email-mismatch", "linked-to-other-account"],
    ),
    kept(
        "a job without externalId is named as the reason",
        &[("external-id", "not-mapped")],
        &["never-provisioned"],
    ),
    kept(
        "a record that may be the person's hides whether they have an account",
        &[("external-id", "join")],
        &["email-held-by-colleague", "external-id-held-by-colleague"],
    ),
    Kept {
        name: "the record of a colleague with the person's name proves no access while the log cannot be read",
        values: &[],
        faults: &["email-held-by-colleague", "name-held-by-colleague"],
        refused: Some(Source::ProvisioningLog),
    },
    kept(
        "where the directory of the job is unknown, a record in one of them may explain a refusal",
        &[("entra.secrets_readable", "flipped"), ("second-directory", "with-key")],
        &["stale-record-conflict"],
    ),
    kept(
        "an externalId that cannot be computed is named as the reason",
        &[("external-id", "unknown-function")],
        &["never-provisioned-without-account"],
    ),
    kept(
        "an address that may have two forms is named as the reason",
        &[("email", "name"), ("person", "guest")],
        &["propagation-lag"],
    ),
    kept("seats that are not shown are named as the reason", &[("seats", "unknown")], &["seats-full"]),
    kept(
        "an account with an old address does not prove that its owner has left",
        &[("asked-by", "account"), ("external-id", "not-mapped")],
        &["email-held"],
    ),
    kept(
        "an account id that the organization does not show leads to nobody",
        &[("asked-by", "account")],
        &["email-held-outside"],
    ),
    kept(
        "an old success does not prove that the mapping of active deactivated the account",
        &[("history", "other-record-then-success")],
        &["deactivated-by-idp"],
    ),
    kept(
        "memberships on a spare account take nothing from the person",
        &[("external-id", "unknown-function"), ("local-group", "jira")],
        &["linked-to-other-account"],
    ),
    kept(
        "a restart of one job does not run the job of another application",
        &[("other-application", "same-directory")],
        &["deactivated-while-linked"],
    ),
    kept(
        "a group is found in whichever Unicode form its name is written",
        &[("group-names", "decomposed")],
        &["membership-drift-in-all", "group-without-role"],
    ),
    kept(
        "a group is found whatever the white space in its name",
        &[("group-names", "double-blank")],
        &["account-unclaimed"],
    ),
    kept(
        "without an externalId and an anchor, it is unknown whether the person has a record",
        &[("external-id", "not-mapped")],
        &["email-mismatch-and-drift"],
    ),
    kept(
        "a local group in the way names the app that is missing",
        &[("wiki-role", "nothing")],
        &["default-group-clash"],
    ),
    kept(
        "a sweep names no owner that a check cannot name",
        &[("external-id", "join")],
        &["external-id-held-by-colleague"],
    ),
    kept(
        "without a job, a user principal name is no object id",
        &[("external-id", "lower-name"), ("wiki-role", "admin")],
        &["pull-sync"],
    ),
    kept("without a job, no externalId is needed", &[("external-id", "expression")], &["pull-sync"]),
    kept(
        "a stopped job hides no unmanaged account from a sweep",
        &[],
        &["provisioning-stopped-by-itself", "deactivated-elsewhere"],
    ),
    kept(
        "a stopped job hides no held address from a sweep",
        &[],
        &["provisioning-stopped", "email-held-outside"],
    ),
    kept(
        "a switched off group sync hides no guest from a sweep",
        &[("person", "guest")],
        &["group-sync-off"],
    ),
    kept(
        "a sweep looks at a disabled person whose record is on another account",
        &[],
        &["linked-to-other-account", "idp-user-disabled"],
    ),
    kept(
        "a sweep looks at a disabled person in two directories",
        &[],
        &["two-directories", "idp-user-disabled"],
    ),
    kept(
        "a sweep finds the record that a person who left has under another name",
        &[("person", "other-name")],
        &["idp-user-missing", "not-assigned"],
    ),
    kept(
        "a sweep finds a record by the address alone",
        &[("second-directory", "with-key-and-record"), ("user-name", "on-premises-name")],
        &["idp-user-deleted"],
    ),
    kept(
        "a person whom nothing ties to an old account may be provisioned",
        &[("assigned", "direct")],
        &["email-mismatch", "never-provisioned"],
    ),
    kept(
        "a repair makes no second account beside one with an old address",
        &[("second-directory", "with-key"), ("atlassian.create_links_inactive", "flipped")],
        &["email-mismatch", "two-directories"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_kept_tenant_holds() {
    let mut report = String::new();
    for kept in KEPT {
        let recipe = Recipe { refused: kept.refused, ..Recipe::named(kept.values, kept.faults) };
        assert_eq!(
            (recipe.values.len(), recipe.faults.len()),
            (kept.values.len(), kept.faults.len()),
            "{recipe}"
        );
        for failure in broken(&recipe).await {
            report +=
                &format!("\n{}: {} {}\n{}\n", kept.name, failure.invariant, failure.kind, failure.details);
        }
    }
    assert!(report.is_empty(), "{report}");
}
