//! Renders Slack's `mrkdwn` as HTML: style, mentions, links, dates, emoji. All other text passes maud's escaping, and
//! only web links become links. The style sheet draws the emoji, and text describes them. Their meaning must never
//! depend on a colour or on a font.

use maud::{Markup, html};

use reinstate_sandbox::slack::Slack;

/// The emoji that the bot uses: name, CSS class, sign, and the text for a screen reader.
const EMOJI: &[(&str, &str, &str, &str)] = &[
    ("white_check_mark", "good", "✓", "good"),
    ("heavy_check_mark", "good", "✓", "good"),
    ("x", "bad", "✕", "broken"),
    ("no_entry", "bad", "✕", "refused"),
    ("grey_question", "unread", "?", "unread"),
    ("white_circle", "todo", "", "to do"),
    ("hourglass_flowing_sand", "busy", "", "under way"),
    ("hourglass", "busy", "", "waiting"),
    ("warning", "warn", "!", "warning"),
    ("information_source", "info", "i", "note"),
];

/// The text of a `mrkdwn` object.
pub(super) fn mrkdwn(slack: &Slack, raw: &str) -> Markup {
    let mut lines = raw.lines().peekable();
    let mut parts = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(quoted) = line.strip_prefix("> ").or_else(|| line.strip_prefix("&gt; ")) {
            parts.push(html! { blockquote { (inline(slack, quoted)) } });
        } else if let Some(item) = line.strip_prefix("• ") {
            parts.push(html! { span.item { (inline(slack, item)) } });
        } else {
            let more = lines.peek().is_some();
            parts.push(html! { (inline(slack, line)) @if more { br; } });
        }
    }
    html! { @for part in parts { (part) } }
}

fn inline(slack: &Slack, raw: &str) -> Markup {
    let (mut parts, mut plain, mut rest, mut before) = (Vec::new(), String::new(), raw, None);
    while let Some(first) = rest.chars().next() {
        if let Some((piece, after)) = piece(slack, rest, first, before) {
            if !plain.is_empty() {
                parts.push(html! { (decode(&std::mem::take(&mut plain))) });
            }
            parts.push(piece);
            rest = after;
            before = Some(' ');
        } else {
            plain.push(first);
            before = Some(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    html! { @for part in parts { (part) } (decode(&plain)) }
}

/// Parses a piece of markup at the beginning of `rest`. Returns it and the text after it.
fn piece<'a>(slack: &Slack, rest: &'a str, first: char, before: Option<char>) -> Option<(Markup, &'a str)> {
    let inner = rest.get(first.len_utf8()..)?;
    match first {
        '`' => {
            let (code, after) = inner.split_once('`').filter(|(code, _)| !code.is_empty())?;
            Some((html! { code { (decode(code)) } }, after))
        }
        '<' => {
            let (tag, after) = inner.split_once('>')?;
            Some((self::tag(slack, tag), after))
        }
        ':' => {
            let (name, after) = inner.split_once(':')?;
            let known =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '+' | '-');
            (!name.is_empty() && name.chars().all(known)).then(|| (emoji(name), after))
        }
        '*' | '_' | '~' if !before.is_some_and(char::is_alphanumeric) => {
            let (styled, after) = span(inner, first)?;
            let styled = inline(slack, styled);
            let piece = match first {
                '*' => html! { strong { (styled) } },
                '_' => html! { em { (styled) } },
                _ => html! { s { (styled) } },
            };
            Some((piece, after))
        }
        _ => None,
    }
}

/// The text up to the closing mark, which must not follow a space or be inside a word.
fn span(inner: &str, mark: char) -> Option<(&str, &str)> {
    if inner.starts_with(char::is_whitespace) {
        return None;
    }
    inner.match_indices(mark).find_map(|(at, found)| {
        let styled = inner.get(..at)?;
        let after = inner.get(at.checked_add(found.len())?..)?;
        let closes = !styled.is_empty()
            && !styled.ends_with(char::is_whitespace)
            && !after.starts_with(char::is_alphanumeric);
        closes.then_some((styled, after))
    })
}

fn tag(slack: &Slack, tag: &str) -> Markup {
    let (target, label) = match tag.split_once('|') {
        Some((target, label)) => (target, Some(decode(label))),
        None => (tag, None),
    };
    if let Some(date) = target.strip_prefix("!date^") {
        let second = date.split('^').next().and_then(|second| second.parse::<i64>().ok());
        let at = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
        return time(at, &label.unwrap_or_default());
    }
    if target.starts_with(['@', '#', '!']) {
        return html! { span.mention { (mention(slack, target)) } };
    }
    let url = decode(target);
    let words = label.unwrap_or_else(|| url.clone());
    link(&url, &words)
}

/// The name for `@U…`, `#C…`, `!subteam^S…` or `!here`.
pub(super) fn mention(slack: &Slack, target: &str) -> String {
    if let Some(id) = target.strip_prefix('@') {
        return format!("@{}", slack.users.get(id).map_or(id, |user| &user.real_name));
    }
    if let Some(id) = target.strip_prefix('#') {
        return format!("#{}", slack.channels.get(id).map_or(id, |channel| &channel.name));
    }
    if let Some(id) = target.strip_prefix("!subteam^") {
        return format!("@{}", slack.groups.get(id).map_or(id, |group| &group.handle));
    }
    format!("@{}", target.trim_start_matches('!'))
}

/// A time. The script shows it in the reader's time zone; without the script, it is in UTC.
pub(super) fn time(at: Option<jiff::Timestamp>, words: &str) -> Markup {
    match at {
        Some(at) => html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) { (words) } },
        None => html! { (words) },
    }
}

/// A link if the URL is a web address; otherwise only its text.
pub(super) fn link(url: &str, words: &str) -> Markup {
    if url.starts_with("https://") || url.starts_with("http://") {
        html! { a href=(url) target="_blank" rel="noreferrer" { (words) } }
    } else {
        html! { (words) }
    }
}

fn emoji(name: &str) -> Markup {
    match EMOJI.iter().find(|(known, ..)| *known == name) {
        Some((_, class, sign, says)) => html! { (mark(class, sign, says)) },
        None => html! { span.emoji { ":" (name) ":" } },
    }
}

/// A round mark with a sign, and its meaning for a screen reader.
pub(super) fn mark(class: &str, sign: &str, says: &str) -> Markup {
    html! { span class={ "mark " (class) } role="img" aria-label=(says) { (sign) } }
}

fn decode(raw: &str) -> String {
    raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
