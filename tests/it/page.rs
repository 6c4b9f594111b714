//! The sandbox page, used like a person who has read nothing: the real program, its bot in a separate process, a real
//! browser. The tests click only what is on the screen.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::browser::{Browser, ENTER};

/// A running `reinstate sandbox`.
struct Page {
    child: Child,
    url: String,
    /// Kept open, because the program may write more.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Page {
    async fn open() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_reinstate"))
            .arg("sandbox")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = said.next_line().await.unwrap().expect("the sandbox says its address");
            if let Some(at) = line.find("http://") {
                return Self { child, url: line[at..].trim().to_owned(), _said: said };
            }
        }
    }
}

impl Drop for Page {
    /// If asked to end, the program also ends its bot.
    fn drop(&mut self) {
        end(&self.child);
    }
}

/// Asks a process to end.
pub fn end(child: &Child) {
    if let Some(pid) = child.id() {
        std::process::Command::new("kill").arg(pid.to_string()).status().ok();
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

/// Follows the hints of the page until the bot requests an approval, and then sees the request as Grace.
async fn follow_to_the_question(browser: &Browser) {
    browser.sees(".next[data-step=send]").await;
    browser.press("Send").await;
    browser.sees(".next[data-step=approve]").await;
    browser.click("//a[contains(@class, 'switch')]").await;
    browser.reads(".cast [aria-current]", "Grace Approver").await;
    browser.press("Approve").await;
    browser.reads("dialog[open]", "Approve this plan?").await;
}

/// The number of changes that reached Atlassian and Entra, from the list on the page.
async fn changes(browser: &Browser, path: &str) -> usize {
    let script = "return [...document.querySelectorAll('.call.change')].map(e => e.textContent)";
    let lines = browser.run(script, json!([])).await;
    lines.as_array().unwrap().iter().filter(|line| line.as_str().unwrap().contains(path)).count()
}

/// Checks that the page reports no problem: it can draw everything it received.
async fn knows_everything(browser: &Browser) {
    assert_eq!(browser.count(".unknown, .emoji").await, 0, "something was not drawn");
    assert_eq!(
        browser.count(".calls [role=alert]").await,
        0,
        "a simulated service did not understand the bot"
    );
    let named = "return [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
        .filter(e => !e.labels?.length && !e.getAttribute('aria-label')).map(e => e.outerHTML)";
    assert_eq!(browser.run(named, json!([])).await, json!([]), "fields without a label");
    let unnamed = "return [...document.querySelectorAll('button, a[href], section, nav, aside, dialog, [role=log], ol.thread')]
        .filter(e => !(e.innerText || e.textContent).trim() && !e.getAttribute('aria-label')
            || e.getAttribute('aria-labelledby') && !document.getElementById(e.getAttribute('aria-labelledby')))
        .map(e => e.outerHTML)";
    assert_eq!(browser.run(unnamed, json!([])).await, json!([]), "parts without a name");
    assert_eq!(browser.run(FAINT, json!([])).await, json!([]), "words too faint to read");
    let ids = "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
        return ids.filter((id, at) => ids.indexOf(id) !== at)";
    assert_eq!(browser.run(ids, json!([])).await, json!([]), "ids that are there twice");
}

/// Text on the screen whose contrast with its background is below 4.5 : 1 (WCAG 2.2, 1.4.3).
const FAINT: &str = r"
    const at = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgba = (colour) => {
        at.clearRect(0, 0, 1, 1);
        at.fillStyle = colour;
        at.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = at.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
    const behind = (e) => {
        if (!e) return [255, 255, 255, 1];
        const own = rgba(getComputedStyle(e).backgroundColor);
        return own[3] > 0.99 || e.matches('dialog') ? own : over(own, behind(e.parentElement));
    };
    const light = (c) => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const faint = new Map();
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
        const e = words.currentNode.parentElement;
        if (!words.currentNode.data.trim() || e.closest('.unseen, .skip, [aria-hidden], option, script') || !e.checkVisibility()) continue;
        const back = behind(e);
        const [a, b] = [light(over(rgba(getComputedStyle(e).color), back)), light(back)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) faint.set(e.className + ' ' + e.tagName, ratio.toFixed(2) + ' ' + words.currentNode.data.trim().slice(0, 40));
    }
    return [...faint].map(([where, what]) => where + ': ' + what);
";

#[tokio::test(flavor = "multi_thread")]
async fn the_forum_case_is_finished_by_clicks_alone() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(1440, 1000).await else { return };
    let page = Page::open().await;
    browser.goto(&page.url).await;
    browser.reads(".tenant", "no groups").await;
    browser.picture("start").await;
    follow_to_the_question(&browser).await;
    browser.picture("question").await;
    let digest = browser.text("dialog[open] code").await;
    assert_eq!(digest.len(), 8, "{digest}");
    browser.press("Back").await;
    browser.picture("asks").await;
    assert_eq!(changes(&browser, "").await, 0, "nothing is changed before the approval");
    browser.press("Approve").await;
    browser.click("//dialog[@open]//button[normalize-space(.)='Approve']").await;
    browser.sees(".next[data-step=ended]").await;
    browser.reads(".next", "Done: access is back").await;
    let real = "//li[contains(@class, 'chain')][contains(., '1,432 issues and comments by Jane Miller')]";
    browser.click(&format!("{real}[.//ul/li='jira-users'][.//ul/li='wiki-users']")).await;
    browser.reads(".tenant", "parked-").await;
    browser.reads(".journal", &format!("Grace Approver, exactly plan {digest}")).await;
    assert_eq!(changes(&browser, "/manage/email").await, 1);
    browser.reads(".log", "Access restored").await;
    assert_eq!(browser.count(".log button[commandfor]").await, 0, "buttons that can no longer work are gone");
    browser.picture("done").await;
    knows_everything(&browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_killed_in_the_middle_of_a_change_goes_on_where_it_was() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(1440, 1000).await else { return };
    let page = Page::open().await;
    browser.goto(&page.url).await;
    browser.press("Kill it in the middle of its next change").await;
    browser.reads(".faults", "1 injected failure").await;
    follow_to_the_question(&browser).await;
    browser.click("//dialog[@open]//button[normalize-space(.)='Approve']").await;
    browser.sees(".next[data-step=dead]").await;
    browser.picture("killed").await;
    browser.press("whoami").await;
    browser.reads(".notice", "the app did not respond").await;
    browser.press("Start the bot again").await;
    browser.sees(".next[data-step=ended]").await;
    browser.reads(".next", "Done: access is back").await;
    assert_eq!(changes(&browser, "/manage/email").await, 1, "an irreversible call is sent once");
    knows_everything(&browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_watches_tells_who_lost_access_and_one_click_repairs_it() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(1440, 1000).await else { return };
    let page = Page::open().await;
    browser.goto(&page.url).await;
    browser.reads(".tenant", "no groups").await;
    browser.press("Let the bot watch").await;
    browser.reads(".log", "Opened by the watch").await;
    browser.reads(".log", "5 accounts: 3 healthy, 1 broken").await;
    browser.press("Take a colleague out of a group").await;
    browser.reads(".log", "Group memberships did not reach Atlassian").await;
    browser.picture("watch").await;
    browser.press("Repair the harmless ones").await;
    browser.click("//dialog[@open]//button[normalize-space(.)='Repair']").await;
    browser.reads(".log", "1 of 1 account has its access back").await;
    knows_everything(&browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_what_is_for_them_and_no_more() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(1440, 1000).await else { return };
    let page = Page::open().await;
    browser.goto(&page.url).await;
    // The help desk may check, and only Vera sees the answer.
    browser.click("//a[contains(., 'Vera Helpdesk')]").await;
    browser.press("check jane@acme.example").await;
    browser.reads(".post.private", "Another managed account uses").await;
    browser.picture("check").await;
    // She may not repair. Only she sees the refusal, which names the people who may.
    browser.types("//input[@id='text']", &format!("/reinstate repair jane@acme.example{ENTER}")).await;
    browser.reads(".log", "role operator").await;
    browser.click("//a[contains(., 'Ada Ops')]").await;
    browser.reads(".cast [aria-current]", "Ada Ops").await;
    assert_eq!(browser.count(".post.private").await, 0, "somebody else's private answers are not sent");
    // A guest has no role and is not in the admins' channel.
    browser.click("//a[contains(., 'Gus Guest')]").await;
    browser.reads(".place", "#help-desk").await;
    assert_eq!(browser.count(".places a").await, 1);
    browser.press("whoami").await;
    browser.reads(".post.private", "Guests").await;
    // Text from people is shown as text, whatever it looks like.
    browser
        .types("//input[@id='text']", &format!("<img src=x onerror=alert(1)> *bold* <!channel>{ENTER}"))
        .await;
    browser.reads(".log", "<img src=x onerror=alert(1)>").await;
    assert_eq!(browser.count(".log img").await, 0);
    knows_everything(&browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_and_the_app_home_work_as_in_slack() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(1440, 1000).await else { return };
    let page = Page::open().await;
    browser.goto(&page.url).await;
    // The shortcut opens a modal with a picker. The answer comes into the same modal.
    browser.press("shortcut: pick a person").await;
    browser.reads("dialog.modal", "Check Atlassian access").await;
    browser.click("//dialog//option[.='Jane Doe']").await;
    browser.press("Pick").await;
    browser.reads("dialog.modal", "Another managed account uses").await;
    browser.picture("window").await;
    knows_everything(&browser).await;
    browser.press("Close").await;
    browser.gone("dialog.modal").await;
    // Decline asks for a reason, which the requester can read.
    browser.press("Send").await;
    browser.sees(".next[data-step=approve]").await;
    browser.click("//a[contains(@class, 'switch')]").await;
    browser.reads(".cast [aria-current]", "Grace Approver").await;
    browser.press("Decline").await;
    browser.reads("dialog.modal", "Decline this plan?").await;
    browser.types("//dialog//textarea", "Ask me <b>tomorrow</b>").await;
    browser.click("//dialog[@data-modal]//button[normalize-space(.)='Decline']").await;
    browser.gone("dialog.modal").await;
    browser.sees(".next[data-step=ended]").await;
    browser.reads(".log", "Ask me <b>tomorrow</b>").await;
    // The App Home of an approver shows what waits for her.
    browser.press("Reinstate: home").await;
    browser.reads(".log.home", "Waiting for my approval: 0").await;
    browser.picture("home").await;
    knows_everything(&browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_found_by_its_words_and_told_in_the_dark() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(1440, 1000).await else { return };
    let page = Page::open().await;
    browser.dark().await;
    browser.goto(&page.url).await;
    let all = browser.count("#story option").await;
    assert!(browser.count("#story optgroup").await >= 6 && all > 70, "{all} stories by station");
    browser.types("//input[@id='find']", &format!("hostile{ENTER}")).await;
    browser.reads(".stories", "1 of").await;
    assert_eq!(browser.count("#story option").await, 1);
    browser.press("Show all").await;
    browser.reads(".stories", "to choose from").await;
    assert_eq!(browser.count("#story option").await, all);
    browser.run("document.getElementById('find').value = ''", json!([])).await;
    browser.types("//input[@id='find']", &format!("names hostile{ENTER}")).await;
    browser.reads(".stories", "1 of").await;
    browser.press("Begin").await;
    browser.reads(".guide", "break out of messages").await;
    browser.press("Send").await;
    browser.sees(".next[data-step=ended]").await;
    // Text that looks like markup, a mention or a link.
    browser.reads(".log", "o'brien+(x)&y=1@acme.example").await;
    browser.reads(".truth", "=1+1 <!channel> <http://evil.example|x> *b* `c`").await;
    assert_eq!(browser.count("a[href*='evil'], .truth .mention").await, 0);
    browser.picture("dark").await;
    knows_everything(&browser).await;
    // Each message can be looked at as a phone shows it: 42 columns, whatever the width of the window.
    let script = "const card = document.querySelector('.card'); const ruler = document.createElement('span');
        ruler.textContent = '0'.repeat(42); ruler.style.justifySelf = 'start'; card.append(ruler); const most = ruler.getBoundingClientRect().width;
        ruler.remove(); const widths = [...card.children].map(e => e.getBoundingClientRect().width);
        return Math.max(...widths) <= most + 1";
    assert_eq!(browser.run(script, json!([])).await, json!(false), "the window is wider");
    browser.click("//input[@id='phone']").await;
    assert_eq!(browser.run(script, json!([])).await, json!(true), "as on a phone");
    browser.picture("as-on-a-phone").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_is_read_and_repaired_by_clicks() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(1440, 1000).await else { return };
    let page = Page::open().await;
    browser.goto(&page.url).await;
    browser.types("//input[@id='find']", &format!("everything order but groups{ENTER}")).await;
    browser.reads(".stories", "1 of").await;
    browser.press("Begin").await;
    browser.reads(".guide", "membership-drift").await;
    let field = "//input[@id='text']";
    browser.run("document.getElementById('text').value = ''", json!([])).await;
    browser.types(field, &format!("/reinstate sweep{ENTER}")).await;
    browser.reads(".log", "harmlessly: what provisioning would do anyway.").await;
    // A time of tomorrow is shown with its day. Otherwise the button would seem to have expired.
    let until = browser.run("return document.querySelector('.card time').textContent", json!([])).await;
    assert!(until.as_str().unwrap().contains(", "), "{until}");
    browser.reads(".thread .file", "jane@acme.example").await;
    browser.picture("sweep").await;
    browser.press("Repair the harmless ones").await;
    browser.click("//dialog[@open]//button[normalize-space(.)='Repair']").await;
    browser.reads(".log", "the repairs of this sweep have ended").await;
    browser.reads(".tenant", "jira-users").await;
    browser.picture("sweep-done").await;
    knows_everything(&browser).await;
    browser.close().await;
}

#[tokio::test]
async fn stories_are_found_and_begun_without_a_script() {
    reinstate::upstream::install_tls();
    let page = Page::open().await;
    let http = reqwest::Client::new();
    let found = http.get(format!("{}/?as=U0ADA&find=HOSTILE+names", page.url)).send().await.unwrap();
    let found = found.text().await.unwrap();
    assert_eq!(found.matches("<option value=").count(), 1, "{found}");
    let begun = [("as", "U0ADA"), ("find", "hostile"), ("story", "nested-only-with-hostile-names")];
    let begun = http.post(format!("{}/act/story", page.url)).header("Origin", &page.url).form(&begun);
    let told = begun.send().await.unwrap().text().await.unwrap();
    assert!(told.contains("&lt;") || told.contains("o'brien"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_shows_one_part_at_a_time() {
    reinstate::upstream::install_tls();
    let Some(browser) = Browser::open(390, 844).await else { return };
    let page = Page::open().await;
    browser.goto(&page.url).await;
    // With the keyboard: the command is in the field, and Enter sends it.
    browser.types("//input[@id='text']", ENTER).await;
    browser.sees(".next[data-step=approve]").await;
    browser.picture("phone-chat").await;
    for (tab, shown) in
        [("Tenant", "truth"), ("Journal", "past"), ("Stage", "wings"), ("Slack", "conversation")]
    {
        browser.press(tab).await;
        let script = "const e = document.querySelector(arguments[0]); return e.checkVisibility()
            && document.documentElement.scrollWidth <= window.innerWidth";
        let since = std::time::Instant::now();
        while browser.run(script, json!([format!(".{shown}")])).await != json!(true) {
            assert!(since.elapsed().as_secs() < 60, "{tab} is not shown, or wider than the phone");
        }
        browser.picture(&format!("phone-{shown}")).await;
    }
    browser.close().await;
}

#[tokio::test]
async fn nobody_but_the_page_itself_is_answered() {
    reinstate::upstream::install_tls();
    let page = Page::open().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let get = |host: &str| http.get(&page.url).header("Host", host).send();
    let own = page.url.trim_start_matches("http://").to_owned();
    let answer = get(&own).await.unwrap();
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(get("evil.example").await.unwrap().status(), 403, "a name that was pointed at loopback");
    let say = |origin: Option<&str>| {
        let form = http.post(format!("{}/act/say", page.url)).form(&[("text", "hello"), ("as", "U0ADA")]);
        origin.map_or(form.try_clone().unwrap(), |origin| form.header("Origin", origin)).send()
    };
    assert_eq!(say(Some("http://evil.example")).await.unwrap().status(), 403, "another site's form");
    assert_eq!(say(Some("null")).await.unwrap().status(), 403, "a sandboxed frame");
    assert_eq!(say(None).await.unwrap().status(), 403, "no browser at all");
    assert!(!get(&own).await.unwrap().text().await.unwrap().contains("hello"), "nothing was said");
    assert_eq!(say(Some(&page.url)).await.unwrap().status(), 303);
    assert!(get(&own).await.unwrap().text().await.unwrap().contains("hello"));
}
