//! Parses the text of an expression. It must never accept a form that it does not understand in full.

use super::Expression;

/// The maximum depth of nested calls. No real mapping goes deeper.
const MAX_DEPTH: usize = 16;

pub(super) fn parse(text: &str) -> Option<Expression> {
    let mut reader = Reader { rest: text.trim() };
    let read = reader.expression(0)?;
    reader.skip();
    reader.rest.is_empty().then_some(read)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Consumes this text, if it comes next.
    fn take(&mut self, text: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Consumes everything up to and including a character, and returns what is before it.
    fn until(&mut self, end: char) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(taken)
    }

    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !is(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn expression(&mut self, depth: usize) -> Option<Expression> {
        let one = self.operand(depth)?;
        let equal = if self.take("<>") {
            false
        } else if self.take("=") {
            true
        } else {
            return Some(one);
        };
        let other = self.operand(depth)?;
        Some(Expression::Compare(Box::new(one), equal, Box::new(other)))
    }

    fn operand(&mut self, depth: usize) -> Option<Expression> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take("[") {
            let name = self.until(']')?.trim();
            return (!name.is_empty()).then(|| Expression::Attribute(name.to_owned()));
        }
        if self.take("\"") {
            return self.quoted();
        }
        self.skip();
        let word = self.while_is(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if word.is_empty() {
            return None;
        }
        if self.take("(") {
            return self.arguments(depth).map(|arguments| Expression::Call(word.to_owned(), arguments));
        }
        let is_plain = word.parse::<i64>().is_ok() || matches!(word, "True" | "False");
        is_plain.then(|| Expression::Constant(word.to_owned()))
    }

    /// Parses the rest of a quoted text. A backslash escapes the next character.
    fn quoted(&mut self) -> Option<Expression> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(Expression::Constant(text));
                }
                '\\' => text.push(characters.next()?.1),
                other => text.push(other),
            }
        }
        None
    }

    /// Parses arguments up to the closing bracket. An argument may be left out: `Switch([IsSoftDeleted], , "False",
    /// …)`.
    fn arguments(&mut self, depth: usize) -> Option<Vec<Expression>> {
        let mut arguments = Vec::new();
        loop {
            self.skip();
            if self.rest.starts_with([',', ')']) {
                if !self.rest.starts_with(')') || !arguments.is_empty() {
                    arguments.push(Expression::Constant(String::new()));
                }
            } else {
                arguments.push(self.expression(depth + 1)?);
            }
            if self.take(")") {
                return Some(arguments);
            }
            if !self.take(",") {
                return None;
            }
        }
    }
}
