//! `GET /_ready`: whether this instance can do its work now, and what stands in the way (C25).
//!
//! Not the same as being alive, which `/_health` tells: an instance that is not ready is not to be restarted, it
//! is to be left out until it is. Nothing is told that would help a stranger more than the answer 503 does.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Serialize;

use entryway_oauth::jwk::Algorithm;
use entryway_store::{KeyState, Store};

use crate::app::App;
use crate::keys;

pub(crate) const PATH: &str = "/_ready";

/// What has to be well, each with what is wrong with it.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    database: Standing,
    keys: Standing,
    fleet: Standing,
    instance: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Ok,
    /// No answer, or an error.
    Unreachable,
    /// Its schema lacks something, or is another program's.
    NotMigrated,
    /// A newer release has changed its schema already, which this one goes on with (a release only ever adds to it).
    Newer,
    /// Another instance took others in their place.
    Replaced,
    /// No PDS host was added.
    Empty,
    /// It is about to stop.
    Leaving,
}

pub(crate) async fn get(State(app): State<App>) -> Response {
    let looked = tokio::time::timeout(LOOK_WAIT, Readiness::of(&app)).await;
    let readiness = looked.unwrap_or(Readiness::judged(
        Standing::Unreachable,
        Standing::Unreachable,
        Standing::Unreachable,
        instance(&app),
    ));
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        if !app.is_leaving() {
            tracing::warn!(?readiness, "not ready");
        }
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(readiness)).into_response()
}

/// Whoever asks does so every few seconds, and takes no answer for a no.
const LOOK_WAIT: Duration = Duration::from_secs(2);

impl Readiness {
    async fn of(app: &App) -> Self {
        let store = app.store();
        Self::judged(
            database(store).await,
            held(app).await.unwrap_or(Standing::Unreachable),
            fleet(store).await,
            instance(app),
        )
    }

    fn judged(database: Standing, keys: Standing, fleet: Standing, instance: Standing) -> Self {
        let is_well = |part: &Standing| matches!(part, Standing::Ok | Standing::Newer);
        Self {
            ready: [database, keys, fleet, instance].iter().all(is_well),
            database,
            keys,
            fleet,
            instance,
        }
    }
}

async fn database(store: &Store) -> Standing {
    match store.schema().await {
        Ok(schema) if schema.pending.is_empty() => Standing::Ok,
        // otherwise the first instance of a rolling upgrade would put out all the others
        Err(entryway_store::Fault::SchemaNewer { .. }) => Standing::Newer,
        Ok(_) | Err(entryway_store::Fault::SchemaForked { .. }) => Standing::NotMigrated,
        Err(_) => Standing::Unreachable,
    }
}

/// Whether the keys this instance signs with are still those of the deployment.
async fn held(app: &App) -> Result<Standing, entryway_store::Fault> {
    let ours = keys::kid(app.keys().access_tokens.public());
    let signing = app.store().signing_keys().await?;
    let is_current = signing
        .iter()
        .any(|key| key.kid == ours && key.algorithm == Algorithm::ES256K && key.state == KeyState::Current);
    Ok(if is_current {
        Standing::Ok
    } else {
        Standing::Replaced
    })
}

fn instance(app: &App) -> Standing {
    if app.is_leaving() {
        Standing::Leaving
    } else {
        Standing::Ok
    }
}

async fn fleet(store: &Store) -> Standing {
    match store.pds_hosts().await {
        Ok(hosts) if hosts.is_empty() => Standing::Empty,
        Ok(_) => Standing::Ok,
        Err(_) => Standing::Unreachable,
    }
}
