//! Through our own pages: forms, whose fields are found as quickly as can be in pages that are known.

use anyhow::{Context as _, bail};
use http::header::{CONTENT_TYPE, LOCATION, ORIGIN};
use url::{Url, form_urlencoded};

use crate::browser::{Browser, code_of};
use crate::line::Line;

/// Presses what a person would, until the browser is sent to the client.
pub(crate) async fn approve(browser: &mut Browser, line: &mut Line, page: &str) -> anyhow::Result<String> {
    let base = Url::parse(&browser.issuer)?;
    let navigation = Browser::navigation("GET", page, "cross-site");
    let mut reply = browser.ask(line, navigation, String::new()).await?;
    for _ in 0..STEPS_MAX {
        let (request, body) = if let Some(location) = reply.headers.get(LOCATION) {
            let next = base.join(location.to_str()?)?;
            if next.origin() != base.origin() {
                return code_of(&next);
            }
            let path = &next[url::Position::BeforePath..];
            (Browser::navigation("GET", path, "same-origin"), String::new())
        } else {
            let form = Form::to_press(reply.text(), browser)?;
            let request = Browser::navigation("POST", &form.action, "same-origin")
                .header(ORIGIN, &browser.issuer)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            (request, form.body)
        };
        reply = browser.ask(line, request, body).await?;
    }
    bail!("the pages do not come to an end");
}

/// The page, signing in, the page, consent, and what leads from each to the next.
const STEPS_MAX: usize = 8;

/// A form, filled in.
struct Form {
    action: String,
    body: String,
}

impl Form {
    /// The form of the page that leads on, and how it does.
    fn to_press(page: &str, browser: &Browser) -> anyhow::Result<Self> {
        let account = &browser.account;
        for form in page.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if form.contains(r#"name="decision" value="authorize""#) {
                return Self::filled(form, &[("decision", "authorize")]);
            }
            if form.contains(r#"name="password""#) {
                let fields = [("username", &*account.handle), ("password", &account.password)];
                return Self::filled(form, &fields);
            }
            if let Some(chosen) = form.find(r#"name="account" value=""#) {
                let did = attribute(&form[chosen..], "value").context("an account")?;
                return Self::filled(form, &[("account", &did)]);
            }
        }
        bail!("a page that leads nowhere: {page}");
    }

    /// With what is hidden and what is ticked already.
    fn filled(form: &str, fields: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input").skip(1) {
            let input = input.split('>').next().unwrap_or_default();
            let is_sent = input.contains(r#"type="hidden""#) || input.contains(" checked");
            if is_sent
                && let (Some(name), Some(value)) = (attribute(input, "name"), attribute(input, "value"))
            {
                body.append_pair(&name, &value);
            }
        }
        body.extend_pairs(fields);
        Ok(Self {
            action: attribute(form, "action").context("an action")?,
            body: body.finish(),
        })
    }
}

/// The first attribute of this name, without its escapes.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(r#" {name}=""#))?;
    let (value, _) = rest.split_once('"')?;
    let plain = ESCAPES.iter().fold(value.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    });
    Some(plain)
}

/// The ampersand last, so that nothing is undone twice.
const ESCAPES: [(&str, &str); 5] = [
    ("&#60;", "<"),
    ("&#62;", ">"),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&#38;", "&"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_sent_with_what_is_hidden_and_what_is_ticked() {
        let page = r#"<form method="post" action="/a&#38;b">
            <input type="hidden" name="csrf" value="x&#38;#34;y"> <input name="typed" value="not sent">
            <input name="grant.1" type="checkbox" value="on" checked><input name="grant.2" type="checkbox" value="on">
            <button name="decision" value="authorize">"#;
        let form = Form::filled(page, &[("decision", "authorize")]).unwrap();
        assert_eq!(form.action, "/a&b");
        assert_eq!(form.body, "csrf=x%26%2334%3By&grant.1=on&decision=authorize");
    }
}
