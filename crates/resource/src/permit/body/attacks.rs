//! Bodies that say one thing to us and another to the PDS.

use super::tests::{CREATE, WRITES, push};
use super::*;

fn refused(need: &BodyNeed, body: &str) -> String {
    let refusal = need.read(body.as_bytes()).expect_err(body);
    assert_eq!(
        (refusal.status().as_u16(), refusal.code()),
        (400, "InvalidRequest")
    );
    refusal.to_string()
}

const CONFUSED: &str = "the members of a json object must have names that no reader confuses";

#[test]
fn a_member_that_comes_twice_for_readers_that_take_the_first_and_the_last() {
    for body in [
        r#"{"collection":"a.b.c","collection":"x.y.z"}"#,
        r#"{"collection":"a.b.c","collection":"a.b.c"}"#,
        r#"{"collection":"a.b.c","record":{},"\u0063ollection":"x.y.z"}"#,
        r#"{"collection":"a.b.c","c\u006fllection":null}"#,
        r#"{"collection":"a.b.c","repo":"x","repo":"y"}"#,
        r#"{"collection":"a.b.c","repo":"x","Repo":"y"}"#,
    ] {
        assert_eq!(refused(&CREATE, body), CONFUSED);
    }
    let create = r#""$type":"com.atproto.repo.applyWrites#create""#;
    for write in [
        format!(r#"{{{create},"collection":"a.b.c","collection":"x.y.z"}}"#),
        format!(r#"{{{create},"$type":"com.atproto.repo.applyWrites#delete","collection":"a.b.c"}}"#),
        format!(r#"{{{create},"\u0024type":"com.atproto.repo.applyWrites#delete","collection":"a.b.c"}}"#),
    ] {
        assert_eq!(refused(&WRITES, &format!(r#"{{"writes":[{write}]}}"#)), CONFUSED);
    }
    let ok = format!(r#"[{{{create},"collection":"a.b.c"}}]"#);
    assert_eq!(
        refused(&WRITES, &format!(r#"{{"writes":{ok},"writes":[]}}"#)),
        CONFUSED
    );
    assert_eq!(
        refused(
            &push(),
            r#"{"serviceDid":"did:web:h","serviceDid":"did:web:evil.example"}"#
        ),
        CONFUSED
    );
}

/// Go's reader takes the last member whose name is the same but for case, and case is Unicode's.
#[test]
fn a_member_in_another_case_for_readers_without_regard_for_it() {
    for name in ["Collection", "COLLECTION", "collectioN"] {
        assert_eq!(
            refused(&CREATE, &format!(r#"{{"collection":"a.b.c","{name}":"x.y.z"}}"#)),
            CONFUSED
        );
        assert_eq!(refused(&CREATE, &format!(r#"{{"{name}":"x.y.z"}}"#)), CONFUSED);
    }
    for name in ["Writes", "write\u{17f}", "\\u0057rites"] {
        assert_eq!(
            refused(&WRITES, &format!(r#"{{"writes":[],"{name}":[]}}"#)),
            CONFUSED
        );
    }
    assert_eq!(
        refused(
            &push(),
            "{\"serviceDid\":\"did:web:h\",\"\u{17f}erviceDid\":\"did:web:x\"}"
        ),
        CONFUSED
    );
    let write = r#"{"$type":"com.atproto.repo.applyWrites#create","$Type":"com.atproto.repo.applyWrites#delete","collection":"a.b.c"}"#;
    assert_eq!(refused(&WRITES, &format!(r#"{{"writes":[{write}]}}"#)), CONFUSED);
}

/// `{...members}` in JavaScript has a prototype after this, and what it does not have itself it has from there.
#[test]
fn a_member_by_which_an_object_gets_other_members() {
    for body in [
        r#"{"collection":"a.b.c","__proto__":{"collection":"x.y.z"}}"#,
        r#"{"collection":"a.b.c","\u005f_proto__":null}"#,
        r#"{"__proto__":{"collection":"a.b.c"}}"#,
    ] {
        assert_eq!(refused(&CREATE, body), CONFUSED);
    }
    let write = r#"{"$type":"com.atproto.repo.applyWrites#create","collection":"a.b.c","__proto__":{}}"#;
    assert_eq!(refused(&WRITES, &format!(r#"{{"writes":[{write}]}}"#)), CONFUSED);
}

#[test]
fn a_member_whose_name_ends_early_for_readers_of_c_strings() {
    for name in ["collection\\u0000", "collection\\u0000x", "\\u0000", "a\\u0085"] {
        assert_eq!(
            refused(&CREATE, &format!(r#"{{"collection":"a.b.c","{name}":"x.y.z"}}"#)),
            CONFUSED
        );
    }
}

#[test]
fn a_write_that_is_no_create_update_or_delete_of_the_lexicon() {
    for kind in [
        "create",
        "#create",
        "com.atproto.repo.applyWrites",
        "com.atproto.repo.applyWrites#",
        "com.atproto.repo.applyWrites#main",
        "com.atproto.repo.applyWrites#Create",
        "com.atproto.repo.applywrites#create",
        "com.atproto.repo.applyWrites#createResult",
        "com.atproto.repo.applyWrites#create ",
        "lex:com.atproto.repo.applyWrites#create",
        "com.atproto.repo.applyWrites#create\\u0000",
        "",
    ] {
        let body = format!(r#"{{"writes":[{{"$type":"{kind}","collection":"a.b.c"}}]}}"#);
        assert_eq!(
            refused(&WRITES, &body),
            "each write must have the type of a create, an update or a delete"
        );
    }
    for kind in [
        "",
        r#""$type":null,"#,
        r#""$type":["com.atproto.repo.applyWrites#create"],"#,
        r#""action":"create","#,
    ] {
        refused(
            &WRITES,
            &format!(r#"{{"writes":[{{{kind}"collection":"a.b.c"}}]}}"#),
        );
    }
    // one good write does not vouch for another
    let good = r#"{"$type":"com.atproto.repo.applyWrites#create","collection":"a.b.c"}"#;
    for bad in [
        "{}",
        "null",
        "[]",
        "1",
        "\"x\"",
        r#"{"$type":"create","collection":"a.b.c"}"#,
    ] {
        refused(&WRITES, &format!(r#"{{"writes":[{good},{bad}]}}"#));
    }
}

#[test]
fn what_is_decided_by_has_another_type_or_is_not_there() {
    for value in [
        "null",
        "1",
        "true",
        "[]",
        "[\"a.b.c\"]",
        "{}",
        "{\"0\":\"a.b.c\"}",
        "\"\"",
        "\"*\"",
        "\"a.b\"",
        "\"a.b.*\"",
        "\"a.b.c \"",
        "\" a.b.c\"",
        "\"a.b.c/x\"",
        "\"a.b.c\\u0000\"",
        "\"a.b.c\\n\"",
        "\"a.b.\\ud800\"",
        "\"a.b.c?action=create\"",
    ] {
        assert_eq!(
            refused(&CREATE, &format!(r#"{{"collection":{value}}}"#)),
            "collection must be an nsid"
        );
        let write = format!(r#"{{"$type":"com.atproto.repo.applyWrites#create","collection":{value}}}"#);
        refused(&WRITES, &format!(r#"{{"writes":[{write}]}}"#));
    }
    refused(&CREATE, "{}");
    for value in ["null", "1", "\"x\"", "{}", "{\"0\":{},\"length\":1}", "[]"] {
        let expected = "writes must be a list of one to a thousand writes";
        assert_eq!(refused(&WRITES, &format!(r#"{{"writes":{value}}}"#)), expected);
    }
    refused(&WRITES, "{}");
    for value in [
        "null",
        "{}",
        "[\"did:web:h\"]",
        "\"\"",
        "\"h\"",
        "\"did:web:h#bsky_notif\"",
        "\"did:web:h#\"",
        "\"did:web:h \"",
        "\"did:key:zQ3sh\"",
        "\"https://h\"",
    ] {
        let expected = "serviceDid must be a did";
        assert_eq!(
            refused(&push(), &format!(r#"{{"serviceDid":{value}}}"#)),
            expected
        );
    }
    refused(&push(), "{}");
}

#[test]
fn what_is_not_one_json_object() {
    for body in [
        "",
        " ",
        "null",
        "true",
        "1",
        "\"collection\"",
        "[]",
        r#"[{"collection":"a.b.c"}]"#,
        r#"["collection","a.b.c"]"#,
        r#"{"collection":"a.b.c"}{"collection":"x.y.z"}"#,
        r#"{"collection":"a.b.c"}x"#,
        "{\"collection\":\"a.b.c\"}\0",
        r#"{"collection":"a.b.c"},"#,
        r#"{"collection":"a.b.c",}"#,
        r#"{"collection":"a.b.c""#,
        r#"{collection:"a.b.c"}"#,
        "{'collection':'a.b.c'}",
        r#"{"collection":"a.b.c"/**/}"#,
        "// x\n{\"collection\":\"a.b.c\"}",
        r#"{"collection":"a.b.c","record":NaN}"#,
        r#"{"collection":"a.b.c","record":Infinity}"#,
        r#"{"collection":"a.b.c","record":-}"#,
        r#"{"collection":"a.b.c","record":01}"#,
        r#"{"collection":"a.b.c","record":0x1}"#,
        r#"{"collection":"a.b.c","record":+1}"#,
        r#"{"collection":"a.b.c","record":[1,]}"#,
        r#"{"collection":"a.b.c","record":[}"#,
        r#"{"collection":"a.b.c","record":"\x41"}"#,
        r#"{"collection":"a.b.c","record":"\u12"}"#,
        "{\"collection\":\"a.b.c\",\"record\":\"\n\"}",
        "{\"collection\":\"a.b.c\",\"a\u{b}\":1}",
        "\u{feff}{\"collection\":\"a.b.c\"}",
        "\u{a0}{\"collection\":\"a.b.c\"}",
        "\u{b}{\"collection\":\"a.b.c\"}",
        "{\"collection\":\"a.b.c\",\"\\ud800\":1}",
        "collection=a.b.c",
    ] {
        refused(&CREATE, body);
    }
    let utf16: Vec<u8> = r#"{"collection":"a.b.c"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [
        b"{\"collection\":\"a.b.c\",\"a\":\"\xff\"}".to_vec(),
        b"{\"collection\":\"a.b.c\",\"a\":\"\xc0\xa2\"}".to_vec(),
        b"{\"collection\":\"a.b.c\",\"a\":\"\xed\xa0\x80\"}".to_vec(),
        b"\xff\xfe{".to_vec(),
        b"\x1f\x8b\x08".to_vec(),
        utf16,
    ] {
        assert!(CREATE.read(&body).is_err());
    }
}
