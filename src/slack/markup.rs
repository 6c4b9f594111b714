//! The one encoder between people's data and Slack's markup. Whatever a person could have written (names,
//! addresses, group names, reasons of an upstream) passes [`Markup::data`] or [`Markup::code`]; only words of
//! our own pass [`Markup::ours`]. It must never let a `<`, `>` or `&` of somebody else through.

use jiff::Timestamp;

/// Text in Slack's `mrkdwn`, made of our words and of encoded data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Words of this program, which may hold markup.
    #[must_use]
    pub fn literal(mut self, words: &'static str) -> Self {
        self.0.push_str(words);
        self
    }

    /// Somebody's data: encoded, on one line.
    #[must_use]
    pub fn escaped(mut self, text: &str) -> Self {
        push_encoded(&mut self.0, text, false);
        self
    }

    /// Somebody's data as code, which also keeps `*` and `_` from being read as style.
    #[must_use]
    pub fn code(mut self, text: &str) -> Self {
        self.0.push('`');
        push_encoded(&mut self.0, text, true);
        self.0.push('`');
        self
    }

    #[must_use]
    pub fn number(mut self, number: usize) -> Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// Mentions a person.
    #[must_use]
    pub fn user(mut self, id: &str) -> Self {
        if is_id(id) {
            self.0.push_str("<@");
            self.0.push_str(id);
            self.0.push('>');
            self
        } else {
            self.escaped(id)
        }
    }

    /// Mentions a user group.
    #[must_use]
    pub fn group(mut self, id: &str) -> Self {
        if is_id(id) {
            self.0.push_str("<!subteam^");
            self.0.push_str(id);
            self.0.push('>');
            self
        } else {
            self.escaped(id)
        }
    }

    #[must_use]
    pub fn channel(mut self, id: &str) -> Self {
        if is_id(id) {
            self.0.push_str("<#");
            self.0.push_str(id);
            self.0.push('>');
            self
        } else {
            self.escaped(id)
        }
    }

    /// A time, shown in the reader's own zone.
    #[must_use]
    pub fn time(mut self, at: Timestamp) -> Self {
        let second = at.as_second();
        let plain = at.strftime("%Y-%m-%d %H:%M UTC");
        self.0.push_str(&format!("<!date^{second}^{{date_short_pretty}} {{time_secs}}|{plain}>"));
        self
    }

    /// A link that Slack itself gave us; anything else becomes plain text.
    #[must_use]
    pub fn link(mut self, url: &str, words: &'static str) -> Self {
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '|');
        if (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(odd) {
            self.0.push('<');
            self.0.push_str(&url.replace('&', "&amp;"));
            self.0.push('|');
            self.0.push_str(words);
            self.0.push('>');
            self
        } else {
            self.literal(words)
        }
    }

    /// Another markup after this one.
    #[must_use]
    pub fn then(mut self, next: &Markup) -> Self {
        self.0.push_str(&next.0);
        self
    }

    /// Parts one after another, with our words between them.
    #[must_use]
    pub fn list(parts: &[Markup], between: &'static str) -> Self {
        let mut all = String::new();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                all.push_str(between);
            }
            all.push_str(&part.0);
        }
        Self(all)
    }

    /// Lines below one another, as many as fit into `most` characters, then how many were left out.
    #[must_use]
    pub fn lines(lines: &[Markup], most: usize) -> Self {
        let mut all = String::new();
        let mut length = 0;
        for (index, line) in lines.iter().enumerate() {
            let left = lines.len().saturating_sub(index);
            let room = most.saturating_sub(if left > 1 { 24 } else { 0 });
            let needs = line.0.chars().count() + usize::from(index > 0);
            if length + needs > room && index > 0 {
                all.push_str(&format!("\n… and {left} more"));
                return Self(all);
            }
            if index > 0 {
                all.push('\n');
            }
            all.push_str(&line.cut(room));
            length = all.chars().count();
        }
        Self(all)
    }

    /// Text that was encoded already, as many of its lines as fit, then how many were left out.
    pub(super) fn shorten(text: &str, most: usize) -> String {
        let lines: Vec<Markup> = text.split('\n').map(|line| Markup(line.to_owned())).collect();
        Self::lines(&lines, most).0
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most so many characters, never cut inside a mention or an encoded character.
    #[must_use]
    pub fn cut(&self, most: usize) -> String {
        if self.0.chars().count() <= most {
            return self.0.clone();
        }
        let is_open = |text: &str| text.matches('`').count() % 2 == 1;
        let room = most.saturating_sub(1);
        let mut text = self.whole(room);
        if is_open(text) {
            // A code span that was cut open would swallow what follows.
            text = self.whole(room.saturating_sub(1));
        }
        let end = if is_open(text) { "`…" } else { "…" };
        format!("{text}{end}")
    }

    /// The longest beginning of at most so many characters that leaves nothing half open.
    fn whole(&self, room: usize) -> &str {
        let (mut inside, mut safe) = (None, 0);
        for (count, (at, c)) in self.0.char_indices().enumerate() {
            if count >= room {
                break;
            }
            match (inside, c) {
                (None, '<') => inside = Some('>'),
                (None, '&') => inside = Some(';'),
                (Some(end), c) if c == end => inside = None,
                _ => {}
            }
            if inside.is_none() {
                safe = at + c.len_utf8();
            }
        }
        self.0.get(..safe).unwrap_or_default()
    }

    /// The text as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ids of Slack are capital letters and digits; anything else is somebody's text.
fn is_id(id: &str) -> bool {
    (2..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

fn push_encoded(out: &mut String, text: &str, code: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '`' if code => out.push('\''),
            c if c.is_control() || is_bidi(c) => out.push(' '),
            c => out.push(c),
        }
    }
}

/// Marks that turn the reading direction round: an address could be made to look like another one.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_become_markup() {
        let text = Markup::new().literal("*").escaped("<!channel> & <@U1>\nx\u{202e}y").literal("*");
        assert_eq!(text.as_str(), "*&lt;!channel&gt; &amp; &lt;@U1&gt; x y*");
        assert_eq!(Markup::new().code("a`b<").as_str(), "`a'b&lt;`");
    }

    #[test]
    fn only_ids_are_mentioned() {
        assert_eq!(Markup::new().user("U0ADA").as_str(), "<@U0ADA>");
        assert_eq!(Markup::new().user("U0|x> <!here").as_str(), "U0|x&gt; &lt;!here");
        assert_eq!(Markup::new().group("S0X").as_str(), "<!subteam^S0X>");
        assert_eq!(Markup::new().link("javascript:x", "card").as_str(), "card");
    }

    #[test]
    fn a_cut_leaves_nothing_half_open() {
        let text = Markup::new().escaped("ab").user("U0ADA").escaped("&&&&&&");
        assert_eq!(text.cut(8), "ab…");
        assert_eq!(text.cut(15), "ab<@U0ADA>…");
        assert_eq!(text.cut(16), "ab<@U0ADA>&amp;…");
        assert_eq!(Markup::new().code("abcdefgh").cut(6), "`abc`…");
        assert_eq!(Markup::new().code("ab&cd").cut(9), "`ab`…");
        for most in 1..40 {
            assert!(text.cut(most).chars().count() <= most, "{most}");
        }
    }

    #[test]
    fn lines_that_do_not_fit_are_counted() {
        let lines: Vec<Markup> = (0..100).map(|n| Markup::new().literal("line ").number(n)).collect();
        let text = Markup::lines(&lines, 60);
        assert!(text.as_str().ends_with("… and 95 more"), "{}", text.as_str());
        assert!(text.as_str().chars().count() <= 60);
        assert_eq!(Markup::lines(&lines[..2], 60).as_str(), "line 0\nline 1");
    }
}
