//! The page that carries an authorization response back by POST.

use askama::Template;

use super::layout::PageContext;
use super::untrusted::Untrusted;

/// The response of `response_mode=form_post`: a form whose button the person presses, or, where scripts
/// run, [`super::assets::FORM_POST_SCRIPT`].
///
/// It does not check the redirect URI: the caller has compared it with the registered ones, and it is http or
/// https, since a browser posts nowhere else. The policy of this one page needs `script-src 'self'` and
/// the origin of the redirect URI in `form-action`. A browser sends line breaks in `state` as CR LF, whatever
/// they were.
#[derive(Debug, Template)]
#[template(path = "pages/form_post.html")]
pub struct FormPostView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Host of the redirect URI.
    pub return_host: Untrusted<'a>,
    /// The redirect URI.
    pub redirect_uri: &'a str,
    /// The response's parameters, by name: code or error, state, iss.
    pub parameters: Vec<(&'a str, &'a str)>,
}
