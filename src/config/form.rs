//! Checks the forms of single values: Slack ids, durations, base URLs. Pure functions. They must never repeat a value
//! that may contain a password.

use url::Url;

/// Whether the text looks like a Slack id that begins with one of `first`.
pub(super) fn is_slack_id(text: &str, first: &[char]) -> bool {
    text.starts_with(first)
        && text.len() > 1
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// The advice for a text that does not look like a Slack id.
pub(super) fn slack_id_fix(first: &[char], noun: &str) -> String {
    let first = first.iter().map(char::to_string).collect::<Vec<_>>().join(" or ");
    format!("Copy the {noun}'s id in Slack: capital letters and digits, beginning with {first}")
}

/// Parses `1h30m` or `90s`: whole numbers, each with its unit.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(unit_at)?;
        let unit = tail.chars().next()?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = tail.get(unit.len_utf8()..)?;
    }
    (total > 0).then_some(total)
}

/// Parses a base URL: http or https, with a host. Its path is kept. It has no part, such as a query, that would
/// prevent adding a path.
///
/// # Errors
/// What is wrong, and what to do. The text itself is not repeated, because it may contain a password.
pub fn base_url(text: &str) -> Result<Url, (&'static str, &'static str)> {
    let fix = "Write it like https://host or https://host/path";
    let url = Url::parse(text).map_err(|_| ("this is not a URL", fix))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(("the URL must begin with http:// or https://", fix));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "the URL carries a user name or password",
            "Remove it; secrets have variables of their own",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(("the URL carries a query or a fragment", "Remove what begins with ? or #"));
    }
    Ok(url)
}
