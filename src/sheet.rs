//! Tables for spreadsheets (CSV, RFC 4180), made of what other people typed. A cell must never be run as a formula.

use reinstate_core::sweep::SweepFinding;

/// The first line of a sweep's table.
pub const SWEEP_HEAD: &str = "\"account\",\"verdict\",\"causes\",\"missing groups\",\"plan\",\"risk\",\"needs approval\",\"something unread\",\"atlassian account id\",\"idp user id\",\"plan digest\"";

/// One line of a sweep's table.
#[must_use]
pub fn sweep_row(found: &SweepFinding) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let causes: Vec<&str> = found.causes.iter().map(|cause| cause.code()).collect();
    let missing = found.missing.map_or("unknown".to_owned(), |count| count.to_string());
    let cells = [
        found.query.as_str(),
        found.verdict.word(),
        &causes.join(" "),
        &missing,
        &found.steps.join(" "),
        found.risk.map_or("", |risk| risk.word()),
        if found.digest.is_some() { yes(found.needs_approval) } else { "" },
        yes(found.unread),
        found.account.as_deref().unwrap_or_default(),
        found.person.as_deref().unwrap_or_default(),
        found.digest.as_deref().unwrap_or_default(),
    ];
    cells.map(cell).join(",")
}

/// One cell: always quoted, and a text that a spreadsheet would run as a formula begins with an apostrophe
/// (OWASP, "CSV Injection").
#[must_use]
pub fn cell(text: &str) -> String {
    let risky = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
    let apostrophe = if risky { "'" } else { "" };
    format!("\"{apostrophe}{}\"", text.replace('"', "\"\"").replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_quotes_are_doubled() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("@SUM(1)"), "\"'@SUM(1)\"");
        assert_eq!(cell("  =1+1"), "\"'  =1+1\"");
        assert_eq!(cell("Jane, \"JD\"\nDoe"), "\"Jane, \"\"JD\"\" Doe\"");
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_head() {
        let found = SweepFinding {
            query: "=cmd@acme.example".to_owned(),
            account: None,
            person: None,
            verdict: reinstate_core::Verdict::Broken,
            causes: vec![reinstate_core::Cause::RecordUnlinked, reinstate_core::Cause::MatchingOnEmail],
            missing: Some(2),
            unread: false,
            digest: None,
            steps: Vec::new(),
            risk: None,
            needs_approval: false,
        };
        let row = sweep_row(&found);
        assert_eq!(row.matches("\",\"").count(), SWEEP_HEAD.matches("\",\"").count());
        assert!(
            row.starts_with("\"'=cmd@acme.example\",\"broken\",\"record-unlinked matching-on-email\",\"2\""),
            "{row}"
        );
    }
}
