use super::*;

fn rules(domains: &[&str]) -> HandleRules {
    HandleRules {
        domains: HandleDomains::parse(domains).unwrap(),
        reserved: ReservedNames::default(),
    }
}

fn at_sign_up(typed: &str) -> Result<String, &'static str> {
    let read = rules(&[".example.com", ".people.example.org"]).for_sign_up(typed);
    read.map(String::from).map_err(|denial| denial.name())
}

// contract 2.5, E17
#[test]
fn a_new_handle_is_one_name_under_a_domain_of_ours() {
    let eighteen = "a".repeat(18);
    for (typed, expected) in [
        ("alice.example.com", Ok("alice.example.com")),
        (" @Alice.Example.COM ", Ok("alice.example.com")),
        ("bob.people.example.org", Ok("bob.people.example.org")),
        ("al-ice.example.com", Ok("al-ice.example.com")),
        ("123.example.com", Ok("123.example.com")),
        ("abc.example.com", Ok("abc.example.com")),
        (
            &format!("{eighteen}.example.com"),
            Ok(format!("{eighteen}.example.com").as_str()),
        ),
        ("ab.example.com", Err("InvalidHandle")),
        (&format!("{eighteen}a.example.com"), Err("InvalidHandle")),
        ("alice.bob.example.com", Err("InvalidHandle")),
        ("example.com", Err("UnsupportedDomain")),
        ("alice.example.org", Err("UnsupportedDomain")),
        ("aliceexample.com", Err("UnsupportedDomain")),
        ("alice.example.com.evil.net", Err("UnsupportedDomain")),
        ("alice.localhost", Err("InvalidHandle")),
        ("", Err("InvalidHandle")),
        ("alice", Err("InvalidHandle")),
        ("-alice.example.com", Err("InvalidHandle")),
        ("al_ice.example.com", Err("InvalidHandle")),
        ("al ice.example.com", Err("InvalidHandle")),
        ("\u{e4}lice.example.com", Err("InvalidHandle")),
        ("@@alice.example.com", Err("InvalidHandle")),
        (".example.com", Err("InvalidHandle")),
        (&"a".repeat(1_000_000), Err("InvalidHandle")),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(at_sign_up(typed), expected, "{typed:.40}");
    }
}

#[test]
fn names_that_would_be_taken_for_somebody_else_are_not_given_out() {
    for label in [
        "admin",
        "Support",
        "www",
        "bsky",
        "atproto",
        "login",
        "postmaster",
        "xrpc",
    ] {
        assert_eq!(
            at_sign_up(&format!("{label}.example.com")),
            Err("HandleNotAvailable"),
            "{label}"
        );
    }
    // but nobody's name is one for looking like it
    assert!(at_sign_up("adminton.example.com").is_ok());
    // and elsewhere they are that domain's business
    let read = rules(&[".example.com"]).for_change("admin.example.org");
    assert!(matches!(read, Ok(NewHandle::Elsewhere(_))));
}

#[test]
fn an_operator_reserves_further_names_and_those_of_the_hosts() {
    let domains = HandleDomains::parse(&[".example.com"]).unwrap();
    let reserved = ReservedNames::default()
        .with(["Mascot"])
        .with_host("north.example.com", &domains)
        .with_host("north.pds.example.net", &domains)
        .with_host("localhost", &domains);
    assert!(reserved.holds("mascot") && reserved.holds("north"));
    assert!(!reserved.holds("localhos"));
    let rules = HandleRules { domains, reserved };
    for typed in ["mascot.example.com", "north.example.com"] {
        assert_eq!(rules.for_sign_up(typed), Err(XrpcDenial::HandleNotAvailable));
    }
}

#[test]
fn a_handle_elsewhere_has_to_resolve_and_so_to_be_resolvable() {
    let rules = rules(&[".example.com"]);
    let change = |typed: &str| rules.for_change(typed).map_err(|denial| denial.name());
    let handle = |text: &str| Handle::parse(text).unwrap();
    assert_eq!(
        change("alice.example.com"),
        Ok(NewHandle::Ours(handle("alice.example.com")))
    );
    assert_eq!(change("alice.net"), Ok(NewHandle::Elsewhere(handle("alice.net"))));
    assert_eq!(
        change("a.b.c.alice.net").map(|new| new.handle().clone()),
        Ok(handle("a.b.c.alice.net"))
    );
    for top in UNRESOLVED_TOP_LEVELS {
        assert_eq!(change(&format!("alice.{top}")), Err("InvalidHandle"), "{top}");
    }
    assert_eq!(change("x.example.com"), Err("InvalidHandle"));
}

#[test]
fn a_domain_of_ours_may_be_any_a_sandbox_has() {
    for domain in [".test", ".localhost", ".pds.internal"] {
        let typed = format!("alice{domain}");
        let read = rules(&[domain]).for_sign_up(&typed);
        assert_eq!(read.map(String::from), Ok(typed));
    }
}

#[test]
fn domains_are_dotted_and_none_is_under_another() {
    use InvalidHandleDomain::{Malformed, Nested, Number};
    let many: Vec<String> = (0..65).map(|n| format!(".d{n}.example")).collect();
    let parse = |texts: &[&str]| HandleDomains::parse(texts).map(|_| ());
    for (texts, expected) in [
        (&[".example.com"][..], Ok(())),
        (&[".Example.COM", ".example.org", ".myexample.com"], Ok(())),
        (&[], Err(Number)),
        (&["example.com"], Err(Malformed)),
        (&["."], Err(Malformed)),
        (&["..com"], Err(Malformed)),
        (&[".exa mple.com"], Err(Malformed)),
        (&[".example.com."], Err(Malformed)),
        (&[".example.com", ".Example.com"], Err(Nested)),
        (&[".example.com", ".people.example.com"], Err(Nested)),
        (&[".people.example.com", ".example.com"], Err(Nested)),
    ] {
        assert_eq!(parse(texts), expected, "{texts:?}");
    }
    assert_eq!(HandleDomains::parse(&many).map(|_| ()), Err(Number));
    assert!(HandleDomains::parse(&many[..64]).is_ok());
    let domains = HandleDomains::parse(&[".b.example", ".A.example"]).unwrap();
    assert_eq!(domains.iter().collect::<Vec<_>>(), [".b.example", ".a.example"]);
}

#[test]
fn a_name_typed_in_front_of_a_domain_is_that_handle_and_a_whole_one_stays() {
    let domains = HandleDomains::parse(&[".example.com", ".people.example.org"]).unwrap();
    for (typed, chosen, whole) in [
        ("alice", None, "alice.example.com"),
        ("alice", Some(".people.example.org"), "alice.people.example.org"),
        (" @alice ", None, "alice.example.com"),
        (
            "alice.example.com",
            Some(".people.example.org"),
            "alice.example.com",
        ),
        ("@alice.elsewhere.example", None, "alice.elsewhere.example"),
        // refused later, as any other text that is no handle of ours
        ("", None, ".example.com"),
        ("alice", Some(""), "alice"),
        ("alice", Some(".elsewhere.example"), "alice.elsewhere.example"),
    ] {
        assert_eq!(domains.whole(typed, chosen), whole, "{typed} {chosen:?}");
    }
}

#[test]
fn every_reserved_name_is_one_that_could_be_asked_for() {
    for label in ReservedNames::default().iter() {
        assert!(
            Handle::parse(&format!("{label}.example.com")).is_ok() && (3..=18).contains(&label.len()),
            "{label}"
        );
    }
}
