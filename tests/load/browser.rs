//! A browser that remembers who signed in, and comes through the pages of either server as fast as it can.

use anyhow::{Context as _, bail};
use axum::body::Body;
use entryway_tests::Reply;
use http::Request;
use http::header::{COOKIE, SET_COOKIE};
use url::Url;

use crate::line::{Failure, Line};
use crate::target::{AUTHORIZE, Account, Pages, Target};
use crate::{our_pages, reference_pages};

/// The browser of one person.
pub(crate) struct Browser {
    pub(crate) account: Account,
    pub(crate) issuer: String,
    /// Who is signed in, as the reference wants to be told.
    pub(crate) did: Option<String>,
    pages: Pages,
    cookies: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn new(target: &Target, account: &Account) -> Self {
        Self {
            account: account.clone(),
            issuer: target.issuer.clone(),
            did: None,
            pages: target.pages,
            cookies: Vec::new(),
        }
    }

    /// Opens a pushed request, signs in if it has not yet, and consents to all of it. Gives the code.
    pub(crate) async fn approve(
        &mut self,
        line: &mut Line,
        client_id: &str,
        request_uri: &str,
    ) -> anyhow::Result<String> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("request_uri", request_uri)
            .finish();
        let page = format!("{AUTHORIZE}?{query}");
        match self.pages {
            Pages::Ours => our_pages::approve(self, line, &page).await,
            Pages::Reference => reference_pages::approve(self, line, &page).await,
        }
    }

    /// A request as a navigation of a window makes it, with what this browser says of itself.
    pub(crate) fn navigation(method: &str, path: &str, site: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("accept", "text/html,application/xhtml+xml")
    }

    /// Asks with its cookies, and keeps those of the answer.
    pub(crate) async fn ask(
        &mut self,
        line: &mut Line,
        request: http::request::Builder,
        body: String,
    ) -> anyhow::Result<Reply> {
        let mut request = request.header("user-agent", USER_AGENT);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let reply = line.ask(request.body(Body::from(body))?).await?;
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie")?;
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        if reply.code() >= 400 {
            return Err(Failure::Refused(reply.code()).into());
        }
        Ok(reply)
    }

    pub(crate) fn cookie(&self, wanted: &str) -> Option<&str> {
        let found = self.cookies.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }
}

/// The code in the answer that a client gets, in the query or in the fragment.
pub(crate) fn code_of(url: &Url) -> anyhow::Result<String> {
    let fragment = url.fragment().unwrap_or_default().as_bytes();
    let mut all = url.query_pairs().chain(url::form_urlencoded::parse(fragment));
    match all.find(|(name, _)| name == "code") {
        Some((_, code)) => Ok(code.into_owned()),
        None => bail!("no code in {url}"),
    }
}

const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0";
