//! Block Kit as plain text, line by line, for snapshots and for the terminal. It must never omit a block, because a
//! snapshot would then differ from what people see.

use serde_json::Value;

use super::state::Slack;

impl Slack {
    /// The lines of these blocks.
    #[must_use]
    pub fn render_text(&self, blocks: &[Value]) -> Vec<String> {
        let mut lines = Vec::new();
        for block in blocks {
            match block.get("type").and_then(Value::as_str).unwrap_or_default() {
                "header" => lines.push(format!("# {}", self.text_of(block.get("text")))),
                "divider" => lines.push("---".to_owned()),
                "section" => self.section(block, &mut lines),
                "markdown" => lines.extend(text(block, "text").lines().map(str::to_owned)),
                "context" => {
                    let parts: Vec<String> =
                        items(block, "elements").iter().map(|element| self.inline(element)).collect();
                    lines.push(format!("({})", parts.join(" | ")));
                }
                "actions" => {
                    let parts: Vec<String> =
                        items(block, "elements").iter().map(|element| self.inline(element)).collect();
                    lines.push(parts.join("  "));
                }
                "plan" => {
                    lines.push(format!("Plan: {}", text(block, "title")));
                    items(block, "tasks").iter().for_each(|card| self.task(card, &mut lines));
                }
                "task_card" => self.task(block, &mut lines),
                "rich_text" => lines.extend(self.rich(block).lines().map(str::to_owned)),
                "input" => lines.push(format!(
                    "{}: {}",
                    self.text_of(block.get("label")),
                    block.get("element").map(|element| self.inline(element)).unwrap_or_default()
                )),
                "image" => lines.push(format!("[image: {}]", text(block, "alt_text"))),
                other => lines.push(format!("<{other}>")),
            }
        }
        lines
    }

    /// Everything in the workspace, in order: channel, person, lines.
    #[must_use]
    pub fn transcript(&self) -> Vec<String> {
        let mut posts: Vec<(&str, String, Vec<String>)> = Vec::new();
        for message in self.messages.iter().filter(|message| !message.deleted) {
            let reply = if message.thread_ts.is_some() { " (in thread)" } else { "" };
            let head = format!("{} {}{reply}", self.place(&message.channel), self.name(&message.user));
            posts.push((&message.ts, head, self.post(&message.text, &message.blocks)));
        }
        for private in self.ephemerals.iter().filter(|private| !private.deleted) {
            let head = format!("{} to {} alone", self.place(&private.channel), self.name(&private.user));
            posts.push((&private.ts, head, self.post(&private.text, &private.blocks)));
        }
        posts.sort_by(|a, b| a.0.cmp(b.0));
        posts
            .into_iter()
            .flat_map(|(_, head, lines)| {
                std::iter::once(head).chain(lines.into_iter().map(|line| format!("  {line}")))
            })
            .collect()
    }

    /// The lines of a post: its blocks, or its text if it has no blocks.
    #[must_use]
    pub fn post(&self, text: &str, blocks: &[Value]) -> Vec<String> {
        if blocks.is_empty() {
            self.mrkdwn(text).lines().map(str::to_owned).collect()
        } else {
            self.render_text(blocks)
        }
    }

    fn section(&self, block: &Value, lines: &mut Vec<String>) {
        let mut own: Vec<String> = self.text_of(block.get("text")).lines().map(str::to_owned).collect();
        for field in items(block, "fields") {
            own.push(format!("  {}", self.text_of(Some(field)).replace('\n', ": ")));
        }
        if let Some(accessory) = block.get("accessory") {
            own.push(self.inline(accessory));
        }
        lines.extend(own);
    }

    fn task(&self, card: &Value, lines: &mut Vec<String>) {
        let mark = match text(card, "status") {
            "in_progress" => "[~]",
            "complete" => "[x]",
            "error" => "[!]",
            _ => "[ ]",
        };
        lines.push(format!("{mark} {}", text(card, "title")));
        for key in ["details", "output"] {
            let inner = card.get(key).map(|inner| self.rich(inner)).unwrap_or_default();
            lines.extend(inner.lines().map(|line| format!("      {line}")));
        }
        for source in items(card, "sources") {
            lines.push(format!("      {} ({})", text(source, "text"), text(source, "url")));
        }
    }

    fn inline(&self, element: &Value) -> String {
        match element.get("type").and_then(Value::as_str).unwrap_or_default() {
            "plain_text" | "mrkdwn" => self.text_of(Some(element)),
            "image" => format!("[image: {}]", text(element, "alt_text")),
            "button" => {
                let mut line = format!("[ {} ]", self.text_of(element.get("text")));
                if let Some(url) = element.get("url").and_then(Value::as_str) {
                    line.push_str(&format!(" ({url})"));
                }
                if let Some(confirm) = element.get("confirm") {
                    line.push_str(&format!(
                        " (asks: {} {})",
                        self.text_of(confirm.get("title")),
                        self.text_of(confirm.get("text")).replace('\n', " / ")
                    ));
                }
                line
            }
            kind => format!("<{kind}: {}>", self.text_of(element.get("placeholder"))),
        }
    }

    fn text_of(&self, value: Option<&Value>) -> String {
        let Some(value) = value else { return String::new() };
        let raw = text(value, "text");
        if text(value, "type") == "mrkdwn" { self.mrkdwn(raw) } else { raw.to_owned() }
    }

    fn rich(&self, value: &Value) -> String {
        match text(value, "type") {
            "text" => text(value, "text").to_owned(),
            "user" => self.name(text(value, "user_id")),
            "channel" => self.place(text(value, "channel_id")),
            "usergroup" => self.handle(text(value, "usergroup_id")),
            "emoji" => format!(":{}:", text(value, "name")),
            "broadcast" => format!("@{}", text(value, "range")),
            "date" => text(value, "fallback").to_owned(),
            "link" => match text(value, "text") {
                "" => text(value, "url").to_owned(),
                label => format!("{label} ({})", text(value, "url")),
            },
            "rich_text_list" => {
                let lines: Vec<String> =
                    items(value, "elements").iter().map(|item| format!("- {}", self.rich(item))).collect();
                lines.join("\n")
            }
            "rich_text" => {
                let parts: Vec<String> =
                    items(value, "elements").iter().map(|part| self.rich(part)).collect();
                parts.join("\n")
            }
            _ => items(value, "elements").iter().map(|part| self.rich(part)).collect(),
        }
    }

    /// Renders mentions, links and dates as the screen shows them, then `&lt;`, `&gt;`, `&amp;`.
    fn mrkdwn(&self, raw: &str) -> String {
        let mut out = String::new();
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('<') {
            out.push_str(&unescape(before));
            let Some((tag, tail)) = after.split_once('>') else {
                out.push('<');
                rest = after;
                continue;
            };
            out.push_str(&self.tag(tag));
            rest = tail;
        }
        out.push_str(&unescape(rest));
        out
    }

    fn tag(&self, tag: &str) -> String {
        let (target, label) = match tag.split_once('|') {
            Some((target, label)) => (target, Some(unescape(label))),
            None => (tag, None),
        };
        if let Some(id) = target.strip_prefix('@') {
            return self.name(id);
        }
        if let Some(id) = target.strip_prefix('#') {
            return self.place(id);
        }
        if let Some(id) = target.strip_prefix("!subteam^") {
            return self.handle(id);
        }
        if target.starts_with("!date^") {
            return label.unwrap_or_default();
        }
        if let Some(word) = target.strip_prefix('!') {
            return format!("@{word}");
        }
        let target = unescape(target);
        match label {
            Some(label) => format!("{label} ({target})"),
            None => target,
        }
    }

    fn name(&self, id: &str) -> String {
        self.users.get(id).map_or_else(|| format!("@{id}"), |user| format!("@{}", user.name))
    }

    fn handle(&self, id: &str) -> String {
        self.groups.get(id).map_or_else(|| format!("@{id}"), |group| format!("@{}", group.handle))
    }

    fn place(&self, id: &str) -> String {
        match self.channels.get(id) {
            Some(channel) if channel.is_im => {
                let other = channel.members.iter().find(|member| **member != self.bot_user);
                format!("DM {}", other.map(|user| self.name(user)).unwrap_or_default())
            }
            Some(channel) => format!("#{}", channel.name),
            None => format!("#{id}"),
        }
    }
}

fn unescape(raw: &str) -> String {
    raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
