//! A string store that keeps strings end to end in large chunks. A hundred thousand people have a million short
//! strings. One heap allocation for each would take more memory than the strings themselves. It must never change or
//! free what was stored.

use std::collections::BTreeMap;

const PIECE_BYTES: usize = 1 << 20;

/// The position of a stored string. The default means "none".
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
    /// Stores a string. An empty string is stored as none.
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

    /// Stores an optional string.
    pub(super) fn maybe(&mut self, text: Option<&str>) -> Text {
        text.map_or_else(Text::default, |text| self.put(text))
    }

    /// Stores a string that repeats often, only once.
    pub(super) fn shared(&mut self, text: Option<&str>) -> Text {
        let Some(text) = text else { return Text::default() };
        if let Some(known) = self.shared.get(text) {
            return *known;
        }
        let new = self.put(text);
        self.shared.insert(text.to_owned(), new);
        new
    }

    /// Reads a string back.
    pub(super) fn get(&self, text: Text) -> Option<&str> {
        let (at, len) = (usize::try_from(text.at).ok()?, usize::try_from(text.len).ok()?);
        if len == 0 {
            return None;
        }
        self.pieces.get(usize::try_from(text.piece).ok()?)?.get(at..at.checked_add(len)?)
    }

    /// Like [`Self::get`], but returns an owned string.
    pub(super) fn owned(&self, text: Text) -> Option<String> {
        self.get(text).map(str::to_owned)
    }
}
