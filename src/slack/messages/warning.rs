//! A warning of something that runs out: what it is, why it matters, and what to do.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::slack::markup::Markup;
use reinstate_core::warning::{Credential, Stage, Warning};

/// The warning, in a few sentences.
#[must_use]
pub fn warning(warning: &Warning) -> Markup {
    match warning {
        Warning::Expiry { of, ends, stage } => credential(of, *ends, *stage),
        Warning::Seats { app } => {
            let text = Markup::new().literal("*").escaped(&app.name);
            let text = match &app.site {
                Some(site) => text.literal(" (").escaped(site).literal(")"),
                None => text,
            };
            let text = text.literal(": ").then(&number(app.usage)).literal(" of ").then(&number(app.capacity));
            text.literal(
                " seats are taken.* When none is left, people who are added to its groups do not get the app. \
                 Free seats, or buy more.",
            )
        }
        Warning::Group { group, limit } => Markup::new()
            .literal("*The group ")
            .escaped(&group.name)
            .literal(" has ")
            .then(&number(group.members))
            .literal(" of the ")
            .then(&number(Some(*limit)))
            .literal(
                " members that the synchronization to Atlassian takes.* When it has that many, new members do \
                 not arrive. Split the group at the identity provider into smaller groups. Assign these to the Atlassian \
                 application, and give them the same roles at Atlassian before people are moved.",
            ),
        Warning::NoCycle { since, .. } => Markup::new()
            .literal("*The provisioning job has finished no cycle since ")
            .time(*since)
            .literal(
                ".* It is active, and a cycle takes about 40 minutes. Until one ends, no change at Entra ID reaches \
                 Atlassian. Look at the progress and the logs in *Enterprise applications* > the Atlassian application > \
                 *Provisioning*.",
            ),
    }
}

fn credential(of: &Credential, ends: Timestamp, stage: Stage) -> Markup {
    let text = Markup::new();
    let text = match of {
        Credential::OrganizationKey => text.literal("*The API key of the Atlassian organization "),
        Credential::ScimKey(directory) => {
            text.literal("*The SCIM key of the directory ").escaped(directory).literal(" ")
        }
        Credential::ClientSecret => text.literal("*The client secret of Reinstate at Entra ID "),
        Credential::Certificate => text.literal("*The certificate of Reinstate at Entra ID "),
    };
    let day = ends.to_zoned(TimeZone::UTC).date().to_string();
    let text = text.literal(match stage {
        Stage::Over => "ended on ",
        Stage::Month | Stage::Week | Stage::Day => "ends on ",
    });
    text.escaped(&day).literal(".* ").literal(effect(of, stage)).literal(renewal(of))
}

fn effect(of: &Credential, stage: Stage) -> &'static str {
    let is_over = stage == Stage::Over;
    match of {
        Credential::OrganizationKey if is_over => {
            "If it was not renewed, Reinstate diagnoses and repairs nothing. "
        }
        Credential::OrganizationKey => "After that, Reinstate diagnoses and repairs nothing. ",
        Credential::ScimKey(_) if is_over => {
            "If it was not renewed, Atlassian refuses everything that Entra ID provisions, for everybody. "
        }
        Credential::ScimKey(_) => {
            "After that, Atlassian refuses everything that Entra ID provisions, for everybody. "
        }
        Credential::ClientSecret | Credential::Certificate if is_over => {
            "Reinstate can no longer log in to Entra ID, so it diagnoses and repairs nothing. "
        }
        Credential::ClientSecret | Credential::Certificate => {
            "After that, Reinstate can no longer log in to Entra ID, so it diagnoses and repairs nothing. "
        }
    }
}

fn renewal(of: &Credential) -> &'static str {
    match of {
        Credential::OrganizationKey => {
            "Make a new key without scopes in admin.atlassian.com > *Settings* > *API keys*. Put it into \
             `REINSTATE_ATLASSIAN_ORG_KEY` and its end into `expiry.org_key`, and restart Reinstate."
        }
        Credential::ScimKey(_) => {
            "Make a new key in admin.atlassian.com > *Security* > *Identity providers* > the directory. It ends the old \
             one, so put it at once into *Provisioning* > *Admin credentials* of the Atlassian application at Entra ID. \
             Put it also into `REINSTATE_ATLASSIAN_SCIM_KEY` (`…_2` for the second directory) and its end into `expiry.scim_keys`, and restart Reinstate."
        }
        Credential::ClientSecret => {
            "Make a new secret in *App registrations* > Reinstate > *Certificates & secrets*. Put it into \
             `REINSTATE_ENTRA_CLIENT_SECRET`, and restart Reinstate."
        }
        Credential::Certificate => {
            "Upload a new certificate in *App registrations* > Reinstate > *Certificates & secrets*. Put it with its key \
             into `REINSTATE_ENTRA_CERTIFICATE`, and restart Reinstate."
        }
    }
}

fn number(number: Option<i64>) -> Markup {
    Markup::new().number(number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0))
}
