//! A headless Chromium that is driven as a person would: by what stands on buttons and beside inputs.

mod devtools;
mod driver;
pub mod keys;
mod requests;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::repository;
use crate::wait::until;
use devtools::DevTools;
use driver::Driver;

pub use requests::Requests;

/// axe-core, which looks for what keeps people with disabilities from using a page.
const AXE: &str = "tests/axe-core/axe-core-4.14.1.min.js";

/// A browser with one window; it ends with this value.
pub struct Browser {
    client: Client,
    _driver: Driver,
}

/// Which colours a page is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Browser {
    /// Starts Chromium with an empty profile.
    pub async fn start() -> Self {
        let driver = Driver::start().await;
        let client = driver.connect().await;
        let browser = Self {
            client,
            _driver: driver,
        };
        browser.look(1280, 900, Scheme::Light).await;
        browser
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page is opened");
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page is loaded");
    }

    /// Gives the window a size in CSS pixels, and a preference for colours.
    pub async fn look(&self, width: u32, height: u32, scheme: Scheme) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": value},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Cuts the browser off from the network, or connects it again.
    pub async fn set_offline(&self, offline: bool) {
        self.devtools("Network.enable", json!({})).await;
        let conditions = json!({
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// How high the page is, in CSS pixels.
    pub async fn page_height(&self) -> u32 {
        let height = "return document.documentElement.scrollHeight";
        let height = self.script(height, vec![]).await;
        serde_json::from_value(height).expect("a height is a whole number")
    }

    /// A picture of the window as PNG, base64.
    pub async fn screenshot(&self) -> String {
        let answer = self.devtools("Page.captureScreenshot", json!({"format": "png"}));
        let answer = answer.await;
        let data = answer["data"].as_str().expect("the picture is a text");
        data.to_owned()
    }

    /// What axe-core finds wrong with the page: the rule, and what breaks it.
    pub async fn accessibility_violations(&self) -> Vec<String> {
        let loaded = self.script("return typeof axe === 'object'", vec![]).await;
        if loaded != json!(true) {
            self.script(&repository::text(AXE), vec![]).await;
        }
        let run = "const done = arguments[0];
            axe.run(document, {resultTypes: ['violations']}).then(
                ({violations}) => done(violations.flatMap(({id, help, nodes}) =>
                    nodes.map(({html, any}) => `${id}: ${help}: ${html} ${any.map(({message}) => message).join(', ')}`))),
                (error) => done([String(error)]),
            );";
        let found = self.client.execute_async(run, vec![]).await;
        let found = found.expect("axe-core runs");
        let found = found.as_array().expect("a list was asked for").iter();
        found.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Runs the body of a JavaScript function in the page.
    pub async fn script(&self, body: &str, arguments: Vec<Value>) -> Value {
        let run = self.client.execute(body, arguments).await;
        run.expect("the script runs")
    }

    /// Waits for an element that is shown and in reach.
    pub async fn find(&self, xpath: &str) -> Element {
        until(xpath, async || self.shown(xpath).await).await
    }

    /// Presses a button or follows a link, by what stands on it or, if nothing does, by its label.
    pub async fn press(&self, name: &str) {
        let xpath = format!(
            "//*[self::button or self::a or self::summary][normalize-space()={0} or @aria-label={0}]",
            quoted(name)
        );
        self.click(&xpath).await;
    }

    /// As [`Self::press`], in the open dialog.
    pub async fn press_in_dialog(&self, name: &str) {
        self.click(&format!(
            "//dialog[@open]//button[normalize-space()={}]",
            quoted(name)
        ))
        .await;
    }

    /// Clicks an element when it can be: it may be drawn anew meanwhile, or something may cover it.
    pub async fn click(&self, xpath: &str) {
        until(xpath, async || self.shown(xpath).await?.click().await.ok()).await;
    }

    /// Types into the input with this label, after what is in it was removed.
    pub async fn fill(&self, label: &str, text: &str) {
        self.fill_nth(label, 1, text).await;
    }

    /// As [`Self::fill`], into the n-th input with this label.
    pub async fn fill_nth(&self, label: &str, nth: usize, text: &str) {
        let xpath = format!(
            "(//input[@id=//label[normalize-space()={}]/@for])[{nth}]",
            quoted(label)
        );
        let typed = async || {
            let input = self.shown(&xpath).await?;
            input.clear().await.ok()?;
            input.send_keys(text).await.ok()
        };
        until(&xpath, typed).await;
        assert_eq!(self.value_of_nth(label, nth).await, text);
    }

    /// Types into what has the focus, whatever it is.
    pub async fn type_keys(&self, keys: &str) {
        self.strike(strokes(keys)).await;
    }

    /// As [`Self::type_keys`], with the Shift key held down.
    pub async fn type_with_shift(&self, keys: &str) {
        let down = [KeyAction::Down { value: keys::SHIFT }];
        let up = [KeyAction::Up { value: keys::SHIFT }];
        self.strike(down.into_iter().chain(strokes(keys)).chain(up))
            .await;
    }

    async fn strike(&self, strokes: impl Iterator<Item = KeyAction>) {
        let keyboard = KeyActions::new("keyboard".to_owned());
        let strokes = strokes.fold(keyboard, KeyActions::then);
        let typed = self.client.perform_actions(strokes).await;
        typed.expect("keys can be typed");
    }

    /// What is in the input with this label.
    pub async fn value_of(&self, label: &str) -> String {
        self.value_of_nth(label, 1).await
    }

    async fn value_of_nth(&self, label: &str, nth: usize) -> String {
        let xpath = format!(
            "(//input[@id=//label[normalize-space()={}]/@for])[{nth}]",
            quoted(label)
        );
        until(&xpath, async || {
            let input = self.client.find(Locator::XPath(&xpath)).await.ok()?;
            input.prop("value").await.ok()?
        })
        .await
    }

    /// All text of the elements that an `XPath` finds, also where it is folded up.
    pub async fn texts(&self, xpath: &str) -> Vec<String> {
        let body = "const found = document.evaluate(arguments[0], document, null, 7, null);
            return Array.from({length: found.snapshotLength}, (_, index) =>
                found.snapshotItem(index).textContent.replace(/\\s+/g, ' ').trim());";
        let texts = self.script(body, vec![json!(xpath)]).await;
        let texts = texts.as_array().expect("a list was asked for").iter();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// How many pixels of a canvas are neither grey nor next to it.
    pub async fn colourful_pixels(&self, xpath: &str) -> u64 {
        let body = "const {singleNodeValue: canvas} = document.evaluate(arguments[0], document, null, 9, null);
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let found = 0;
            for (let at = 0; at < data.length; at += 4) {
                const [red, green, blue, alpha] = data.slice(at, at + 4);
                found += alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60;
            }
            return found;";
        let found = self.script(body, vec![json!(xpath)]).await;
        found.as_u64().expect("pixels were counted")
    }

    /// Waits until what has the focus has this value of a property.
    pub async fn until_focused(&self, property: &str, value: &str) {
        let body = "return document.activeElement[arguments[0]]";
        until(&format!("{property} {value} in focus"), async || {
            let found = self.script(body, vec![json!(property)]).await;
            (found == value).then_some(())
        })
        .await;
    }

    /// Waits until the page shows a text somewhere.
    pub async fn until_shown(&self, text: &str) {
        let found = until(text, async || self.shows(text).await.then_some(()));
        found.await;
    }

    /// Whether the page shows a text now.
    pub async fn shows(&self, text: &str) -> bool {
        let body = "return document.body.innerText.includes(arguments[0])";
        self.script(body, vec![json!(text)]).await == json!(true)
    }

    /// What the console of the browser has complained of, such as a refused style or an error.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self
            .client
            .issue_cmd(DevTools::log())
            .await
            .expect("chromedriver keeps a log");
        let entries = log.as_array().expect("the log is a list").iter();
        entries
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    async fn shown(&self, xpath: &str) -> Option<Element> {
        let element = self.client.find(Locator::XPath(xpath)).await.ok()?;
        let center = "arguments[0].scrollIntoView({block: 'center'})";
        let handle = serde_json::to_value(&element).expect("an element has an id");
        self.client.execute(center, vec![handle]).await.ok()?;
        element.is_displayed().await.ok()?.then_some(element)
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let sent = self.client.issue_cmd(DevTools::new(command, &parameters));
        sent.await
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}

fn strokes(keys: &str) -> impl Iterator<Item = KeyAction> {
    keys.chars()
        .flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }])
}

/// A text as `XPath` writes it.
fn quoted(text: &str) -> String {
    assert!(!text.contains('"'), "{text}");
    format!("\"{text}\"")
}
