//! Whom we believe.

use rcgen::{CertificateParams, date_time_ymd};
use rustls::HandshakeKind;
use tokio::io::AsyncWriteExt as _;

use super::super::{FetcherUnavailable, tls};
use super::*;

/// What comes of asking `https://app.test` of a host with this certificate, when `trusted` is believed.
async fn ask(trusted: &Authority, signer: &Authority, params: &CertificateParams) -> Result<(), FetchError> {
    let host = Host::listen(Some(signer.acceptor(params)), |_| document("{}")).await;
    let fetcher = Fetcher::new(development(trusted, &[host.pin("app.test")])).unwrap();
    let outcome = fetcher.get(&url("https://app.test/"), &wanted()).await;
    assert_eq!(
        host.heads().len(),
        usize::from(outcome.is_ok()),
        "nothing is sent to a stranger"
    );
    outcome.map(|_| ())
}

fn named(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

#[tokio::test]
async fn a_certificate_is_believed_for_its_names_alone() {
    let authority = Authority::new();
    let believed: &[&[&str]] = &[&["app.test"], &["other.test", "app.test"]];
    for names in believed {
        assert_eq!(
            ask(&authority, &authority, &named(names)).await,
            Ok(()),
            "{names:?}"
        );
    }
    let refused: &[&[&str]] = &[
        &[],
        &["other.test"],
        &["www.app.test"],
        &["*.app.test"],
        // a whole top-level domain is nobody's
        &["*.test"],
        &["test"],
        &["127.0.0.1"],
        &["app.test.evil.com"],
    ];
    for names in refused {
        let outcome = ask(&authority, &authority, &named(names)).await;
        assert_eq!(outcome, Err(FetchError::Unreachable), "{names:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_or_of_another_time_is_refused() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let mut expired = named(&["app.test"]);
    expired.not_after = date_time_ymd(2000, 1, 1);
    let mut early = named(&["app.test"]);
    early.not_before = date_time_ymd(4000, 1, 1);
    let cases = [
        (&unknown, named(&["app.test"])),
        (&known, expired),
        (&known, early),
    ];
    for (signer, params) in &cases {
        assert_eq!(ask(&known, signer, params).await, Err(FetchError::Unreachable));
    }
}

#[tokio::test]
async fn a_certificate_is_looked_at_anew_each_time() {
    // a resumed session, or a kept connection, would not show it
    let authority = Authority::new();
    let host = Host::https(&authority, "app.test", |_| document("{}")).await;
    let pins = [host.pin("app.test"), host.pin("other.test")];
    let fetcher = Fetcher::new(development(&authority, &pins)).unwrap();
    for _ in 0..2 {
        assert!(fetcher.get(&url("https://app.test/"), &wanted()).await.is_ok());
        let other = fetcher.get(&url("https://other.test/"), &wanted()).await;
        assert_eq!(other, Err(FetchError::Unreachable));
    }
}

#[tokio::test]
async fn no_session_is_taken_up_again() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&named(&["app.test"]));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pin = format!("app.test={}", listener.local_addr().unwrap());
    let fetcher = Fetcher::new(development(&authority, &[pin])).unwrap();
    let (document, wanted) = (url("https://app.test/"), wanted());
    for _ in 0..3 {
        let answering = async {
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let head = b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(head).await.unwrap();
            stream.flush().await.unwrap();
            stream.get_ref().1.handshake_kind()
        };
        let (outcome, handshake) = tokio::join!(fetcher.get(&document, &wanted), answering);
        assert_eq!(
            outcome.unwrap_err().to_string(),
            "answered with status 404 instead of 200"
        );
        assert_eq!(handshake, Some(HandshakeKind::Full));
    }
}

#[test]
fn the_public_authorities_are_believed_and_the_extra_ones_beside_them() {
    let public = tls::authorities(&[]).unwrap().len();
    assert!(public > 100, "{public}");
    assert_eq!(
        tls::authorities(&[Authority::new().pem()]).unwrap().len(),
        public + 1
    );
}

#[test]
fn an_extra_authority_that_is_none_is_named_by_its_number() {
    let good = Authority::new().pem();
    let both = [good.clone(), Authority::new().pem()].concat();
    let cases: &[(&[&[u8]], Option<usize>)] = &[
        (&[], None),
        (&[&good], None),
        (&[&both], None),
        (&[b""], Some(1)),
        (&[b"no certificate at all"], Some(1)),
        (
            &[
                &good,
                b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            ],
            Some(2),
        ),
        (
            &[
                &good,
                &good,
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            ],
            Some(3),
        ),
        (
            &[b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
            Some(1),
        ),
    ];
    for (authorities, expected) in cases {
        let made = Fetcher::new(FetchSettings {
            development: Some(Development {
                extra_ca: authorities.iter().map(|pem| pem.to_vec()).collect(),
                ..Development::default()
            }),
            ..FetchSettings::default()
        });
        let refused = match made {
            Ok(_) => None,
            Err(FetcherUnavailable::Authority { number, .. }) => Some(number),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(refused, *expected);
    }
}
