use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use entryway_core::policy::FailedSignIns;
use entryway_oauth::secret::FeedToken;
use entryway_server::Capacity;

use crate::config::SettingsFile;

const EXAMPLE: &str = include_str!("../../../../../deploy/config.example.toml");

const ROOT_KEY: &str = "8d7a10c25fe94b36a1d2c3e4f50617289b0c1d2e3f4a5b6c7d8e9fa0b1c2d3e4";
const TOKEN_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$J2WYC8N9t0dA7tM9rTK4X8zXbxzJm3G0YIsw4l0nqxk";

/// The least that has to be said.
const LEAST: &[(&str, &str)] = &[
    ("ENTRYWAY_ISSUER", "https://login.my-domain.social"),
    ("ENTRYWAY_ROOT_KEY", ROOT_KEY),
    ("ENTRYWAY_DATABASE", "entryway.sqlite"),
    ("ENTRYWAY_HANDLE_DOMAINS", ".my-domain.social"),
];

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::of(PREFIX, variables)
}

/// Understands what these variables say beside the least, and instead of it.
fn with(variables: &[(&str, &str)]) -> Result<Settings, String> {
    SettingsFile::none()
        .under(environment(&[LEAST, variables].concat()))
        .understand(Settings::read)
        .map_err(|error| error.to_string())
}

/// The faults of that.
fn faults(variables: &[(&str, &str)]) -> Vec<String> {
    match with(variables) {
        Ok(_) => Vec::new(),
        Err(told) => told.lines().skip(1).map(|line| line.trim().to_owned()).collect(),
    }
}

/// The example in a directory that holds what it names.
fn example(text: &str) -> Result<Settings, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let token = FeedToken::from_entropy([7; 32]);
    for (file, content) in [
        ("root.key", ROOT_KEY),
        ("database.url", "postgres://entryway:vTz8m2Qx@db/entryway"),
        ("admin.hash", TOKEN_HASH),
        ("feed.token", token.expose()),
    ] {
        std::fs::write(directory.path().join(file), format!("{content}\n")).unwrap();
    }
    SettingsFile::parse(&directory.path().join("config.toml"), text)
        .and_then(|file| file.understand(Settings::read))
        .map_err(|error| {
            error
                .to_string()
                .lines()
                .skip(1)
                .map(|line| line.trim().to_owned())
                .collect()
        })
}

// C21: what is an example's own is refused by name, and nothing else of it
#[test]
fn the_example_is_good_but_for_the_domains_that_are_everybodys() {
    let told = example(EXAMPLE).err().unwrap_or_default();
    let fields: Vec<_> = told
        .iter()
        .filter_map(|fault| fault.split_once(':'))
        .map(|(field, _)| field)
        .collect();
    assert_eq!(fields, ["issuer", "service_did", "handle_domains[0]"], "{told:?}");
    let own = EXAMPLE.replace("example.com", "my-domain.social");
    let settings = example(&own).map_err(|told| panic!("{told:?}")).unwrap();
    assert_eq!(settings.issuer.as_str(), "https://login.my-domain.social");
    assert_eq!(settings.admins.len(), 1);
    assert_eq!(settings.feed_readers.len(), 1);
    assert!(settings.development.is_none());
}

#[test]
fn every_setting_is_told_in_the_example() {
    for field in SCHEMA {
        let name = field.name.rsplit('.').next().unwrap();
        let is_line = |line: &str| {
            let line = line.strip_prefix("# ").unwrap_or(line);
            let given = line.split_once('=').map(|(given, _)| given.trim());
            given == Some(name) || given.and_then(|given| given.strip_suffix("_file")) == Some(name)
        };
        assert!(EXAMPLE.lines().any(is_line), "{}", field.name);
    }
}

#[test]
fn every_setting_is_told_in_the_schema_and_no_other() {
    let file = SettingsFile::none().under(environment(
        &[
            LEAST,
            &[
                ("ENTRYWAY_ADMIN_0_TOKEN_HASH", TOKEN_HASH),
                ("ENTRYWAY_FEED_READER_0_TOKEN", "fee-"),
                ("ENTRYWAY_LIFETIMES_PROFILE", "reference"),
                ("ENTRYWAY_LIMITS_CALLS_PER_MINUTE", "1"),
                ("ENTRYWAY_DEVELOPMENT_RATE_LIMITS", "true"),
            ],
        ]
        .concat(),
    ));
    let mut schema = BTreeSet::new();
    for field in SCHEMA {
        schema.insert(field.variable());
        if field.kind == Kind::Secret {
            schema.insert(format!("{}_FILE", field.variable()));
        }
    }
    assert_eq!(file.asked_for(Settings::read), schema);
}

#[test]
fn every_default_of_the_schema_is_the_readers() {
    let without = format!("{:?}", with(&[]).unwrap());
    for field in SCHEMA {
        let Otherwise::Is(default) = field.default else {
            continue;
        };
        if field.name.starts_with("development") || default.is_empty() {
            continue;
        }
        let given = with(&[(field.variable().as_str(), default)]).unwrap();
        assert_eq!(format!("{given:?}"), without, "{}", field.name);
    }
}

// C20
#[test]
fn nothing_at_all_is_told_as_what_is_missing() {
    let told = SettingsFile::none()
        .understand(Settings::read)
        .err()
        .map(|error| error.to_string());
    assert_eq!(
        told.as_deref(),
        Some(
            "the environment: 4 settings missing or wrong\n  \
             issuer: is missing, must be an https origin of your own such as https://login.my-domain.com, http takes a section [development]\n  \
             root_key: or root_key_file is missing, must be 32 random bytes in hexadecimal digits or base64, such as openssl rand -hex 32 prints\n  \
             database: or database_file is missing, must be a URL such as postgres://user@host/name, or the path of a file such as entryway.sqlite\n  \
             handle_domains: is missing, must be a list, each a domain with a dot before it such as .my-domain.com"
        )
    );
}

// B8, C21, A4
#[test]
fn what_is_no_value_of_ones_own_is_refused_by_its_name() {
    for (variable, value) in [
        ("ISSUER", "https://login.example.com"),
        ("ISSUER", "https://changeme"),
        ("ISSUER", "http://localhost:2583"),
        ("ISSUER", "https://login.my-domain.social/"),
        ("SERVICE_DID", "did:web:example.org"),
        ("SERVICE_DID", "PRODUCTION_DID_PLACEHOLDER"),
        ("ROOT_KEY", "changeme"),
        (
            "ROOT_KEY",
            "00000000000000000000000000000000000000000000000000000000000000000000",
        ),
        ("DATABASE", "postgres://entryway:changeme@db/entryway"),
        ("DATABASE", "postgres://entryway:password@db/entryway"),
        ("DATABASE", "mysql://db/entryway"),
        ("HANDLE_DOMAINS", ".example.com"),
        ("HANDLE_DOMAINS", "my-domain.social"),
        ("PLC_URL", "http://localhost:2582"),
        ("PREFIX", "log-in"),
        ("PREFIX", "/log-in/"),
        ("LISTEN", "localhost"),
        ("LIFETIMES_ACCESS_TOKEN_SECONDS", "3601"),
        ("LIFETIMES_PUBLIC_REFRESH_SECONDS", "1209601"),
        ("LIMITS_CALLS_PER_MINUTE", "1000001"),
        ("SMTP_URL", "smtps://mail.my-domain.social"),
        ("MAIL_FROM", "Login <login@my-domain.social>"),
        ("LOG", "entryway=loud"),
        ("LOG_FORMAT", "xml"),
        ("MIGRATIONS", "never"),
        ("CONTACT_EMAIL", "nobody"),
        ("PRIVACY_POLICY", "http://my-domain.social"),
    ] {
        let variable = format!("{PREFIX}{variable}");
        let told = faults(&[(variable.as_str(), value)]);
        assert_eq!(told.len(), 1, "{variable}={value}: {told:?}");
        let half = ["SMTP_URL", "MAIL_FROM"]
            .iter()
            .any(|half| variable.ends_with(half));
        assert!(
            half || told[0].starts_with(&variable),
            "{variable}={value}: {told:?}"
        );
        assert!(!told[0].contains(value), "{told:?}");
    }
}

// A4
#[test]
fn a_hash_whose_dollars_a_shell_took_is_told_so() {
    let told = faults(&[
        ("ENTRYWAY_ADMIN_0_NAME", "operations"),
        ("ENTRYWAY_ADMIN_0_TOKEN_HASH", "=19=19456,t=2,p=1"),
    ]);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("quoted or doubled"), "{told:?}");
    let good = with(&[
        ("ENTRYWAY_ADMIN_0_NAME", "operations"),
        ("ENTRYWAY_ADMIN_0_TOKEN_HASH", TOKEN_HASH),
    ]);
    assert_eq!(good.unwrap().admins[0].token_hash.expose(), TOKEN_HASH);
}

#[test]
fn the_root_key_is_no_other_secret_too() {
    let url = format!("postgres://entryway:{ROOT_KEY}@db/entryway");
    let told = faults(&[("ENTRYWAY_DATABASE", url.as_str())]);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("holds the root key"), "{told:?}");
}

#[test]
fn mail_is_settled_at_the_start_and_not_at_the_first_letter() {
    let from = ("ENTRYWAY_MAIL_FROM", "Login <login@my-domain.social>");
    let url = |url| ("ENTRYWAY_SMTP_URL", url);
    let good = with(&[from, url("smtps://login:vTz8m2Qx@mail.my-domain.social")]).unwrap();
    assert!(!format!("{good:?}").contains("vTz8m2Qx"));
    assert!(good.mail.is_some());
    for (variables, field) in [
        ([from, url("https://mail.my-domain.social")], "ENTRYWAY_SMTP_URL"),
        (
            [from, url("smtps://login:changeme@mail.my-domain.social")],
            "ENTRYWAY_SMTP_URL",
        ),
        (
            [
                ("ENTRYWAY_MAIL_FROM", "nobody"),
                url("smtps://mail.my-domain.social"),
            ],
            "ENTRYWAY_MAIL_FROM",
        ),
    ] {
        let told = faults(&variables);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(field), "{told:?}");
    }
}

// a fleet on one machine, and nowhere else
#[test]
fn a_section_of_development_admits_what_is_refused_without() {
    let local = [
        ("ENTRYWAY_ISSUER", "http://localhost:2583"),
        ("ENTRYWAY_PLC_URL", "http://localhost:2582"),
        ("ENTRYWAY_HANDLE_DOMAINS", ".test"),
    ];
    assert_eq!(faults(&local).len(), 2);
    let developing = [
        &local[..],
        &[
            ("ENTRYWAY_DEVELOPMENT_RATE_LIMITS", "false"),
            (
                "ENTRYWAY_DEVELOPMENT_RESOLVE",
                "app.test=127.0.0.1:8443,pds.test=127.0.0.1",
            ),
        ],
    ]
    .concat();
    let settings = with(&developing).unwrap();
    assert_eq!(settings.service_did.as_str(), "did:web:localhost%3A2583");
    assert_eq!(
        settings.limits,
        Limits {
            sign_ins: false,
            calls_per_minute: None,
            failed_sign_ins: FailedSignIns::default(),
            capacity: Capacity::default(),
        }
    );
    assert_eq!(settings.development.unwrap().resolve.len(), 2);
}

#[test]
fn what_is_not_said_follows_from_the_issuer() {
    let settings = with(&[]).unwrap();
    assert_eq!(settings.service_did.as_str(), "did:web:login.my-domain.social");
    assert!(settings.handles.reserved.holds("login"));
    assert!(settings.database.url.starts_with("sqlite:///"), "C18");
    assert!(!format!("{settings:?}").contains(ROOT_KEY));
    let missing = faults(&[("ENTRYWAY_ISSUER", "https://203.0.113.7")]);
    assert_eq!(missing.len(), 1);
    assert!(missing[0].starts_with("service_did: is missing"), "{missing:?}");
}

#[test]
fn two_readers_have_each_a_token_of_their_own() {
    let token = FeedToken::from_entropy([7; 32]);
    let reader = |index: usize, field: &str| format!("ENTRYWAY_FEED_READER_{index}_{field}");
    let told = faults(&[
        (reader(0, "NAME").as_str(), "one"),
        (reader(0, "TOKEN").as_str(), token.expose()),
        (reader(1, "NAME").as_str(), "two"),
        (reader(1, "TOKEN_SHA256").as_str(), &token.digest().to_string()),
    ]);
    assert_eq!(told, ["feed_reader[1]: must have a name and a token of its own"]);
}

#[test]
fn a_file_is_looked_for_beside_the_settings() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("key"), format!("{ROOT_KEY}\n")).unwrap();
    let text = "issuer = 'https://login.my-domain.social'\nroot_key_file = 'key'\n\
                database = 'data/entryway.sqlite'\nhandle_domains = ['.my-domain.social']\n";
    let settings = SettingsFile::parse(&directory.path().join("config.toml"), text)
        .and_then(|file| file.understand(Settings::read))
        .unwrap();
    let expected = crate::database::sqlite_url(&directory.path().join("data/entryway.sqlite"), "rwc");
    assert_eq!(settings.database.url, expected);
    assert_eq!(settings.root_key.expose()[0], 0x8d);
    assert!(Settings::load(Some(Path::new("/nowhere.toml"))).is_err());
}
