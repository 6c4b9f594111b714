//! The expressions of attribute mappings, read and evaluated as Microsoft's reference of functions describes them. A
//! function that is not known here has no value: the engine must never write what the real one would not. It shares
//! no code with the bot, which reads the same expressions.

use serde_json::{Map, Value, json};

/// An expression, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// `[mail]`
    Attribute(String),
    /// `"text"`, or a number
    Constant(String),
    /// An argument that was left out.
    Absent,
    /// `Name(argument, …)`
    Function(String, Vec<Expression>),
    /// `left = right`, in conditions only
    Compare(Box<Expression>, String, Box<Expression>),
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Null,
    Text(String),
    Flag(bool),
    /// An attribute of several values.
    Many(Vec<String>),
}

impl Outcome {
    fn of(value: Option<&Value>) -> Self {
        match value {
            Some(Value::String(text)) => Self::Text(text.clone()),
            Some(Value::Bool(is)) => Self::Flag(*is),
            Some(Value::Array(all)) => {
                Self::Many(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Some(Value::Number(number)) => Self::Text(number.to_string()),
            _ => Self::Null,
        }
    }

    /// As text; nothing is the empty text.
    pub fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Flag(is) => if *is { "True" } else { "False" }.to_owned(),
            Self::Many(all) => all.join(";"),
        }
    }

    /// Null, or a text without a character.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Many(all) => all.is_empty(),
            Self::Flag(_) => false,
        }
    }
}

/// Reads an expression. None if it is none.
pub(super) fn parse(text: &str) -> Option<Expression> {
    let mut reader = Reader { rest: text };
    let whole = reader.argument()?;
    reader.skip_spaces();
    (reader.rest.is_empty() && whole != Expression::Absent).then_some(whole)
}

/// The source of an attribute mapping as Graph shows it: the text as it was typed, and the tree that it was read into.
/// An expression that cannot be read is shown as a function without parameters.
#[must_use]
pub fn source(text: &str) -> Value {
    let mut shown =
        parse(text).map_or_else(|| json!({"name": "", "type": "Function", "parameters": []}), |e| e.shown());
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("expression".to_owned(), text.into());
    }
    shown
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn next_is(&mut self, mark: char) -> bool {
        self.skip_spaces();
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn argument(&mut self) -> Option<Expression> {
        let left = self.primary()?;
        self.skip_spaces();
        let signs = ["<>", ">=", "<=", "=", "<", ">"];
        let Some(sign) = signs.into_iter().find(|sign| self.rest.starts_with(sign)) else {
            return Some(left);
        };
        self.rest = self.rest.strip_prefix(sign)?;
        let right = self.primary()?;
        Some(Expression::Compare(Box::new(left), sign.to_owned(), Box::new(right)))
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.next_is('[') {
            let (name, rest) = self.rest.split_once(']')?;
            self.rest = rest;
            return Some(Expression::Attribute(name.to_owned()));
        }
        if self.next_is('"') {
            return self.constant();
        }
        let word: String =
            self.rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        self.rest = self.rest.strip_prefix(word.as_str())?;
        if word.is_empty() {
            return Some(Expression::Absent);
        }
        if !self.next_is('(') {
            return Some(Expression::Constant(word));
        }
        let mut arguments = Vec::new();
        if self.next_is(')') {
            return Some(Expression::Function(word, arguments));
        }
        loop {
            arguments.push(self.argument()?);
            if self.next_is(')') {
                return Some(Expression::Function(word, arguments));
            }
            if !self.next_is(',') {
                return None;
            }
        }
    }

    /// A text up to its closing quotation mark; a backslash makes the next character a plain one.
    fn constant(&mut self) -> Option<Expression> {
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next()? {
                '\\' => text.push(chars.next()?),
                '"' => break,
                other => text.push(other),
            }
        }
        self.rest = chars.as_str();
        Some(Expression::Constant(text))
    }
}

impl Expression {
    fn shown(&self) -> Value {
        let node = |kind: &str, name: &str, parameters: Vec<Value>| json!({"expression": self.written(), "name": name, "type": kind, "parameters": parameters});
        match self {
            Self::Attribute(name) => node("Attribute", name, Vec::new()),
            Self::Constant(text) => node("Constant", text, Vec::new()),
            Self::Absent => Value::Null,
            Self::Function(name, arguments) => {
                let pairs = arguments.iter().enumerate();
                let shown = pairs
                    .map(|(at, one)| json!({"key": super::functions::parameter(name, at), "value": one.shown()}))
                    .collect();
                node("Function", name, shown)
            }
            Self::Compare(left, sign, right) => {
                let sides = [("left", left), ("right", right)];
                let shown = sides.into_iter().map(|(key, one)| json!({"key": key, "value": one.shown()}));
                node("Function", sign, shown.collect())
            }
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Attribute(name) => format!("[{name}]"),
            Self::Constant(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            Self::Absent => String::new(),
            Self::Function(name, arguments) => {
                let all: Vec<String> = arguments.iter().map(Self::written).collect();
                format!("{name}({})", all.join(", "))
            }
            Self::Compare(left, sign, right) => format!("{}{sign}{}", left.written(), right.written()),
        }
    }

    /// The value for an object with these attributes. None where a function is not known here.
    pub fn evaluate(&self, object: &Map<String, Value>, empty_is_false: bool) -> Option<Outcome> {
        match self {
            Self::Attribute(name) => Some(Outcome::of(object.get(name))),
            Self::Constant(text) => Some(Outcome::Text(text.clone())),
            Self::Absent => Some(Outcome::Null),
            Self::Compare(left, sign, right) => {
                let left = left.evaluate(object, empty_is_false)?.text();
                let right = right.evaluate(object, empty_is_false)?.text();
                Some(Outcome::Flag(match sign.as_str() {
                    "=" => left == right,
                    "<>" => left != right,
                    ">" => left > right,
                    ">=" => left >= right,
                    "<" => left < right,
                    _ => left <= right,
                }))
            }
            Self::Function(name, arguments) if name == "IIF" => {
                let [condition, then, otherwise] = arguments.as_slice() else { return None };
                // "If the source attribute used within the IIF function is empty or null, the condition check fails."
                let taken = if condition.asks_for_nothing(object) {
                    if !empty_is_false {
                        return Some(Outcome::Null);
                    }
                    otherwise
                } else if condition.evaluate(object, empty_is_false)?.text() == "True" {
                    then
                } else {
                    otherwise
                };
                taken.evaluate(object, empty_is_false)
            }
            Self::Function(name, arguments) => {
                let values: Option<Vec<Outcome>> =
                    arguments.iter().map(|one| one.evaluate(object, empty_is_false)).collect();
                super::functions::call(name, &values?)
            }
        }
    }

    /// Whether it names an attribute that is empty.
    fn asks_for_nothing(&self, object: &Map<String, Value>) -> bool {
        match self {
            Self::Attribute(name) => Outcome::of(object.get(name)).is_empty(),
            Self::Constant(_) | Self::Absent => false,
            Self::Function(_, arguments) => arguments.iter().any(|one| one.asks_for_nothing(object)),
            Self::Compare(left, _, right) => left.asks_for_nothing(object) || right.asks_for_nothing(object),
        }
    }
}
