//! Who is let in when more is asked than can be done.
//!
//! Work is of four kinds, each with so many places: a flood of one takes nothing from the others. What costs next
//! to nothing, such as metadata, and what tells whether we live, takes no place and is always answered. A request
//! without a place waits in line; how long, [`Places`] says. Who is not let in is told so with 503 at once, in the
//! form that is read there, and nothing was done for them.
//!
//! A place is for work, not for waiting for strangers: it is given once the body is here ([`arrival`]).

mod arrival;
pub(crate) mod crowd;
mod kind;
mod places;
mod turned_away;

use axum::body::Body;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::Request;
use http::header::RETRY_AFTER;

use entryway_oauth::denial::Denial;

use crate::app::App;
use crate::authorize::reply;
use crate::config::Capacity;
use crate::failure::{self, Failure};
use crate::xrpc;

use kind::Kind;
use places::{Place, Places};
pub(crate) use turned_away::TurnedAway;

/// The places of one instance.
#[derive(Debug)]
pub(crate) struct Admission {
    sessions: Places,
    others: Places,
    passwords: Places,
    passed: Places,
}

impl Admission {
    pub(crate) fn new(capacity: &Capacity) -> Self {
        let places = |kind, count| Places::new(kind, count, capacity.wait);
        Self {
            sessions: places(Kind::Session, capacity.session_calls),
            others: places(Kind::Other, capacity.other_calls),
            passwords: places(Kind::Password, capacity.password_calls),
            passed: places(Kind::Passed, capacity.passed_calls),
        }
    }

    fn of(&self, kind: Kind) -> &Places {
        match kind {
            Kind::Session => &self.sessions,
            Kind::Other => &self.others,
            Kind::Password => &self.passwords,
            Kind::Passed => &self.passed,
        }
    }
}

/// Lets requests of the back channel in. They are told so without a line in the log: there would be thousands.
pub(crate) async fn back_channel(app: &App, request: Request<Body>, next: Next) -> Response {
    let kind = Kind::of_back_channel(app.endpoints(), request.uri().path());
    match enter(app, kind, request).await {
        Ok((_place, request)) => next.run(request).await,
        Err(Refused::Overloaded(wait)) => told(wait, failure::json(&Denial::Overloaded)),
        Err(Refused::Body(denial)) => Failure::Denial(denial).into_json(),
    }
}

/// Lets browsers in.
pub(crate) async fn page(app: &App, request: Request<Body>, next: Next) -> Response {
    let kind = Kind::of_page(request.method(), request.uri().path(), app.endpoints());
    match enter(app, kind, request).await {
        Ok((_place, request)) => next.run(request).await,
        Err(Refused::Overloaded(wait)) => told(wait, reply::overloaded(app)),
        Err(Refused::Body(denial)) => reply::failure(app, denial.into()),
    }
}

/// Lets calls of methods in.
pub(crate) async fn method(app: &App, request: Request<Body>, next: Next) -> Response {
    let Some(kind) = Kind::of_method(request.uri().path()) else {
        return next.run(request).await;
    };
    match enter(app, kind, request).await {
        Ok((_place, request)) => next.run(request).await,
        Err(Refused::Overloaded(wait)) => told(wait, xrpc::overloaded()),
        Err(Refused::Body(denial)) => xrpc::Failure::from(xrpc::body_denial(&denial)).into_response(),
    }
}

/// Why a request gets no place.
enum Refused {
    /// There is none, and when to ask again, in seconds.
    Overloaded(u32),
    /// Its body does not come.
    Body(Denial),
}

async fn enter(app: &App, kind: Kind, request: Request<Body>) -> Result<(Place<'_>, Request<Body>), Refused> {
    let places = app.admission().of(kind);
    if places.is_line_full() {
        return Err(Refused::Overloaded(places.turn_away()));
    }
    let request = match kind {
        // bodies that are passed on as they come may be of any size
        Kind::Passed => request,
        Kind::Session | Kind::Other | Kind::Password => {
            arrival::arrived(request).await.map_err(Refused::Body)?
        }
    };
    match places.take().await {
        Some(place) => Ok((place, request)),
        None => Err(Refused::Overloaded(places.turn_away())),
    }
}

fn told(wait_seconds: u32, mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, wait_seconds.into());
    response
}
