use std::fmt::Write as _;

use http_body_util::BodyExt as _;

use super::*;

/// D9: every refusal as it is sent, as the checked-in table has it. A change of a name, a status or a sentence is
/// a change of this file, which a reviewer sees.
#[tokio::test]
async fn every_refusal_has_the_rendering_of_the_checked_in_table() {
    let mut table = String::new();
    for denial in XrpcDenial::samples() {
        let response = Failure::from(denial).into_response();
        let status = response.status().as_u16();
        let headers = [RETRY_AFTER, ALLOW, WWW_AUTHENTICATE]
            .into_iter()
            .filter_map(|name| {
                let value = response.headers().get(&name)?.to_str().unwrap();
                Some(format!(" [{name}: {value}]"))
            });
        let headers: String = headers.collect();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        writeln!(table, "{status}{headers} {}", std::str::from_utf8(&body).unwrap()).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/xrpc/refusals.txt");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    if checked_in != table {
        let written = std::env::temp_dir().join("refusals.txt");
        std::fs::write(&written, &table).unwrap();
        panic!(
            "the renderings differ from {path}; the new table is {}",
            written.display()
        );
    }
}

#[test]
fn a_fault_shows_its_causes_in_the_log_and_nothing_to_the_caller() {
    let fault = Fault::because("rotating", std::io::Error::other("disk on fire"));
    assert_eq!(Failure::from(fault).into_response().status(), 500);
}
