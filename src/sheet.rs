//! Writes CSV tables (RFC 4180) for spreadsheets. The cells hold text from other people. A cell must never be run as
//! a formula.

use std::io::{self, Write};

use csv::{QuoteStyle, Terminator};
use reinstate_core::sweep::SweepFinding;

const SWEEP_COLUMNS: [&str; 12] = [
    "account",
    "verdict",
    "causes",
    "missing groups",
    "missing apps",
    "plan",
    "risk",
    "needs approval",
    "something unread",
    "atlassian account id",
    "idp user id",
    "plan digest",
];

/// A table that is written row by row. Every cell is quoted.
pub struct Sheet<W: Write>(csv::Writer<W>);

impl<W: Write> Sheet<W> {
    /// For a terminal or a local file: lines end with a line feed.
    pub fn with_line_feeds(out: W) -> Self {
        Self::new(out, Terminator::Any(b'\n'))
    }

    /// For a file that is given to other people: lines end with CRLF.
    pub fn with_crlf(out: W) -> Self {
        Self::new(out, Terminator::CRLF)
    }

    fn new(out: W, terminator: Terminator) -> Self {
        Self(
            csv::WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(terminator).from_writer(out),
        )
    }

    /// Writes the header row of a sweep's table.
    ///
    /// # Errors
    /// As [`Sheet::row`].
    pub fn sweep_columns(&mut self) -> io::Result<()> {
        self.row(SWEEP_COLUMNS)
    }

    /// Writes the row of one account of a sweep.
    ///
    /// # Errors
    /// As [`Sheet::row`].
    pub fn sweep_row(&mut self, found: &SweepFinding) -> io::Result<()> {
        let yes = |is: bool| if is { "yes" } else { "no" };
        let causes: Vec<&str> = found.causes.iter().map(|cause| cause.code()).collect();
        let missing = found.missing.map_or("unknown".to_owned(), |count| count.to_string());
        let cells: [&str; SWEEP_COLUMNS.len()] = [
            found.query.as_str(),
            found.verdict.word(),
            &causes.join(" "),
            &missing,
            &found.missing_apps.as_ref().map_or("unknown".to_owned(), |apps| apps.join(", ")),
            &found.steps.join(" "),
            found.risk.map_or("", |risk| risk.word()),
            if found.digest.is_some() { yes(found.needs_approval) } else { "" },
            yes(found.unread),
            found.account.as_deref().unwrap_or_default(),
            found.person.as_deref().unwrap_or_default(),
            found.digest.as_deref().unwrap_or_default(),
        ];
        self.row(cells)
    }

    /// Writes one row.
    ///
    /// # Errors
    /// When it cannot be written, or when it has another number of cells than the row before.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
        let cells = cells.into_iter().map(|cell| harmless(cell.as_ref()));
        self.0.write_record(cells).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }

    /// Flushes the buffer.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Puts an apostrophe before text that a spreadsheet would run as a formula (OWASP, "CSV Injection"), and keeps the
/// text on one line.
fn harmless(text: &str) -> String {
    let risky = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
    let apostrophe = if risky { "'" } else { "" };
    format!("{apostrophe}{}", text.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Sheet<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let mut sheet = Sheet::with_crlf(&mut out);
        write(&mut sheet);
        sheet.flush().unwrap();
        drop(sheet);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_cell_is_a_formula_and_quotes_are_doubled() {
        let table = written(|sheet| {
            sheet.row(["=HYPERLINK(\"x\")", "@SUM(1)", "  =1+1", "Jane, \"JD\"\nDoe"]).unwrap();
        });
        assert_eq!(table, "\"'=HYPERLINK(\"\"x\"\")\",\"'@SUM(1)\",\"'  =1+1\",\"Jane, \"\"JD\"\" Doe\"\r\n");
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_columns() {
        let found = SweepFinding {
            query: "=cmd@acme.example".to_owned(),
            name: None,
            account: None,
            person: None,
            verdict: reinstate_core::Verdict::Broken,
            causes: vec![reinstate_core::Cause::RecordUnlinked, reinstate_core::Cause::MatchingOnEmail],
            missing: Some(2),
            missing_apps: Some(vec!["confluence (acme)".to_owned()]),
            unread: false,
            digest: None,
            steps: Vec::new(),
            groups: Vec::new(),
            risk: None,
            needs_approval: false,
        };
        let table = written(|sheet| {
            sheet.sweep_columns().unwrap();
            sheet.sweep_row(&found).unwrap();
        });
        let expected = "\"account\",\"verdict\",\"causes\",\"missing groups\",\"missing apps\",\"plan\",\"risk\",\"needs approval\",\
                        \"something unread\",\"atlassian account id\",\"idp user id\",\"plan digest\"\r\n\
                        \"'=cmd@acme.example\",\"broken\",\"record-unlinked matching-on-email\",\"2\",\"confluence (acme)\",\"\",\"\",\"\",\
                        \"no\",\"\",\"\",\"\"\r\n";
        assert_eq!(table, expected);
        written(|sheet| {
            sheet.sweep_columns().unwrap();
            assert!(sheet.row(["one cell"]).is_err());
        });
    }
}
