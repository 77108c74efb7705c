//! A listener of its own for those who look after a gate: figures and health, and nothing of a PDS.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::answer::{Answer, boxed};
use super::fault::GateFault;
use super::own::{self, READ_METHODS};
use super::paths;
use super::settings::HealthSource;

/// Writes the figures as they are now, in the text format of Prometheus.
pub type Figures = Arc<dyn Fn() -> String + Send + Sync>;

/// Serves `/_gate/metrics` and `/_gate/health` until `stop` resolves.
///
/// Not for strangers: bind it to loopback, or to a network of your own.
pub async fn serve_operator(
    listener: TcpListener,
    figures: Figures,
    health: HealthSource,
    stop: impl Future<Output = ()>,
) {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                let Ok((stream, _)) = accepted else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let (figures, health) = (figures.clone(), health.clone());
                let service = service_fn(move |request| {
                    let answer = answer(&request, &figures, &health);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_WAIT)
                    .serve_connection(TokioIo::new(stream), service);
                connections.spawn(served);
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

fn answer(request: &Request<Incoming>, figures: &Figures, health: &HealthSource) -> Answer {
    if !own::is_read(request.method()) {
        return GateFault::MethodUnsupported {
            allowed: READ_METHODS,
        }
        .answer();
    }
    match request.uri().path() {
        METRICS => {
            let mut answer = Response::new(boxed(Full::from(figures())));
            *answer.status_mut() = StatusCode::OK;
            answer.headers_mut().insert(
                CONTENT_TYPE,
                HeaderValue::from_static("text/plain; version=0.0.4"),
            );
            answer
        }
        paths::HEALTH => own::health(&health()),
        _ => GateFault::NotFound.answer(),
    }
}

const METRICS: &str = "/_gate/metrics";
/// A scraper or two, and a person.
const CONNECTIONS_MAX: usize = 64;
const HEAD_WAIT: Duration = Duration::from_secs(30);
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
