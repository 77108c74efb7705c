//! A browser without JavaScript: cookies, redirects, forms, and the headers Chromium sends with them.

use std::collections::BTreeMap;

use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use http::{HeaderName, HeaderValue, Request};
use url::{Url, form_urlencoded};

use crate::account::TestAccount;
use crate::client::Pushed;
use crate::page::{Form, Page};
use crate::reply::Reply;
use crate::secrets;
use crate::service::Service;

/// A browser. A clone has the same cookies and gets its own from then on.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Where the browser came to.
#[derive(Clone, Debug)]
pub enum Step {
    /// A page of the service.
    Page(Page),
    /// The client's redirect URI.
    Left(Landing),
}

/// What arrived at the client's redirect URI.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The whole URL.
    pub url: Url,
    /// The parameters of the answer, from the query, the fragment or the form.
    pub parameters: Vec<(String, String)>,
    /// The redirect that led here, unless a form did.
    pub redirect: Option<Reply>,
}

impl Step {
    /// The page; fails if the browser left.
    #[track_caller]
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Left(landing) => panic!("left for {}", landing.url),
        }
    }

    /// The landing; fails if there is still a page.
    #[track_caller]
    pub fn left(self) -> Landing {
        match self {
            Self::Left(landing) => landing,
            Self::Page(page) => panic!("still at {} ({}): {}", page.url.path(), page.status(), page.text),
        }
    }
}

impl Landing {
    /// A parameter of the answer.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The code of a success.
    #[track_caller]
    pub fn code(&self) -> &str {
        self.parameter("code")
            .unwrap_or_else(|| panic!("no code at {}", self.url))
    }
}

impl Browser {
    /// A browser that has never been here.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends this header in the place of its own with everything from now on.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        ));
        self
    }

    /// The cookies it holds.
    pub const fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// The same browser with another value in its only cookie.
    pub fn with_cookie(mut self, value: &str) -> Self {
        assert_eq!(self.cookies.len(), 1);
        self.cookies.values_mut().for_each(|old| value.clone_into(old));
        self
    }

    /// Opens what the client sent it to: a navigation that another site began.
    pub async fn open(&mut self, server: &impl Service, pushed: &Pushed) -> Page {
        self.open_url(server, &pushed.url(server)).await.page()
    }

    /// Opens any URL of the service from another site.
    pub async fn open_url(&mut self, server: &impl Service, url: &str) -> Step {
        self.follow(server, Url::parse(url).unwrap(), None, "cross-site")
            .await
    }

    /// Presses the button with this text after filling in these fields.
    pub async fn press(
        &mut self,
        server: &impl Service,
        page: &Page,
        button: &str,
        fields: &[(&str, &str)],
    ) -> Step {
        let form = fields
            .iter()
            .fold(page.form(button), |form, (name, value)| form.with(name, value));
        self.submit(server, &form).await
    }

    /// Sends a form.
    pub async fn submit(&mut self, server: &impl Service, form: &Form) -> Step {
        let issuer = Url::parse(server.issuer()).unwrap();
        if form.action.origin() != issuer.origin() {
            let landing = Landing {
                url: form.action.clone(),
                parameters: form.fields.clone(),
                redirect: None,
            };
            note_code(&landing);
            return Step::Left(landing);
        }
        self.follow(server, form.action.clone(), Some(form), "same-origin")
            .await
    }

    /// Signs in, chooses and authorizes, whatever of that is asked, as this account.
    pub async fn approve(
        &mut self,
        server: &impl Service,
        pushed: &Pushed,
        account: &TestAccount,
    ) -> Landing {
        match self.go_to_consent(server, pushed, account).await {
            Step::Page(page) => self.press(server, &page, "Authorize", &[]).await.left(),
            Step::Left(landing) => landing,
        }
    }

    /// Comes to the consent page as this account.
    pub async fn reach_consent(
        &mut self,
        server: &impl Service,
        pushed: &Pushed,
        account: &TestAccount,
    ) -> Page {
        self.go_to_consent(server, pushed, account).await.page()
    }

    /// As far as the consent page, or to the client where nothing is asked.
    async fn go_to_consent(&mut self, server: &impl Service, pushed: &Pushed, account: &TestAccount) -> Step {
        let mut step = self.open_url(server, &pushed.url(server)).await;
        if let Step::Page(page) = &step
            && page.heading().starts_with("Choose an account")
        {
            let form = page.form_beginning(&format!("@{}", account.handle));
            step = self.submit(server, &form).await;
        }
        match step {
            Step::Page(page) if !page.buttons().contains(&"Authorize") => {
                self.enter(server, &page, account).await
            }
            step => step,
        }
    }

    /// Fills in the sign-in page and comes to the next one.
    pub async fn sign_in(&mut self, server: &impl Service, page: &Page, account: &TestAccount) -> Page {
        self.enter(server, page, account).await.page()
    }

    async fn enter(&mut self, server: &impl Service, page: &Page, account: &TestAccount) -> Step {
        let fields = [
            ("username", account.handle),
            ("password", account.password.as_str()),
        ];
        self.press(server, page, "Sign in", &fields).await
    }

    async fn follow(&mut self, server: &impl Service, url: Url, form: Option<&Form>, site: &str) -> Step {
        let (mut url, mut form) = (url, form);
        let issuer = Url::parse(server.issuer()).unwrap().origin();
        for _ in 0..REDIRECTS_MAX {
            let reply = self.request(server, &url, form, site).await;
            let Some(location) = reply.header("location") else {
                let page = Page::read(url, reply);
                note_form_tokens(&page);
                return Step::Page(page);
            };
            assert_eq!(reply.code(), 303, "R-156: {reply:?}");
            url = url.join(location).unwrap();
            form = None;
            if url.origin() != issuer {
                return Step::Left(Landing {
                    parameters: answer(&url),
                    url,
                    redirect: Some(reply),
                });
            }
        }
        panic!("too many redirects, the last to {url}");
    }

    async fn request(&mut self, server: &impl Service, url: &Url, form: Option<&Form>, site: &str) -> Reply {
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut request = Request::builder()
            .uri(target)
            .method(if form.is_some() { "POST" } else { "GET" });
        let headers = request.headers_mut().unwrap();
        let own = [
            ("sec-fetch-site", site),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-user", "?1"),
            ("accept", "text/html,application/xhtml+xml"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0"),
        ];
        for (name, value) in own {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            headers.insert(COOKIE, HeaderValue::from_str(&pairs.join("; ")).unwrap());
        }
        if form.is_some() {
            headers.insert(ORIGIN, HeaderValue::from_str(server.issuer()).unwrap());
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            );
        }
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        let body = form.map(|form| encode(&form.fields)).unwrap_or_default();
        let reply = server.ask(request.body(Body::from(body)).unwrap()).await;
        let reply = reply.expect("the service is there");
        self.keep_cookies(&reply);
        reply
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

const REDIRECTS_MAX: usize = 5;

fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// The parameters of an answer: whatever is in the query, and in the fragment.
fn answer(url: &Url) -> Vec<(String, String)> {
    let fragment = form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes());
    let both = url.query_pairs().chain(fragment);
    both.map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

fn note_code(landing: &Landing) {
    if let Some(code) = landing.parameter("code") {
        secrets::record(code);
    }
}

fn note_form_tokens(page: &Page) {
    for input in page
        .all("input")
        .filter(|input| input.attribute("name") == Some("csrf"))
    {
        secrets::record(input.attribute("value").unwrap());
    }
}
