//! Which address and user name the job would write, read from its mapping's source expressions (entra.md 8).

use crate::core::evidence::{Evidence, IdpUser, Mapping};
use crate::core::subject::fold;

/// The address the job would write: what the mapping says, else the mail, else the UPN (entra.md 8).
pub(super) fn wanted_email(e: &Evidence, person: Option<&IdpUser>) -> Option<String> {
    wanted(e.mapping.get(), person?).0
}

/// The address and the `userName` that a mapping makes of a person; without a mapping, of the usual one.
pub(crate) fn wanted(mapping: Option<&Mapping>, person: &IdpUser) -> (Option<String>, Option<String>) {
    let email = mapping.and_then(|mapping| mapping.email_from.as_deref());
    let name = mapping.and_then(|mapping| mapping.user_name_from.as_deref());
    (
        attribute(person, email, &["mail", "userprincipalname"]).filter(|value| value.contains('@')),
        attribute(person, name, &["userprincipalname", "mail"]),
    )
}

pub(super) fn wanted_name(e: &Evidence, person: Option<&IdpUser>) -> Option<String> {
    wanted(e.mapping.get(), person?).1
}

/// The first attribute named in a source expression that has a value; expressions such as
/// `Coalesce([mail], [userPrincipalName])` name several.
fn attribute(person: &IdpUser, from: Option<&str>, otherwise: &[&str]) -> Option<String> {
    let value = |name: &str| match name {
        "mail" => person.mail.as_deref().filter(|mail| !mail.is_empty()).map(fold),
        "userprincipalname" => person.upn.as_deref().map(fold),
        _ => None,
    };
    let from = from.map(str::to_lowercase).unwrap_or_default();
    let mut named: Vec<(usize, &str)> = ["mail", "userprincipalname"]
        .into_iter()
        .filter_map(|name| Some((position(&from, name)?, name)))
        .collect();
    named.sort_unstable();
    if named.is_empty() {
        return otherwise.iter().find_map(|name| value(name));
    }
    named.into_iter().find_map(|(_, name)| value(name))
}

/// Where a whole attribute name stands in an expression: `mail` is not in `mailNickname`.
fn position(expression: &str, name: &str) -> Option<usize> {
    expression.match_indices(name).map(|(at, _)| at).find(|at| {
        let after = expression.get(at + name.len()..).and_then(|rest| rest.chars().next());
        !after.is_some_and(char::is_alphanumeric)
    })
}
