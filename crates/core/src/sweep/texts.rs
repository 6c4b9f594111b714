//! Strings stored end to end in large pieces: a hundred thousand people have a million short strings, and a heap
//! allocation for each would weigh more than the strings. It must never change or give back what was put in.

use std::collections::BTreeMap;

const PIECE_BYTES: usize = 1 << 20;

/// Where a string stands; the default is "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    piece: u32,
    at: u32,
    len: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    pieces: Vec<String>,
    shared: BTreeMap<String, Text>,
}

impl Texts {
    /// Stores a string; an empty one is none.
    pub(super) fn put(&mut self, text: &str) -> Text {
        let Ok(len) = u32::try_from(text.len()) else { return Text::default() };
        if len == 0 {
            return Text::default();
        }
        if self.pieces.last().is_none_or(|last| last.len() + text.len() > PIECE_BYTES) {
            self.pieces.push(String::with_capacity(PIECE_BYTES.max(text.len())));
        }
        let piece = u32::try_from(self.pieces.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let Some(last) = self.pieces.last_mut() else { return Text::default() };
        let at = u32::try_from(last.len()).unwrap_or(u32::MAX);
        last.push_str(text);
        Text { piece, at, len }
    }

    /// Stores what may be there.
    pub(super) fn maybe(&mut self, text: Option<&str>) -> Text {
        text.map_or_else(Text::default, |text| self.put(text))
    }

    /// Stores one of a few strings that come again and again.
    pub(super) fn shared(&mut self, text: Option<&str>) -> Text {
        let Some(text) = text else { return Text::default() };
        if let Some(known) = self.shared.get(text) {
            return *known;
        }
        let new = self.put(text);
        self.shared.insert(text.to_owned(), new);
        new
    }

    /// Reads one back.
    pub(super) fn get(&self, text: Text) -> Option<&str> {
        let (at, len) = (usize::try_from(text.at).ok()?, usize::try_from(text.len).ok()?);
        if len == 0 {
            return None;
        }
        self.pieces.get(usize::try_from(text.piece).ok()?)?.get(at..at.checked_add(len)?)
    }

    /// The same, owned.
    pub(super) fn owned(&self, text: Text) -> Option<String> {
        self.get(text).map(str::to_owned)
    }
}
