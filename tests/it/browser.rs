//! A real browser, driven over the WebDriver protocol: Debian's Chromium and its driver. It implements only what the
//! tests of the page need. If Chromium is not installed, it prints a clear message and returns no browser.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const PAGE_TIMEOUT: Duration = Duration::from_secs(120);
/// The key that WebDriver sends for Enter.
pub const ENTER: &str = "\u{e007}";

pub struct Browser {
    driver: Child,
    session: String,
    http: reqwest::Client,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens a window of this size. None if Chromium is not installed.
    pub async fn open(width: u32, height: u32) -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut driver) = driver else {
            reinstate_testing::skip::skipped("the page in a real browser: chromedriver is not installed");
            return None;
        };
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = said.next_line().await.unwrap().expect("chromedriver says its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let profile = tempfile::tempdir().unwrap();
        let mut args: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ]
        .map(str::to_owned)
        .to_vec();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        args.push(format!("--window-size={width},{height}"));
        let mut options = json!({"args": args});
        // A window cannot be narrower than 500 pixels, so a phone is emulated.
        if width < 500 {
            let screen = json!({"width": width, "height": height, "pixelRatio": 2.0});
            options["mobileEmulation"] = json!({"deviceMetrics": screen});
        }
        let wanted = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": PAGE_TIMEOUT.as_millis()},
        });
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::new(),
            _profile: profile,
        };
        // Chromium may not answer in time on a busy machine that starts it for the first time.
        let made = browser.ask("POST", "/session", json!({"capabilities": {"alwaysMatch": wanted}})).await;
        let id = made["sessionId"].as_str().unwrap().to_owned();
        browser.session = format!("{}/session/{id}", browser.session);
        Some(browser)
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.session);
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method.clone(), url);
        if method == reqwest::Method::POST {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let good = answer.status().is_success();
        let value = answer.json::<Value>().await.unwrap()["value"].take();
        if good { Ok(value) } else { Err(format!("{path} {body}: {}", value["message"])) }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call("POST", path, &body).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The answer to a call that may be repeated. The driver refuses it while the page is loaded or drawn again, so it is
    /// repeated.
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let since = Instant::now();
        loop {
            match self.call(method, path, &body).await {
                Ok(answer) => return answer,
                Err(error) => assert!(since.elapsed() < PAGE_TIMEOUT, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn goto(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    pub async fn run(&self, script: &str, args: Value) -> Value {
        self.ask("POST", "/execute/sync", json!({"script": script, "args": args})).await
    }

    /// Waits until there is such an element, and returns its path in the protocol.
    async fn element(&self, xpath: &str) -> String {
        let since = Instant::now();
        loop {
            match self.call("POST", "/element", &json!({"using": "xpath", "value": xpath})).await {
                Ok(found) => {
                    let id = found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
                    return format!("/element/{id}");
                }
                Err(error) => assert!(since.elapsed() < PAGE_TIMEOUT, "{error}\n{}", self.all().await),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Clicks like a person: a hidden or covered element cannot be clicked. The page may be drawn again in the
    /// meantime.
    pub async fn click(&self, xpath: &str) {
        let since = Instant::now();
        loop {
            let element = self.element(xpath).await;
            match self.call("POST", &format!("{element}/click"), &json!({})).await {
                Ok(_) => return,
                Err(error) => assert!(since.elapsed() < PAGE_TIMEOUT, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Clicks the button or link with exactly these words.
    pub async fn press(&self, words: &str) {
        self.click(&format!(
            "//*[self::button or self::a or self::summary][normalize-space(.)='{words}'][not(ancestor::dialog[not(@open)])]"
        ))
        .await;
    }

    /// Types into the element, after its current content. The page may be drawn again in the meantime.
    pub async fn types(&self, xpath: &str, text: &str) {
        let since = Instant::now();
        loop {
            let element = self.element(xpath).await;
            match self.call("POST", &format!("{element}/value"), &json!({"text": text})).await {
                Ok(_) => return,
                Err(error) => assert!(since.elapsed() < PAGE_TIMEOUT, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The text of the first of these elements that is visible.
    pub async fn text(&self, css: &str) -> String {
        let script = "const e = document.querySelector(arguments[0]); return e ? e.innerText : ''";
        self.run(script, json!([css])).await.as_str().unwrap().to_owned()
    }

    async fn all(&self) -> String {
        self.text("body").await
    }

    /// Waits until the element shows these words.
    pub async fn reads(&self, css: &str, words: &str) -> String {
        let since = Instant::now();
        loop {
            let text = self.text(css).await;
            if text.contains(words) {
                return text;
            }
            assert!(
                since.elapsed() < PAGE_TIMEOUT,
                "{words:?} is not read in {css}:\n{text}\n---\n{}",
                self.all().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until there is such an element.
    pub async fn sees(&self, css: &str) {
        let since = Instant::now();
        while self.count(css).await == 0 {
            assert!(since.elapsed() < PAGE_TIMEOUT, "there is no {css}:\n{}", self.all().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until there is no such element any more.
    pub async fn gone(&self, css: &str) {
        let since = Instant::now();
        while self.count(css).await > 0 {
            assert!(since.elapsed() < PAGE_TIMEOUT, "there still is {css}:\n{}", self.all().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn count(&self, css: &str) -> u64 {
        let script = "return document.querySelectorAll(arguments[0]).length";
        self.run(script, json!([css])).await.as_u64().unwrap()
    }

    /// Emulates a system that is set to dark colours.
    pub async fn dark(&self) {
        let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        self.post("/goog/cdp/execute", json!({"cmd": "Emulation.setEmulatedMedia", "params": dark})).await;
    }

    /// Saves a screenshot with the output of the tests.
    pub async fn picture(&self, name: &str) {
        // Ends all animations first.
        self.run("document.getAnimations().forEach(a => a.effect.getTiming().iterations === Infinity ? a.pause() : a.finish())", json!([])).await;
        let taken = self.ask("GET", "/screenshot", Value::Null).await;
        let png = base64::engine::general_purpose::STANDARD.decode(taken.as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }

    /// Ends the browser. The console must be empty.
    pub async fn close(self) {
        let said = self.post("/se/log", json!({"type": "browser"})).await;
        assert_eq!(said, json!([]), "the console is not silent");
        self.call("DELETE", "", &Value::Null).await.ok();
    }
}

impl Drop for Browser {
    /// The driver ends its browser if it is asked to end, but not if it is killed.
    fn drop(&mut self) {
        super::page::end(&self.driver);
    }
}
