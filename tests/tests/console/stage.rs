//! A running system with a group, a browser at its console, and a receiver that can be broken.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::browser::{Browser, Scheme};
use tests::repository::root;
use tests::scenario::moody;
use tests::system::{ADMIN_TOKEN, Administer as _, Setup, System};
use tests::wait::until;

/// What the pictures are made of: how wide, in which colours, and what is added to the name.
const LOOKS: [(u32, Scheme, &str); 3] = [
    (1280, Scheme::Light, ""),
    (1280, Scheme::Dark, "-dark"),
    (390, Scheme::Light, "-narrow"),
];

/// Of a window, in CSS pixels.
const HEIGHT: u32 = 900;

pub(crate) struct Stage {
    backend: Backend,
    pub(crate) system: System,
    pub(crate) browser: Browser,
    pub(crate) receiver: Receiver,
    pub(crate) well: Arc<AtomicBool>,
}

impl Stage {
    /// With the group `acme` and the project `acme/web`, and nobody signed in.
    pub(crate) async fn open() -> Self {
        Self::open_on(Backend::EmbeddedSqlite).await
    }

    /// As [`Self::open`], on a backend.
    pub(crate) async fn open_on(backend: Backend) -> Self {
        let (system, browser) = tokio::join!(Setup::on(backend).start(), Browser::start());
        let client = system.client();
        client.create_group("acme", None).await;
        client.create_group("web", Some("acme")).await;
        let (receiver, well) = moody(true);
        let stage = Self {
            backend,
            system,
            browser,
            receiver,
            well,
        };
        stage.browser.open(&stage.url("/")).await;
        stage
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let api = self.system.api.as_ref().unwrap();
        format!("http://{}{path}", api.address())
    }

    /// Signs in as the admin, at the destinations of the group.
    pub(crate) async fn sign_in(&self) {
        self.sign_in_to("acme").await;
    }

    /// Makes a destination of the group, and signs in as the admin, at its page.
    pub(crate) async fn sign_in_at_a_destination(&self) {
        let client = self.system.client();
        client
            .create_group_destination("acme", &self.receiver.url("/siem"))
            .await;
        self.sign_in().await;
        self.browser.click("//tbody//th//a").await;
    }

    /// Signs in as the admin, at the destinations of a scope by its name in the list of scopes.
    pub(crate) async fn sign_in_to(&self, scope: &str) {
        self.sign_in_with(ADMIN_TOKEN, scope).await;
    }

    /// Signs in as one who owns `acme` and another group and is no admin, at the destinations of `acme`.
    pub(crate) async fn sign_in_as_owner(&self) {
        let client = self.system.client();
        client.create_group("globex", None).await;
        let token = client.create_owner("ada", "acme").await;
        client.add_owner("ada", "globex").await;
        self.sign_in_with(&token, "acme").await;
    }

    async fn sign_in_with(&self, token: &str, scope: &str) {
        self.browser.fill("Access token", token).await;
        self.browser.press("Sign in").await;
        // Until the first page is there, its title would take the focus.
        self.until_text("//main//h1", |text| text == "All destinations")
            .await;
        self.choose_scope(scope).await;
        self.browser.until_shown("New destination").await;
    }

    /// Goes to the destinations of a scope by its name in the list of scopes.
    pub(crate) async fn choose_scope(&self, scope: &str) {
        let option = format!("//select/option[normalize-space()='{scope}']");
        self.browser.click(&option).await;
    }

    /// Lets the receiver take everything, or nothing.
    pub(crate) fn set_well(&self, well: bool) {
        self.well.store(well, Ordering::SeqCst);
    }

    /// Makes pictures of the page in every look, and holds that nobody is kept from using it.
    pub(crate) async fn inspect(&self, name: &str) {
        let folder = folder();
        for (width, scheme, suffix) in LOOKS {
            self.browser.look(width, HEIGHT, scheme).await;
            // A window as high as the page, so that the picture has all of it.
            let height = self.browser.page_height().await;
            self.browser.look(width, height.max(HEIGHT), scheme).await;
            let violations = self.browser.accessibility_violations().await;
            let picture = STANDARD.decode(self.browser.screenshot().await).unwrap();
            // The same page looks the same on each backend.
            if self.backend == Backend::EmbeddedSqlite {
                std::fs::write(folder.join(format!("{name}{suffix}.png")), picture).unwrap();
            }
            assert_eq!(violations, Vec::<String>::new(), "{name}{suffix}");
            let wide = self.overflow().await;
            assert_eq!(
                wide,
                Vec::<String>::new(),
                "{name}{suffix} is wider than the window"
            );
        }
        let (width, scheme, _) = LOOKS[0];
        self.browser.look(width, HEIGHT, scheme).await;
    }

    /// Waits until an element has a text.
    pub(crate) async fn until_text(&self, xpath: &str, is: impl Fn(&str) -> bool) {
        until(xpath, async || {
            let texts = self.browser.texts(xpath).await;
            texts.iter().any(|text| is(text)).then_some(())
        })
        .await;
    }

    /// What reaches over the right edge of the window.
    async fn overflow(&self) -> Vec<String> {
        let body = "return document.documentElement.scrollWidth > innerWidth
            ? [`${document.documentElement.scrollWidth} of ${innerWidth}`] : []";
        let found = self.browser.script(body, vec![]).await;
        serde_json::from_value(found).unwrap()
    }

    pub(crate) async fn end(self) {
        drop(self.browser);
        self.system.stop().await;
    }
}

/// Where the pictures are.
fn folder() -> PathBuf {
    let folder = root().join("target/console-screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
