//! What is counted, and where it is read.

use std::sync::Arc;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::stage::Stage;
use super::upstream::TestUpstream;
use crate::client::{ClientSettings, HttpClient};
use crate::proxy::{FeedHealth, IssuerHealth, figures, serve_operator};
use crate::scene::{ISSUER, issuer};

fn recorder() -> PrometheusRecorder {
    PrometheusBuilder::new().build_recorder()
}

#[tokio::test]
async fn each_request_is_counted_for_whose_it_is() {
    // each of these tests runs on a thread of its own, and everything it starts
    let recorder = recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::new().await;
    let session = "com.atproto.server.getSession";
    stage.call("GET", session, "account:email").send().await;
    stage
        .call("POST", "com.atproto.server.createSession", "")
        .send()
        .await;
    stage.open("GET", "/xrpc/a.b.c").send().await;
    stage
        .open("GET", "/xrpc/a.b.c")
        .header("authorization", "Bearer a")
        .send()
        .await;
    stage.open("GET", "/robots.txt").send().await;
    stage.open("GET", "/xrpc/a%2eb.c").send().await;
    stage.say("GET / HTTP/1.1\n\n").await;
    let text = recorder.handle().render();
    for line in [
        r#"entryway_gate_requests_total{by="oauth",status="200"} 1"#,
        r#"entryway_gate_requests_total{by="oauth",status="403"} 1"#,
        r#"entryway_gate_requests_total{by="nobody",status="200"} 1"#,
        r#"entryway_gate_requests_total{by="legacy",status="200"} 1"#,
        r#"entryway_gate_requests_total{by="document",status="200"} 1"#,
        r#"entryway_gate_requests_total{by="gate",status="400"} 2"#,
        r#"entryway_gate_wire_faults_total{fault="line_end"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
    assert!(text.contains("entryway_gate_request_seconds"), "{text}");
    assert!(text.contains("entryway_gate_connections"), "{text}");
    // nothing of a caller is in it
    assert!(!text.contains("a.b.c") && !text.contains("did:"), "{text}");
}

#[tokio::test]
async fn a_pds_without_an_answer_is_counted() {
    let recorder = recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let mut upstream = TestUpstream::echo().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    upstream.address = nobody.local_addr().unwrap();
    drop(nobody);
    Stage::before(upstream)
        .await
        .open("GET", "/xrpc/a.b.c")
        .send()
        .await;
    let text = recorder.handle().render();
    assert!(
        text.contains(r#"entryway_gate_upstream_faults_total{fault="unreachable"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn an_operator_reads_figures_and_health_where_strangers_do_not() {
    let recorder = recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    figures::describe();
    let health = vec![IssuerHealth {
        issuer: issuer(ISSUER),
        keys_known: true,
        feed: Some(FeedHealth {
            age_seconds: Some(7),
            fresh: true,
        }),
    }];
    let (handle, told) = (recorder.handle(), health.clone());
    let render = move || {
        figures::observe(&told);
        handle.render()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve_operator(
        listener,
        Arc::new(render),
        Arc::new(move || health.clone()),
        async {
            drop(stopped.await);
        },
    );
    let serving = tokio::spawn(serving);
    let client = HttpClient::new(ClientSettings::default()).unwrap();
    for (method, path, status, part) in [
        (
            "GET",
            "/_gate/metrics",
            200,
            r#"entryway_gate_feed_age_seconds{issuer="https://entryway.example"} 7"#,
        ),
        (
            "GET",
            "/_gate/metrics",
            200,
            r#"entryway_gate_feed_fresh{issuer="https://entryway.example"} 1"#,
        ),
        (
            "GET",
            "/_gate/metrics",
            200,
            "# HELP entryway_gate_feed_age_seconds Age of",
        ),
        ("GET", "/_gate/health", 200, r#""status":"ok""#),
        ("GET", "/", 404, "NotFound"),
        ("GET", "/xrpc/a.b.c", 404, "NotFound"),
        ("POST", "/_gate/metrics", 405, "MethodNotAllowed"),
    ] {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{url}{path}"));
        let request = request.body(http_body_util::Empty::new()).unwrap();
        let answer = client.send(request).await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        let body = answer.into_body().read_whole(1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(part), "{path}: {body}");
    }
    drop(stop);
    serving.await.unwrap();
    assert!(
        tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap())
            .await
            .is_err()
    );
}
