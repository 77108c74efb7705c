//! The binary as a developer meets it who asks about scopes.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

use std::process::{Command, Output};

fn entryway(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_entryway"))
        .arg("scope")
        .args(arguments)
        .output()
        .unwrap()
}

/// Exit status and standard output.
fn said(arguments: &[&str]) -> (Option<i32>, String) {
    let output = entryway(arguments);
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn explain_prints_an_object_a_line_in_the_order_of_the_arguments() {
    let (status, lines) = said(&[
        "explain",
        "--json",
        "repo?collection=app.bsky.feed.post&action=create",
        "transition:email",
        "repo:read",
        "rpc:a.b.c",
        "atproto",
        "foo",
    ]);
    assert_eq!(status, Some(1));
    let expected = [
        r#"{"scope":"repo?collection=app.bsky.feed.post&action=create","valid":true,"canonical":"repo:app.bsky.feed.post?action=create","kind":"repo","sentence":"Create new posts","reason":null,"suggestion":null}"#,
        r#"{"scope":"transition:email","valid":true,"canonical":"transition:email","kind":"static","sentence":"See your e-mail address, and whether it is confirmed","reason":null,"suggestion":null}"#,
        r#"{"scope":"repo:read","valid":false,"canonical":null,"kind":null,"sentence":null,"reason":"repo needs collection: a whole NSID, or *","suggestion":"leave it out: public records are read without any permission"}"#,
        r#"{"scope":"rpc:a.b.c","valid":false,"canonical":null,"kind":null,"sentence":null,"reason":"rpc needs aud: * or a did:plc or did:web with a service, such as did:web:example.com%23service","suggestion":"say of which service: one, as in aud=did:web:api.bsky.app%23bsky_appview, or any, as in rpc:a.b.c?aud=*"}"#,
        r#"{"scope":"atproto","valid":true,"canonical":"atproto","kind":"static","sentence":"Know who you are: your handle and your account identifier","reason":null,"suggestion":"atproto alone is not full access: it tells who the person is and permits nothing else, so add what the app does, such as repo:app.bsky.feed.post, or transition:generic for broad access"}"#,
        r#"{"scope":"foo","valid":false,"canonical":null,"kind":null,"sentence":null,"reason":"not a permission this server knows","suggestion":null}"#,
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn explain_takes_anything_after_two_hyphens() {
    let (status, lines) = said(&["explain", "--json", "--", "--json", "", "-", "repo:*"]);
    assert_eq!(status, Some(1));
    let expected = [
        r#"{"scope":"--json","valid":false,"canonical":null,"kind":null,"sentence":null,"reason":"not a permission this server knows","suggestion":null}"#,
        r#"{"scope":"","valid":false,"canonical":null,"kind":null,"sentence":null,"reason":"scope is to hold at least one value, and exactly one space between two values","suggestion":null}"#,
        r#"{"scope":"-","valid":false,"canonical":null,"kind":null,"sentence":null,"reason":"not a permission this server knows","suggestion":null}"#,
        r#"{"scope":"repo:*","valid":true,"canonical":"repo:*","kind":"repo","sentence":"Create, change and delete any public record in your account, such as posts, likes and follows","reason":null,"suggestion":null}"#,
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn explain_succeeds_only_where_all_are_valid() {
    let all = [
        "atproto",
        "transition:generic",
        "repo:*",
        "rpc:a.b.c?aud=*",
        "blob:*/*",
        "account:email",
        "identity:*",
        "include:a.b.c",
    ];
    assert_eq!(
        entryway(&[&["explain"], &all[..]].concat()).status.code(),
        Some(0)
    );
    assert_eq!(entryway(&["explain", "repo:*", "repo"]).status.code(), Some(1));
    for usage in [&["explain"][..], &["explain", "--jso", "repo:*"], &[], &["say"]] {
        assert_eq!(entryway(usage).status.code(), Some(2), "{usage:?}");
    }
}

#[test]
fn explain_reads_well() {
    let (status, text) = said(&[
        "explain",
        "repo?collection=app.bsky.feed.post",
        "identity:*",
        "Repo:*",
        "repo:a.b.c repo:a.b.d",
        "\u{1b}[31mrep\u{43e}:*",
    ]);
    assert_eq!(status, Some(1));
    let expected = "\
repo?collection=app.bsky.feed.post
  allows     Create, change and delete your posts
  canonical  repo:app.bsky.feed.post

identity:*
  allows     Change your handle, the keys of your identity, and where your account lives
  caution    This can take the account away from you for good. Only tools that move accounts need this.

Repo:*
  invalid    not a permission this server knows
  hint       probably repo:*

repo:a.b.c repo:a.b.d
  invalid    a scope value has no spaces
  hint       these are several values: give each by itself

\\u{1b}[31mrep\\u{43e}:*
  invalid    scope may only hold printable ASCII characters other than quotation mark and backslash
";
    assert_eq!(text, expected);
}

#[test]
fn match_answers_with_what_is_missing() {
    for (grant, want, status, line) in [
        (
            "atproto repo:*",
            "repo:a.b.c?action=create",
            0,
            r#"{"allowed":true,"missing":null}"#,
        ),
        (
            "atproto transition:generic",
            "rpc:*?aud=did:web:h%23svc blob:*/*",
            0,
            r#"{"allowed":true,"missing":null}"#,
        ),
        ("atproto", "atproto", 0, r#"{"allowed":true,"missing":null}"#),
        (
            "atproto repo:a.b.c?action=create",
            "atproto repo?collection=a.b.c",
            1,
            r#"{"allowed":false,"missing":"repo:a.b.c?action=update&action=delete"}"#,
        ),
        (
            "transition:chat.bsky",
            "rpc:chat.bsky.convo.getLog?aud=did:web:api.bsky.chat#bsky_chat identity:handle",
            1,
            r#"{"allowed":false,"missing":"rpc:chat.bsky.convo.getLog?aud=did:web:api.bsky.chat%23bsky_chat identity:handle"}"#,
        ),
        (
            "atproto foo",
            "foo repo:read atproto",
            1,
            r#"{"allowed":false,"missing":"foo repo:read"}"#,
        ),
        (
            "include:a.b.c",
            "repo:a.b.d",
            1,
            r#"{"allowed":false,"missing":"repo:a.b.d"}"#,
        ),
    ] {
        let answer = said(&["match", "--json", "--grant", grant, "--want", want]);
        assert_eq!(answer, (Some(status), format!("{line}\n")), "{grant} {want}");
    }
}

#[test]
fn match_reads_well() {
    let output = entryway(&[
        "match",
        "--grant",
        "atproto foo include:a.b.c",
        "--want",
        "repo:a.b.d blob",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
not allowed, the grant lacks
  repo:a.b.d
    Create, change and delete your public records of the kind a.b.d
  blob
    blob needs accept: a media type such as image/png, or image/*, or */*
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    let notes = "\
entryway: --grant: foo grants nothing: not a permission this server knows
entryway: --grant: what a permission set holds is not looked up here
";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), notes);
    assert_eq!(
        said(&["match", "--grant", "repo:*", "--want", "repo:a.b.c"]),
        (Some(0), "allowed\n".to_owned())
    );
}

#[test]
fn match_refuses_arguments_that_are_no_scope_strings() {
    for arguments in [
        &["match"][..],
        &["match", "--grant", "atproto"],
        &["match", "--want", "atproto"],
        &["match", "--grant", "", "--want", "atproto"],
        &["match", "--grant", "atproto", "--want", "atproto  repo:*"],
        &["match", "--grant", "atproto", "--want", "atprot\u{43e}"],
    ] {
        let output = entryway(arguments);
        assert_eq!(
            (output.status.code(), output.stdout),
            (Some(2), vec![]),
            "{arguments:?}"
        );
    }
    let output = entryway(&["match", "--grant", "atproto", "--want", ""]);
    let text =
        "entryway: --want: scope is to hold at least one value, and exactly one space between two values\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), text);
}
