//! Who administers: a token each, of which the deployment has the hash alone (A3).

use entryway_core::account::PasswordHash;
use entryway_server::is_password_hash;

use crate::config::Section;

/// An administrator.
#[derive(Debug)]
pub(crate) struct Admin {
    /// What people call the token.
    pub(crate) name: String,
    pub(crate) token_hash: PasswordHash,
}

impl Admin {
    /// All of them.
    pub(super) fn read_all(root: &Section<'_>) -> Option<Vec<Self>> {
        let admins: Vec<Self> = root
            .sections("admin")
            .iter()
            .map(Self::read)
            .collect::<Option<_>>()?;
        for (index, one) in admins.iter().enumerate() {
            if admins[..index].iter().any(|other| other.name == one.name) {
                root.fault(&format!("admin[{index}].name"), "must be its own");
            }
        }
        Some(admins)
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let name = section.required("name", "what this administrator is called", |text| {
            (!text.is_empty()).then(|| text.to_owned())
        });
        let token_hash = section.required_secret(
            "token_hash",
            "an argon2id hash as entryway admin hash-token prints it",
            |text| {
                if !text.starts_with('$') {
                    return Err(DOLLARS);
                }
                let hash = PasswordHash::new(text.to_owned());
                if text.starts_with("$argon2id$") && is_password_hash(&hash) {
                    Ok(hash)
                } else {
                    Err("is not that")
                }
            },
        );
        Some(Self {
            name: name?,
            token_hash: token_hash?,
        })
    }
}

/// A shell or compose took them for variables (A4).
const DOLLARS: &str = "does not begin with a dollar sign, which shells, compose and systemd take away unless \
                       it is quoted or doubled";
