//! Lines of a conversation for a terminal: wrapped at its width, with Slack's bold and code as colour. Elsewhere, or
//! where `NO_COLOR` is set, the words alone. A control character of somebody else never reaches the terminal.

use std::io::IsTerminal as _;

use terminal_size::terminal_size;

/// No line is longer than this, however wide the terminal is: people read it.
const MAX_COLUMNS: usize = 120;

/// Signs that begin a line: as Slack's text has them, their colour, the sign in a terminal, and the sign elsewhere.
/// The words after an emoji say what it says.
const SIGNS: &[(&str, &str, &str, &str)] = &[
    ("[x] ", "32", "✓ ", "[x] "),
    ("[~] ", "33", "… ", "[~] "),
    ("[ ] ", "2", "· ", "[ ] "),
    ("[!] ", "31", "! ", "[!] "),
    (":white_check_mark: ", "32", "✓ ", ""),
    (":x: ", "31", "✕ ", ""),
    (":grey_question: ", "33", "? ", ""),
];

pub(super) struct Paint {
    terminal: bool,
    colour: bool,
}

impl Paint {
    pub(super) fn of_stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Self { terminal, colour }
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// How many lines the terminal shows.
    pub(super) fn rows(&self) -> usize {
        terminal_size().map_or(24, |(_, rows)| rows.0.into())
    }

    fn width(&self) -> usize {
        if !self.terminal {
            return usize::MAX;
        }
        terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, MAX_COLUMNS)
    }

    /// Text in one colour (the number of an SGR sequence).
    pub(super) fn colour(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{}\u{1b}[0m", clean(text)) } else { clean(text) }
    }

    /// These lines, indented; as many as it takes.
    pub(super) fn lines(&self, lines: &[String], indent: usize) -> Vec<String> {
        lines.iter().flat_map(|line| self.wrapped(line, indent, self.width())).collect()
    }

    /// One line, wrapped: what follows is indented a little more.
    fn wrapped(&self, line: &str, indent: usize, width: usize) -> Vec<String> {
        let (mark, line) = self.mark(line);
        let mut style = Style::default();
        let mut all = Vec::new();
        let mut row = format!("{}{mark}", " ".repeat(indent));
        let mut length = indent.saturating_add(mark_width(&mark));
        let hang = length.max(indent.saturating_add(2));
        let mut empty = true;
        for word in line.split(' ') {
            let visible = clean(word).chars().filter(|c| !matches!(c, '*' | '`')).count();
            if !empty && length.saturating_add(1).saturating_add(visible) > width {
                all.push(format!("{row}{}", self.off(style)));
                row = format!("{}{}", " ".repeat(hang), self.on(style));
                (length, empty) = (hang, true);
            }
            if !empty {
                row.push(' ');
                length = length.saturating_add(1);
            }
            row.push_str(&self.word(word, &mut style));
            length = length.saturating_add(visible);
            empty = false;
        }
        all.push(format!("{row}{}", self.off(style)));
        all
    }

    /// The sign at the beginning of a line, painted, and the rest of it.
    fn mark<'a>(&self, line: &'a str) -> (String, &'a str) {
        for (sign, code, shown, plain) in SIGNS {
            if let Some(rest) = line.strip_prefix(sign) {
                let shown = if self.terminal { self.colour(code, shown) } else { (*plain).to_owned() };
                return (shown, rest);
            }
        }
        match line.strip_prefix("> ") {
            Some(rest) => {
                let (mark, rest) = self.mark(rest);
                (format!("> {mark}"), rest)
            }
            None => (String::new(), line),
        }
    }

    /// A word, whose marks turn bold and code on and off.
    fn word(&self, word: &str, style: &mut Style) -> String {
        let mut text = String::new();
        for c in clean(word).chars() {
            match c {
                '*' => style.bold = !style.bold,
                '`' => style.code = !style.code,
                c => {
                    text.push(c);
                    continue;
                }
            }
            text.push_str(if self.colour { "\u{1b}[0m" } else { "" });
            text.push_str(&self.on(*style));
        }
        text
    }

    fn on(&self, style: Style) -> String {
        let bold = if style.bold && self.colour { "\u{1b}[1m" } else { "" };
        let code = if style.code && self.colour { "\u{1b}[36m" } else { "" };
        format!("{bold}{code}")
    }

    fn off(&self, style: Style) -> &'static str {
        if self.colour && (style.bold || style.code) { "\u{1b}[0m" } else { "" }
    }
}

#[derive(Clone, Copy, Default)]
struct Style {
    bold: bool,
    code: bool,
}

/// What a painted mark takes on the screen.
fn mark_width(mark: &str) -> usize {
    let (mut width, mut within) = (0_usize, false);
    for c in mark.chars() {
        match (within, c) {
            (false, '\u{1b}') => within = true,
            (true, 'm') => within = false,
            (false, _) => width = width.saturating_add(1),
            (true, _) => {}
        }
    }
    width
}

/// Without control characters, which could rewrite what stands on the screen.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { terminal: false, colour: false };
    const COLOUR: Paint = Paint { terminal: true, colour: true };

    #[test]
    fn elsewhere_the_words_alone() {
        let lines = ["*Waits* for `x`".to_owned(), "[x] done".to_owned(), "> [~] now".to_owned()];
        assert_eq!(PLAIN.lines(&lines, 2), ["  Waits for x", "  [x] done", "  > [~] now"]);
    }

    #[test]
    fn a_terminal_gets_colour_and_short_lines() {
        let rows = COLOUR.wrapped("[x] *one two* three", 2, 10);
        assert_eq!(
            rows,
            [
                "  \u{1b}[32m✓ \u{1b}[0m\u{1b}[0m\u{1b}[1mone\u{1b}[0m",
                "    \u{1b}[1mtwo\u{1b}[0m",
                "    three"
            ]
        );
        assert!(rows.iter().all(|row| mark_width(row) <= 10), "no row is wider than it may be: {rows:?}");
    }

    #[test]
    fn nobody_paints_but_us() {
        let evil = "a\u{1b}[2Jb\u{7}\rc".to_owned();
        assert_eq!(PLAIN.lines(std::slice::from_ref(&evil), 0), ["a[2Jbc"]);
        assert!(!COLOUR.colour("1", &evil).contains("\u{1b}[2J"));
    }
}
