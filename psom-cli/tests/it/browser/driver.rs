//! A small client of the WebDriver protocol (W3C) for Chromium.
//!
//! It uses the HTTP client that the program has anyway. A library for WebDriver would add a hundred crates
//! to the build of the tests.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// Limits the waiting time of a hanging test.
const TIMEOUT: Duration = Duration::from_secs(240);

/// The key of an element's identifier in answers (section 6.3 of the standard).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running chromedriver, stopped when dropped.
pub(super) struct Driver {
    child: Child,
    address: String,
    agent: ureq::Agent,
}

/// The screen of a browser.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    Wide,
    Dark,
    Phone,
    /// The narrowest screen of WCAG 2.2, criterion 1.4.10.
    Narrow,
}

/// A browser with one page, closed when dropped.
pub(super) struct Page<'a> {
    driver: &'a Driver,
    session: String,
}

impl Driver {
    /// Starts chromedriver on loopback. Prints a line and returns `None` if it is not installed.
    pub(super) fn start() -> Option<Self> {
        let mut chromedriver = Command::new("chromedriver");
        let started = chromedriver.arg("--port=0").stdout(Stdio::piped()).spawn();
        let Ok(mut child) = started else {
            eprintln!("skipped: chromedriver missing");
            return None;
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // Its further output must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let address = format!("http://127.0.0.1:{}", port.expect("the port of chromedriver"));
        Some(Self { child, address, agent })
    }

    fn send(&self, path: &str, body: &Value) -> Value {
        self.try_send(path, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn try_send(&self, path: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}{path}", self.address);
        let mut response = self.agent.post(&url).send(body.to_string()).unwrap();
        answer(&mut response)
    }

    /// Opens an address in a new browser.
    pub(super) fn open(&self, url: &str, screen: Screen) -> Page<'_> {
        let (width, height) = match screen {
            Screen::Wide | Screen::Dark => (1280, 800),
            Screen::Phone => (390, 844),
            Screen::Narrow => (320, 568),
        };
        let mut arguments = vec!["--headless=new".to_owned(), "--no-sandbox".into()];
        arguments.extend(["--disable-gpu".to_owned(), "--disable-dev-shm-usage".into()]);
        arguments.push(format!("--window-size={width},{height}"));
        if screen == Screen::Dark {
            arguments.push("--blink-settings=preferredColorScheme=0".into());
        }
        let mut options = json!({ "args": arguments });
        if matches!(screen, Screen::Phone | Screen::Narrow) {
            let metrics =
                json!({ "width": width, "height": height, "pixelRatio": 2, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let session = self.send("/session", &body)["sessionId"].as_str().unwrap().to_owned();
        let page = Page { driver: self, session };
        page.send("timeouts", json!({ "script": TIMEOUT.as_millis() as u64 }));
        page.send("url", json!({ "url": url }));
        page
    }
}

fn answer(response: &mut ureq::http::Response<ureq::Body>) -> Result<Value, String> {
    let text = response.body_mut().with_config().limit(1 << 28).read_to_string().unwrap();
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    let value = answer["value"].take();
    if response.status().is_success() {
        return Ok(value);
    }
    Err(format!("{} {}", value["error"], value["message"]))
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Page<'_> {
    fn send(&self, command: &str, body: Value) -> Value {
        self.driver.send(&format!("/session/{}/{command}", self.session), &body)
    }

    /// Runs a script, the body of a function, and returns its result.
    pub(super) fn run(&self, script: &str) -> Value {
        self.send("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Runs a script that calls `done` with its result.
    pub(super) fn run_async(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.send("execute/async", json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression is true, and returns its value and the time that it took.
    pub(super) fn wait(&self, condition: &str) -> (Value, Duration) {
        let begin = Instant::now();
        let script = format!(
            "const until = Date.now() + {}; const check = () => {{ let value; \
             try {{ value = ({condition}); }} catch {{}} \
             if (value || Date.now() > until) done(value ?? null); else setTimeout(check, 10); }}; \
             check();",
            TIMEOUT.as_millis() / 2
        );
        let value = self.run_async(&script);
        let is_true = !matches!(value, Value::Null | Value::Bool(false));
        assert!(is_true, "{condition} never became true; {}", self.text("body"));
        (value, begin.elapsed())
    }

    /// Sends a command for an element. If the page has replaced the element meanwhile, sends the command
    /// for the new one.
    fn with(&self, selector: &str, text: &str, command: &str, body: &Value) {
        loop {
            let element = self.find(selector, text);
            let path = format!("/session/{}/element/{element}/{command}", self.session);
            match self.driver.try_send(&path, body) {
                Err(error) if error.contains("stale element") => {}
                result => return drop(result.unwrap()),
            }
        }
    }

    /// Waits for a visible element whose text or label contains `text`, and returns its identifier.
    fn find(&self, selector: &str, text: &str) -> String {
        let condition = format!(
            "[...document.querySelectorAll({selector})].find((e) => e.offsetParent !== null && \
             !e.disabled && (e.textContent + (e.getAttribute('aria-label') ?? '')).includes({text}))",
            selector = json!(selector),
            text = json!(text)
        );
        self.wait(&condition).0[ELEMENT].as_str().unwrap().to_owned()
    }

    pub(super) fn click(&self, selector: &str, text: &str) {
        self.with(selector, text, "click", &json!({}));
    }

    /// Types into a field, or chooses a file.
    pub(super) fn type_into(&self, selector: &str, text: &str) {
        self.with(selector, "", "value", &json!({ "text": text }));
    }

    /// Chooses a file in a field that is not visible.
    pub(super) fn choose_file(&self, selector: &str, path: &str) {
        let script = format!("return document.querySelector({})", json!(selector));
        let element = self.run(&script)[ELEMENT].as_str().unwrap().to_owned();
        self.send(&format!("element/{element}/value"), json!({ "text": path }));
    }

    /// Makes the browser save downloads in a folder without asking.
    pub(super) fn download_to(&self, folder: &Path) {
        let params = json!({ "behavior": "allow", "downloadPath": folder });
        let command = json!({ "cmd": "Browser.setDownloadBehavior", "params": params });
        self.send("goog/cdp/execute", command);
    }

    pub(super) fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({})?.innerText ?? ''", json!(selector));
        self.run(&script).as_str().unwrap_or_default().to_owned()
    }

    /// Drags a pointer over an element, through points that are relative to its middle.
    pub(super) fn drag(&self, selector: &str, points: &[(i32, i32)], pointer: &str) {
        let element = json!({ ELEMENT: self.find(selector, "") });
        let step = |&(x, y): &(i32, i32)| json!({ "type": "pointerMove", "duration": 5, "origin": element, "x": x, "y": y });
        let mut actions = vec![step(&points[0]), json!({ "type": "pointerDown", "button": 0 })];
        actions.extend(points[1..].iter().map(step));
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
        let source = json!({
            "type": "pointer", "id": "p", "parameters": { "pointerType": pointer },
            "actions": actions
        });
        self.send("actions", json!({ "actions": [source] }));
    }

    pub(super) fn press(&self, key: &str) {
        let keys =
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let source = json!({ "type": "key", "id": "k", "actions": keys });
        self.send("actions", json!({ "actions": [source] }));
    }

    /// Writes a picture of the page to a file.
    pub(super) fn screenshot(&self, path: &Path) {
        use base64::Engine as _;
        let url = format!("{}/session/{}/screenshot", self.driver.address, self.session);
        let mut response = self.driver.agent.get(&url).call().unwrap();
        let picture = answer(&mut response).unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap());
        std::fs::write(path, bytes.unwrap()).unwrap();
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        let url = format!("{}/session/{}", self.driver.address, self.session);
        let _ = self.driver.agent.delete(&url).call();
    }
}
