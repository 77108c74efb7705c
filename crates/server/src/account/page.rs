//! `GET /account`: the apps and devices of an account, or who is there.

use axum::extract::State;
use axum::response::Response;
use http::request::Parts;
use tower_sessions::Session;

use crate::app::App;
use crate::extract::language::Language;

use super::listed::Listed;
use super::own::{Own, Turned, answer};
use super::{Place, rest, views};

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts).await)
}

async fn show(app: &App, session: Session, parts: Parts) -> Result<Response, Turned> {
    let own = Own::open(app, session, parts, Place::Account).await?;
    if own.is_asleep() {
        return Ok(rest::asleep(app, &own, None)?);
    }
    let listed = Listed::load(app, &own.browser, &own.account, own.now).await?;
    let language = Language::preferred(&own.parts.headers);
    Ok(views::account(app, &own, &listed, &language)?)
}
