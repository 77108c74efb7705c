//! The variables of a migration, read once. What is missing is said all at once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::path::Path;

use entryway_oauth::issuer::Issuer;

use crate::config::SecretText;
use crate::secret_input::{only_line, typed};
use crate::usage::Usage;

use super::folder::Folder;
use super::session::{Session, Side};

/// Those of a process that are for migrations.
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of this process. An empty one counts as not there.
    pub(super) fn of_process() -> Self {
        let text =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self::of(std::env::vars_os().filter_map(text))
    }

    /// Those among these that are for migrations.
    pub(super) fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| {
            name == "HANDLE"
                || ["OLD_", "NEW_", "PLC_"]
                    .iter()
                    .any(|begin| name.starts_with(begin))
        };
        let given = variables.into_iter();
        Self(
            given
                .filter(|(name, value)| ours(name) && !value.is_empty())
                .collect(),
        )
    }

    /// Begins to ask for those of a step.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            variables: &self.0,
            faults: RefCell::default(),
        }
    }
}

/// What a step asks for. Whatever is not there, or is not what it should be, is kept until [`faults`](Self::faults).
pub(super) struct Asked<'a> {
    variables: &'a BTreeMap<String, String>,
    faults: RefCell<Vec<String>>,
}

impl Asked<'_> {
    /// The first of these variables that there is.
    pub(super) fn given(&self, names: &[&str]) -> Option<&str> {
        self.given_as(names).map(|(_, value)| value)
    }

    fn given_as<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &str)> {
        names
            .iter()
            .find_map(|name| Some((*name, self.variables.get(*name)?.as_str())))
    }

    /// The same where there has to be one.
    pub(super) fn text(&self, names: &[&str], what: &str) -> Option<String> {
        let value = self.given(names);
        if value.is_none() {
            self.missing(names, what);
        }
        value.map(str::to_owned)
    }

    /// A host, by the first of these variables.
    pub(super) fn host(&self, names: &[&'static str], what: &str) -> Option<Issuer> {
        let Some((name, value)) = self.given_as(names) else {
            self.missing(names, what);
            return None;
        };
        // people type the slash
        let host = Issuer::parse(value.strip_suffix('/').unwrap_or(value));
        if host.is_err() {
            self.fault(format!(
                "{name} must be the URL of a host such as https://pds.example.com, http is for this machine only"
            ));
        }
        host.ok()
    }

    /// Where calls go that need the session of a side.
    pub(super) fn repo_host(&self, side: Side) -> Option<Issuer> {
        self.apart();
        match side {
            Side::Old => self.host(&["OLD_AUTH_PDS", "OLD_PDS"], "the host the account is on"),
            Side::New => self.host(&["NEW_PDS"], "the host the account goes to"),
        }
    }

    /// Where somebody signs in to a side.
    pub(super) fn login_host(&self, side: Side) -> Option<Issuer> {
        self.apart();
        match side {
            Side::Old => self.host(
                &["OLD_LOGIN_PDS", "OLD_AUTH_PDS", "OLD_PDS"],
                "where the account signs in",
            ),
            Side::New => self.host(&["NEW_LOGIN_PDS", "NEW_PDS"], "where the account will sign in"),
        }
    }

    /// A migration onto the same host would end with the account deactivated there.
    fn apart(&self) {
        let bare = |name| {
            self.given(&[name])
                .map(|url| url.trim_end_matches('/').to_ascii_lowercase())
        };
        if let (Some(old), Some(new)) = (bare("OLD_PDS"), bare("NEW_PDS"))
            && old == new
        {
            self.fault("NEW_PDS must be another host than OLD_PDS".to_owned());
        }
    }

    /// A secret that need not be there: the variable, or the file that the one with `_FILE` names.
    pub(super) fn secret(&self, name: &str) -> Option<SecretText> {
        if let Some(secret) = self.given(&[name]) {
            return Some(SecretText::new(secret));
        }
        let in_file = format!("{name}_FILE");
        let path = Path::new(self.given(&[&in_file])?);
        let read = File::open(path).map_err(|error| Usage(format!("{in_file} cannot be read: {error}")));
        match read.and_then(|file| only_line(file, &in_file, "secret")) {
            Ok(secret) => Some(SecretText::new(&secret)),
            Err(Usage(fault)) => {
                self.fault(fault);
                // not missing as well
                Some(SecretText::new(""))
            }
        }
    }

    /// A secret that there has to be: without a variable it is [typed](Needed::read), once all else is there.
    pub(super) fn needed_secret(&self, name: &'static str, prompt: &'static str) -> Option<Needed> {
        if let Some(secret) = self.secret(name) {
            return Some(Needed::Given(secret));
        }
        if io::stdin().is_terminal() {
            return Some(Needed::Typed(prompt));
        }
        let in_file = format!("{name}_FILE");
        self.missing(&[name, &in_file], "there is no terminal to ask for it");
        None
    }

    /// The session of a side, which an earlier step left.
    pub(super) fn session(&self, folder: &Folder, side: Side) -> Option<Session> {
        match Session::read(folder, side) {
            Ok(Some(session)) => Some(session),
            Ok(None) => {
                let (path, step) = (folder.path(side.file()), side.step());
                self.fault(format!("{} is missing: {step} writes it", path.display()));
                None
            }
            Err(fault) => {
                self.fault(format!("{fault:#}"));
                None
            }
        }
    }

    /// Keeps what is wrong, once.
    pub(super) fn fault(&self, fault: String) {
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    fn missing(&self, names: &[&str], what: &str) {
        self.fault(format!("{} is missing: {what}", names.join(" or ")));
    }

    /// Everything that is wrong.
    ///
    /// # Errors
    /// Where anything is.
    pub(super) fn settled(&self) -> Result<(), Usage> {
        let faults = self.faults.borrow();
        if faults.is_empty() {
            return Ok(());
        }
        Err(Usage(faults.join("\nentryway: ")))
    }

    /// Everything that is wrong, of which there is something.
    pub(super) fn faults(&self) -> anyhow::Error {
        self.settled()
            .err()
            .unwrap_or_else(|| Usage("something is missing".to_owned()))
            .into()
    }
}

/// A secret on its way.
pub(super) enum Needed {
    Given(SecretText),
    Typed(&'static str),
}

impl Needed {
    /// The secret; asks the terminal where it was not given.
    ///
    /// # Errors
    /// A terminal that cannot be silenced or read; nothing typed.
    pub(super) fn read(self) -> anyhow::Result<SecretText> {
        let secret = match self {
            Self::Given(secret) => secret,
            Self::Typed(prompt) => SecretText::new(&typed(prompt)?),
        };
        if secret.expose().is_empty() {
            return Err(Usage("nothing was typed".to_owned()).into());
        }
        Ok(secret)
    }

    /// The same for a password that will be: it is typed twice.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), and another one the second time.
    pub(super) fn read_new(self) -> anyhow::Result<SecretText> {
        let is_typed = matches!(self, Self::Typed(_));
        let secret = self.read()?;
        if is_typed && typed("The same again: ")? != secret.expose() {
            return Err(Usage("the second password is another than the first".to_owned()).into());
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(given: &[(&str, &str)]) -> Variables {
        Variables::of(
            given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    // A15
    #[test]
    fn each_of_the_three_hosts_stands_in_for_the_next() {
        for (given, auth, login) in [
            (
                &[("OLD_PDS", "https://a.example")][..],
                "https://a.example",
                "https://a.example",
            ),
            (
                &[
                    ("OLD_PDS", "https://a.example/"),
                    ("OLD_AUTH_PDS", "https://b.example"),
                ],
                "https://b.example",
                "https://b.example",
            ),
            (
                &[
                    ("OLD_PDS", "https://a.example"),
                    ("OLD_LOGIN_PDS", "https://c.example"),
                ],
                "https://a.example",
                "https://c.example",
            ),
            (
                &[
                    ("OLD_PDS", "https://a.example"),
                    ("OLD_AUTH_PDS", "https://b.example"),
                    ("OLD_LOGIN_PDS", "http://localhost:2583"),
                ],
                "https://b.example",
                "http://localhost:2583",
            ),
        ] {
            let variables = variables(given);
            let asked = variables.asked();
            assert_eq!(asked.repo_host(Side::Old).unwrap().as_str(), auth);
            assert_eq!(asked.login_host(Side::Old).unwrap().as_str(), login);
            asked.settled().unwrap();
        }
    }

    #[test]
    fn everything_that_is_missing_or_wrong_is_said_at_once() {
        let variables = variables(&[
            ("OLD_PDS", "http://a.example"),
            ("OLD_IDENTIFIER", ""),
            ("PATH", "/bin"),
        ]);
        let asked = variables.asked();
        asked.repo_host(Side::Old);
        asked.login_host(Side::Old);
        asked.repo_host(Side::New);
        asked.text(&["OLD_IDENTIFIER", "HANDLE"], "who signs in");
        asked.text(&["PATH"], "not ours");
        let Usage(said) = asked.settled().unwrap_err();
        let expected = [
            "OLD_PDS must be the URL of a host such as https://pds.example.com, http is for this machine only",
            "NEW_PDS is missing: the host the account goes to",
            "OLD_IDENTIFIER or HANDLE is missing: who signs in",
            "PATH is missing: not ours",
        ];
        assert_eq!(said.split("\nentryway: ").collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_account_does_not_move_to_where_it_is() {
        for (new, expected) in [
            ("https://a.example", true),
            ("https://A.example/", true),
            ("https://b.example", false),
        ] {
            let variables = variables(&[("OLD_PDS", "https://a.example"), ("NEW_PDS", new)]);
            let asked = variables.asked();
            asked.repo_host(Side::Old);
            assert_eq!(asked.settled().is_err(), expected, "{new}");
        }
    }

    #[test]
    fn a_secret_may_be_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "it's $ecret\n").unwrap();
        let name = file.to_str().unwrap();
        let variables = variables(&[("OLD_PASSWORD_FILE", name), ("NEW_PASSWORD_FILE", "/nowhere")]);
        let asked = variables.asked();
        assert_eq!(asked.secret("OLD_PASSWORD").unwrap().expose(), "it's $ecret");
        assert!(asked.secret("PLC_TOKEN").is_none());
        asked.settled().unwrap();
        asked.secret("NEW_PASSWORD");
        let Usage(said) = asked.settled().unwrap_err();
        assert!(said.starts_with("NEW_PASSWORD_FILE cannot be read"), "{said}");
    }
}
