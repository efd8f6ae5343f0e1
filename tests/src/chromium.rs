//! A real browser, driven by its driver (<https://www.w3.org/TR/webdriver2/>).

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::http::Response;
use ureq::{Agent, Body};

/// A headless Chromium with a profile of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Chromium {
    driver: Child,
    agent: Agent,
    session: String,
    _profile: TempDir,
}

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// No sandbox, because tests may run as root; and nothing that would leave loopback.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

impl Chromium {
    /// Starts the driver and the browser.
    ///
    /// # Errors
    /// When `chromedriver` or `chromium` is missing or does not start.
    pub fn start() -> io::Result<Self> {
        let missing = |error| {
            io::Error::other(format!(
                "chromedriver does not start (Debian: chromium-driver): {error}"
            ))
        };
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(missing)?;
        let port = driver.stdout.take().and_then(|out| {
            let lines = BufReader::new(out).lines();
            lines.map_while(Result::ok).find_map(|line| {
                let port = line.split_once("started successfully on port ")?.1;
                Some(port.trim_end_matches('.').to_owned())
            })
        });
        let port = port.ok_or_else(|| io::Error::other("chromedriver names no port"))?;
        let profile = tempfile::tempdir()?;
        let agent: Agent = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let mut browser = Self {
            driver,
            agent,
            session: format!("http://127.0.0.1:{port}/session"),
            _profile: profile,
        };
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|text| (*text).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", browser._profile.path().display()));
        let options = json!({"goog:chromeOptions": {"args": arguments}});
        let started = browser.post("", &json!({"capabilities": {"alwaysMatch": options}}))?;
        let id = started["sessionId"].as_str().unwrap_or_default().to_owned();
        browser.session = format!("{}/{id}", browser.session);
        Ok(browser)
    }

    /// Goes to an address.
    ///
    /// # Errors
    /// When the browser cannot.
    pub fn open(&self, url: &str) -> io::Result<()> {
        self.post("/url", &json!({"url": url})).map(drop)
    }

    /// What the address bar shows.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn address(&self) -> io::Result<String> {
        Ok(text_of(&self.get("/url")?))
    }

    /// The page's title.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn title(&self) -> io::Result<String> {
        Ok(text_of(&self.get("/title")?))
    }

    /// The text of the first element that a CSS selector finds, once it is there.
    ///
    /// # Errors
    /// When it does not come.
    pub fn text(&self, selector: &str) -> io::Result<String> {
        let element = self.element(selector)?;
        Ok(text_of(&self.get(&format!("/element/{element}/text"))?))
    }

    /// Types into an element.
    ///
    /// # Errors
    /// When it does not come.
    pub fn fill_in(&self, selector: &str, text: &str) -> io::Result<()> {
        let element = self.element(selector)?;
        self.post(&format!("/element/{element}/clear"), &json!({}))?;
        self.post(&format!("/element/{element}/value"), &json!({"text": text}))
            .map(drop)
    }

    /// Clicks on an element.
    ///
    /// # Errors
    /// When it does not come.
    pub fn click(&self, selector: &str) -> io::Result<()> {
        let element = self.element(selector)?;
        self.post(&format!("/element/{element}/click"), &json!({}))
            .map(drop)
    }

    /// Opens another window, which the following calls mean.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn new_window(&self) -> io::Result<()> {
        let window = self.post("/window/new", &json!({"type": "tab"}))?;
        self.post("/window", &json!({"handle": window["handle"]}))
            .map(drop)
    }

    /// Keeps a picture of the page.
    ///
    /// # Errors
    /// When the browser is gone or the file cannot be written.
    pub fn screenshot(&self, path: &Path) -> io::Result<()> {
        let picture = text_of(&self.get("/screenshot")?);
        fs::write(path, STANDARD.decode(picture).map_err(io::Error::other)?)
    }

    /// Looks for an element until it is there: the page may still be on its way.
    fn element(&self, selector: &str) -> io::Result<String> {
        let start = Instant::now();
        loop {
            match self.post("/element", &json!({"using": "css selector", "value": selector})) {
                Ok(Value::Object(found)) => {
                    let id = found.values().next().map(text_of);
                    return id.ok_or_else(|| io::Error::other("an element without an id"));
                }
                Err(error) if start.elapsed() > PATIENCE => {
                    return Err(io::Error::other(format!(
                        "{selector} at {}: {error}",
                        self.address()?
                    )));
                }
                _ => {}
            }
        }
    }

    fn get(&self, path: &str) -> io::Result<Value> {
        let reply = self.agent.get(format!("{}{path}", self.session)).call();
        value_of(reply)
    }

    fn post(&self, path: &str, body: &Value) -> io::Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.session));
        value_of(request.content_type("application/json").send(body.to_string()))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Ends the browser; the driver is ended by its own process id.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn value_of(reply: Result<Response<Body>, ureq::Error>) -> io::Result<Value> {
    let mut reply = reply.map_err(io::Error::other)?;
    let text = reply.body_mut().read_to_string().map_err(io::Error::other)?;
    let value: Value = serde_json::from_str(&text).map_err(io::Error::other)?;
    match reply.status().is_success() {
        true => Ok(value["value"].clone()),
        false => Err(io::Error::other(text_of(&value["value"]["message"]))),
    }
}
