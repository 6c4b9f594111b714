//! A parser for the small part of OData `$filter` that the documents show. It must never guess: anything unknown is
//! an error with its position.

/// An operator or function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Gt,
    Ge,
    Lt,
    Le,
    In,
    StartsWith,
    EndsWith,
    Contains,
    /// `path/any(x:x eq 'value')`
    AnyEq,
}

/// One condition. Conditions are joined by `and`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    pub path: String,
    pub op: Op,
    pub values: Vec<String>,
    /// Whether the values were in quotation marks.
    pub quoted: bool,
    /// Whether the path was in `tolower()`.
    pub lowered: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

/// Parses a filter.
pub(super) fn parse(text: &str) -> Result<Vec<Clause>, String> {
    let mut reader = Reader { tokens: tokens(text)?.into_iter().peekable() };
    let mut clauses = vec![reader.clause()?];
    while let Some(token) = reader.tokens.next() {
        if token != Token::Word("and".into()) {
            return Err(format!("Invalid filter clause near {token:?}: only 'and' joins conditions here."));
        }
        clauses.push(reader.clause()?);
    }
    Ok(clauses)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => {}
            '(' | ')' | ',' => out.push(Token::Mark(c)),
            '\'' => {
                let mut value = String::new();
                loop {
                    match chars.next() {
                        None => return Err("There is an unterminated string literal in the filter.".into()),
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            value.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => value.push(other),
                    }
                }
                out.push(Token::Text(value));
            }
            c if c.is_ascii_alphanumeric() || "_/:-.".contains(c) => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|n| n.is_ascii_alphanumeric() || "_/:-.".contains(*n)) {
                    word.push(next);
                }
                out.push(Token::Word(word));
            }
            other => return Err(format!("Syntax error at '{other}' in the filter.")),
        }
    }
    Ok(out)
}

struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    fn clause(&mut self) -> Result<Clause, String> {
        let head = self.word()?;
        let opened = self.tokens.next_if_eq(&Token::Mark('(')).is_some();
        if opened {
            if let Some(path) = head.strip_suffix("/any") {
                return self.any(path);
            }
            let op = match head.to_ascii_lowercase().as_str() {
                "startswith" => Op::StartsWith,
                "endswith" => Op::EndsWith,
                "contains" => Op::Contains,
                _ => return Err(format!("An unknown function with name '{head}' was found.")),
            };
            let mut path = self.word()?;
            let lowered = path == "tolower";
            if lowered {
                self.mark('(')?;
                path = self.word()?;
                self.mark(')')?;
            }
            self.mark(',')?;
            let (value, quoted) = self.value()?;
            self.mark(')')?;
            return Ok(Clause { path, op, values: vec![value], quoted, lowered });
        }
        let op = match self.word()?.as_str() {
            "eq" => Op::Eq,
            "gt" => Op::Gt,
            "ge" => Op::Ge,
            "lt" => Op::Lt,
            "le" => Op::Le,
            "in" => return self.list(head),
            other => return Err(format!("Unsupported operator '{other}' in the filter.")),
        };
        let (value, quoted) = self.value()?;
        Ok(Clause { path: head, op, values: vec![value], quoted, lowered: false })
    }

    fn any(&mut self, path: &str) -> Result<Clause, String> {
        let head = self.word()?;
        let (range, used) = match head.split_once(':') {
            Some((range, "")) => (range.to_owned(), self.word()?),
            Some((range, used)) => (range.to_owned(), used.to_owned()),
            None => return Err("A range variable is missing in 'any'.".into()),
        };
        if range != used || self.word()? != "eq" {
            return Err("Only 'any(x:x eq …)' is supported.".into());
        }
        let (value, quoted) = self.value()?;
        self.mark(')')?;
        Ok(Clause { path: path.to_owned(), op: Op::AnyEq, values: vec![value], quoted, lowered: false })
    }

    fn list(&mut self, path: String) -> Result<Clause, String> {
        self.mark('(')?;
        let mut values = Vec::new();
        loop {
            let (value, quoted) = self.value()?;
            if !quoted {
                return Err("Values of 'in' must be quoted.".into());
            }
            values.push(value);
            if self.tokens.next_if_eq(&Token::Mark(',')).is_none() {
                break;
            }
        }
        self.mark(')')?;
        Ok(Clause { path, op: Op::In, values, quoted: true, lowered: false })
    }

    fn word(&mut self) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("A name was expected in the filter, found {other:?}.")),
        }
    }

    fn value(&mut self) -> Result<(String, bool), String> {
        match self.tokens.next() {
            Some(Token::Text(value)) => Ok((value, true)),
            Some(Token::Word(value)) => Ok((value, false)),
            other => Err(format!("A value was expected in the filter, found {other:?}.")),
        }
    }

    fn mark(&mut self, mark: char) -> Result<(), String> {
        match self.tokens.next() {
            Some(Token::Mark(found)) if found == mark => Ok(()),
            other => Err(format!("'{mark}' was expected in the filter, found {other:?}.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_quotes_are_one_quote() {
        let clauses = parse("mail eq 'o''neil@acme.example'").unwrap();
        assert_eq!(clauses[0].values, ["o'neil@acme.example"]);
    }

    #[test]
    fn a_single_quote_inside_is_refused() {
        assert!(parse("mail eq 'o'neil@acme.example'").is_err());
        assert!(parse("mail eq 'x' or mail eq 'y'").is_err());
        assert!(parse("mail eq 'x").is_err());
    }

    #[test]
    fn any_and_conjunctions_are_read() {
        let any = parse("proxyAddresses/any(p:p eq 'smtp:a@b')").unwrap();
        assert_eq!((any[0].op, any[0].path.as_str()), (Op::AnyEq, "proxyAddresses"));
        let two = parse("jobId eq 'j' and activityDateTime gt 2026-11-22T00:00:00Z").unwrap();
        assert_eq!(two[1].op, Op::Gt);
        assert!(!two[1].quoted);
    }
}
