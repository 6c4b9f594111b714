//! The causes of a report over time, as rows of block characters with their numbers beside them. Pure. A row must always
//! have the numbers, because not everybody can see the blocks.

use jiff::civil::Date;
use reinstate_core::report::{CauseFigures, Report};

/// From one eighth to the whole of the height.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The causes of a report over its newest periods.
pub(crate) struct Picture {
    /// The first day of the oldest and of the newest period that is shown.
    pub(crate) periods: Option<(Date, Date)>,
    /// One row for each cause.
    pub(crate) rows: Vec<String>,
    /// How many causes have no row.
    pub(crate) more: usize,
}

impl Picture {
    /// At most this many causes, and periods.
    pub(crate) fn of(report: &Report, most: usize, periods: usize) -> Self {
        let starts = report.unit.starts(report.since, report.until, periods);
        let shown: Vec<&CauseFigures> = report.causes.iter().take(most).collect();
        let numbers = |one: &CauseFigures| -> Vec<u64> {
            starts.iter().map(|start| one.by_period.get(start).copied().unwrap_or_default()).collect()
        };
        let all: Vec<Vec<u64>> = shown.iter().map(|one| numbers(one)).collect();
        let highest = all.iter().flatten().copied().max().unwrap_or_default();
        let width = shown.iter().map(|one| one.cause.code().len()).max().unwrap_or_default();
        let digits = highest.to_string().len();
        let rows = shown.iter().zip(&all).map(|(one, numbers)| {
            let blocks: String = numbers.iter().map(|number| block(*number, highest)).collect();
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:>digits$}")).collect();
            let code = one.cause.code();
            format!("{code:<width$}  {blocks}  {} = {}", numbers.join(" "), one.repairs)
        });
        let periods = starts.first().copied().zip(starts.last().copied());
        Self { periods, rows: rows.collect(), more: report.causes.len().saturating_sub(most) }
    }
}

/// The block of a number. Only zero has none.
fn block(number: u64, highest: u64) -> char {
    let Some(eighths) = number.saturating_mul(8).checked_div(highest).filter(|_| number > 0) else {
        return '·';
    };
    let index = usize::try_from(eighths.max(1) - 1).unwrap_or(usize::MAX);
    BLOCKS.get(index).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_as_high_as_its_number_and_only_zero_has_none() {
        let shown: String = (0..=8).map(|number| block(number, 8)).collect();
        assert_eq!(shown, "·▁▂▃▄▅▆▇█");
        let shown: String = [1, 50, 99, 100].map(|number| block(number, 100)).into_iter().collect();
        assert_eq!(shown, "▁▄▇█");
        assert_eq!(block(0, 0), '·');
    }
}
