use std::path::Path;

use super::*;

fn understand<T>(text: &str, read: impl FnOnce(&Section<'_>) -> Option<T>) -> Result<T, String> {
    SettingsFile::parse(Path::new("settings.toml"), text)
        .and_then(|file| file.understand(read))
        .map_err(|error| error.to_string())
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok()
}

// C20: not one after the other, with a start between them
#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let text = r#"
        port = "many"
        surplus = 1
        flag = "yes"
        mode = "loud"
        size = 11
        [[host]]
        name = 3
        [[host]]
        names = ["1", "x"]
        other = true
    "#;
    let told = understand(text, |root| {
        root.required("port", "a port", port);
        root.required("address", "an address", |text| Some(text.to_owned()));
        root.flag("flag");
        root.choice("mode", &[("quiet", 1), ("soft", 2)]);
        root.number("size", (1, 10), 5);
        for host in root.sections("host") {
            host.required("name", "a name", |text| Some(text.to_owned()));
            host.list("names", "a port", port);
        }
        Some(())
    });
    assert_eq!(
        told.unwrap_err(),
        "settings.toml: 10 settings missing or wrong\n  \
         port: must be a port\n  \
         address: is missing, must be an address\n  \
         flag: must be true or false\n  \
         mode: must be one of quiet, soft\n  \
         size: must be a whole number from 1 to 10\n  \
         host[0].name: must be a name\n  \
         host[1].name: is missing, must be a name\n  \
         host[1].names[1]: must be a port\n  \
         host[1].other: is no setting here\n  \
         surplus: is no setting here"
    );
}

#[test]
fn what_is_missing_has_its_default() {
    let read = understand("", |root| {
        Some((
            root.flag("flag"),
            root.number("size", (1, 10), 5),
            root.choice("mode", &[("quiet", 1), ("loud", 2)]),
            root.list("names", "a port", port),
            root.optional("port", "a port", port),
        ))
    });
    assert_eq!(read, Ok((false, 5, Some(1), vec![], None)));
}

#[test]
fn a_secret_is_given_once_here_or_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.toml");
    std::fs::write(directory.path().join("secret"), "from the file\n").unwrap();
    let read = |text: &str| {
        SettingsFile::parse(&path, text)
            .unwrap()
            .understand(|root| Some(root.secret("key").map(|secret| secret.expose().to_owned())))
            .map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
    };
    assert_eq!(read(""), Ok(None));
    assert_eq!(read("key = 'here'"), Ok(Some("here".to_owned())));
    assert_eq!(read("key_file = 'secret'"), Ok(Some("from the file".to_owned())));
    assert_eq!(
        read("key = 'here'\nkey_file = 'secret'").unwrap_err(),
        "FILE: 1 setting missing or wrong\n  key: is given twice, here and as key_file"
    );
    assert!(
        read("key_file = 'nowhere'")
            .unwrap_err()
            .contains("key_file: names a file that cannot be read")
    );
}

#[test]
fn nothing_of_a_secret_is_told() {
    let wrong = understand("key = 's3cret'", |root| {
        root.required_secret("key", "32 bytes", |_| Err::<(), _>("is too short"))
    });
    assert_eq!(
        wrong.unwrap_err(),
        "settings.toml: 1 setting missing or wrong\n  key: is too short, must be 32 bytes"
    );
    let broken = understand::<()>("key = 's3cret' s3cret", |_| None).unwrap_err();
    assert!(
        broken.starts_with("settings.toml is not TOML at line 1: "),
        "{broken}"
    );
    assert!(!broken.contains("s3cret"), "{broken}");
    let section = understand("key = 's3cret'", |root| Some(format!("{:?}", root.secret("key"))));
    assert_eq!(section, Ok("Some(SecretText([redacted]))".to_owned()));
}

fn under<T>(
    text: &str,
    variables: &[(&str, &str)],
    read: impl FnOnce(&Section<'_>) -> Option<T>,
) -> Result<T, String> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    SettingsFile::parse(Path::new("settings.toml"), text)
        .map(|file| file.under(Environment::of("TEST_", variables)))
        .and_then(|file| file.understand(read))
        .map_err(|error| error.to_string())
}

#[test]
fn a_variable_says_what_a_field_says_and_wins() {
    let text = "port = '1'\n[limits]\nsize = 2\n[[host]]\nname = 'first'\nports = ['1']";
    let read = under(
        text,
        &[
            ("TEST_PORT", "3"),
            ("TEST_FLAG", "true"),
            ("TEST_LIMITS_SIZE", "4"),
            ("TEST_HOST_0_PORTS", "5, 6"),
            ("TEST_HOST_1_NAME", "second"),
            ("TEST_MORE_NAME", "third"),
            ("TEST_EMPTY", ""),
            ("OTHER_PORT", "x"),
        ],
        |root| {
            let name =
                |section: &Section<'_>| section.required("name", "a name", |text| Some(text.to_owned()));
            let hosts = root.sections("host");
            Some((
                root.required("port", "a port", port),
                root.flag("flag"),
                root.section("limits")
                    .map(|limits| limits.number("size", (1, 10), 5)),
                hosts.iter().map(name).collect::<Vec<_>>(),
                hosts
                    .iter()
                    .map(|host| host.list("ports", "a port", port))
                    .collect::<Vec<_>>(),
                root.section("more").and_then(|more| name(&more)),
                root.section("none").is_some(),
            ))
        },
    );
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(
        read,
        Ok((
            Some(3),
            true,
            Some(4),
            vec![name("first"), name("second")],
            vec![vec![5, 6], vec![]],
            name("third"),
            false
        ))
    );
}

#[test]
fn a_wrong_variable_is_told_by_its_own_name() {
    let told = under(
        "[[host]]\nport = '1'",
        &[
            ("TEST_HOST_0_PORT", "many"),
            ("TEST_HOST_0_PROT", "1"),
            ("TEST_HOST_2_PORT", "1"),
        ],
        |root| {
            for host in root.sections("host") {
                host.required("port", "a port", port);
            }
            Some(())
        },
    );
    assert_eq!(
        told.unwrap_err(),
        "settings.toml: 3 settings missing or wrong\n  \
         TEST_HOST_0_PORT: must be a port\n  \
         TEST_HOST_0_PROT: is no setting here\n  \
         TEST_HOST_2_PORT: is no setting here"
    );
}

#[test]
fn a_variable_stands_for_both_forms_of_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("secret"), "from the file\n").unwrap();
    let file = directory.path().join("secret").display().to_string();
    let key = |root: &Section<'_>| root.secret("key").map(|secret| secret.expose().to_owned());
    for (text, variables, expected) in [
        ("key_file = 'nowhere'", &[("TEST_KEY", "here")][..], "here"),
        (
            "key = 'there'",
            &[("TEST_KEY_FILE", file.as_str())],
            "from the file",
        ),
        ("", &[("TEST_KEY_FILE", file.as_str())], "from the file"),
    ] {
        assert_eq!(under(text, variables, key).as_deref(), Ok(expected), "{text}");
    }
    assert!(under("", &[("TEST_KEY", "a"), ("TEST_KEY_FILE", file.as_str())], key).is_err());
}
