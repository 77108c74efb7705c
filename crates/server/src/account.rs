//! What a person sees of their account outside of any request, and ends.
//!
//! `GET /account` shows the apps and devices of an account, or asks who is there: the sign-in page and the
//! chooser are those of the front channel, without an app. Which account is shown stands in the address, so that
//! two tabs may show two. Each form posts to a path of its own and answers with a redirect back.
//!
//! What changes an account is on pages of its own, each a [`Place`]; `life` does it. Start at [`own`].

pub(crate) mod app_passwords;
pub(crate) mod choice;
pub(crate) mod deletion;
pub(crate) mod email;
pub(crate) mod end;
pub(crate) mod forgotten;
pub(crate) mod handle;
mod listed;
pub(crate) mod new;
pub(crate) mod new_app_password;
pub(crate) mod new_email;
mod own;
pub(crate) mod page;
mod place;
pub(crate) mod rest;
mod said;
pub(crate) mod sign_in;
mod views;

pub(crate) use place::Place;

use url::form_urlencoded;

use entryway_scope::Did;

use crate::pages::account::Done;

/// Signs in another account, or the first one.
pub(crate) const SIGN_IN: &str = "/account/sign-in";
/// Makes an account.
pub(crate) const NEW: &str = "/account/new";
/// The chooser's form.
pub(crate) const CHOICE: &str = "/account/choice";
/// The form of everything that ends something.
pub(crate) const END: &str = "/account/end";

/// A page of this account, and what was done to it.
fn location(place: Place, did: &Did, done: Option<Done>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", did.as_str());
    if let Some(done) = done {
        query.append_pair("done", done.word());
    }
    format!("{}?{}", place.path(), query.finish())
}
