//! RUN, as people type it: the id of a run or a sweep, or a part of it. Pure. It must never guess which run is meant.

use reinstate_core::short_id::MIN_RUN_CHARACTERS;

/// The length of a whole id.
const ID_CHARACTERS: usize = 36;

/// A whole id, or characters from its beginning or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRef(String);

impl RunRef {
    /// Parses RUN. Quotes, and dots that stand for the rest of the id, are left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(['`', '"', '\'', '.', '\u{2026}']).to_ascii_lowercase();
        if let Ok(id) = uuid::Uuid::parse_str(&text) {
            return Some(Self(id.to_string()));
        }
        let fits = (MIN_RUN_CHARACTERS..ID_CHARACTERS).contains(&text.len());
        let plain = text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'));
        (fits && plain).then_some(Self(text))
    }

    /// Whether it is a whole id.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.len() == ID_CHARACTERS
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use reinstate_core::short_id;

    use super::*;

    const ID: &str = "01a22b0e-0438-7587-8f82-176a680e8a9b";

    #[test]
    fn a_whole_id_or_four_characters_of_its_beginning_or_its_end_are_a_run() {
        let run = |text: &str| RunRef::parse(text).map(|run| run.text().to_owned());
        for whole in [ID, &ID.to_uppercase(), &format!("`{ID}`"), &ID.replace('-', "")] {
            assert_eq!(run(whole).as_deref(), Some(ID), "{whole}");
            assert!(RunRef::parse(whole).unwrap().is_whole());
        }
        for part in ["8a9b", "01a2", "…8a9b", "`8A9B`", "...8a9b", "01a22b0e-0438", short_id(ID)] {
            let found = RunRef::parse(part).unwrap_or_else(|| panic!("{part}"));
            assert!(ID.starts_with(found.text()) || ID.ends_with(found.text()), "{part}");
            assert!(!found.is_whole());
        }
        for other in
            ["", "a9b", "everything", "the-last-one", "jane@acme.example", "8a9b 8a9c", "%%%%", "8a9é"]
        {
            assert_eq!(run(other), None, "{other}");
        }
        assert_eq!(run(&"a".repeat(37)), None);
    }
}
