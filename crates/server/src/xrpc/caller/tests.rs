use http::HeaderValue;

use super::*;

fn read(values: &[&[u8]]) -> Result<(&'static str, String), XrpcDenial> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
    }
    Credentials::of(&headers).map(|credentials| match credentials {
        Credentials::Bearer(token) => ("bearer", token.to_owned()),
        Credentials::Dpop(token) => ("dpop", token.to_owned()),
    })
}

// contract 3
#[test]
fn a_credential_is_a_scheme_one_space_and_a_token() {
    for (value, expected) in [
        ("Bearer a.b.c", "bearer"),
        ("bearer a.b.c", "bearer"),
        ("BEARER a.b.c", "bearer"),
        ("DPoP a.b.c", "dpop"),
        ("dpop a.b.c", "dpop"),
    ] {
        assert_eq!(
            read(&[value.as_bytes()]),
            Ok((expected, "a.b.c".to_owned())),
            "{value}"
        );
    }
    for value in [
        &b""[..],
        b"Bearer",
        b"Bearer ",
        b"Bearer  a.b.c",
        b"Bearer a.b.c ",
        b"Bearer a.b.c d",
        b"Bearer\ta.b.c",
        b" Bearer a.b.c",
        b"a.b.c",
        b"Basic YWRtaW46YWRtaW4=",
        b"Token a.b.c",
        b"Bearer \xe9",
    ] {
        assert_eq!(read(&[value]), Err(XrpcDenial::AuthorizationType), "{value:?}");
    }
    assert_eq!(read(&[]), Err(XrpcDenial::AuthMissing));
    // attack: two readers of one request may take different ones
    let twice = read(&[b"Bearer a.b.c", b"Bearer a.b.c"]);
    assert_eq!(twice, Err(XrpcDenial::AuthorizationType));
}
