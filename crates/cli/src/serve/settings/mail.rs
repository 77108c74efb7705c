//! Where letters to people go.

use entryway_server::{InvalidSmtp, Smtp, SmtpSettings};

use super::Development;
use crate::config::{Section, is_placeholder};

/// The mail server and the sender; nothing where there is none, or where something is wrong.
pub(super) fn read(root: &Section<'_>, development: Option<&Development>) -> Option<SmtpSettings> {
    let from = root.optional("mail_from", FROM, |text| Some(text.to_owned()));
    let url = root.secret("smtp_url");
    let url = match (url, &from) {
        (Some(url), Some(_)) => url,
        (_, None) if root.has("mail_from") => return None,
        (Some(_), None) => {
            root.fault(
                "mail_from",
                format_args!("is missing, and smtp_url is there, must be {FROM}"),
            );
            return None;
        }
        (None, Some(_)) => {
            root.fault("smtp_url", "or smtp_url_file is missing, and mail_from is there");
            return None;
        }
        (None, None) => return None,
    };
    let settings = SmtpSettings {
        url: url.expose().to_owned(),
        from: from?,
        extra_ca: development
            .map(|development| development.extra_authorities.clone())
            .unwrap_or_default(),
    };
    if is_placeholder(&settings.url) {
        root.fault("smtp_url", "is still a placeholder");
        return None;
    }
    match Smtp::new(&settings) {
        Ok(_) => Some(settings),
        Err(invalid) => {
            let field = match invalid {
                InvalidSmtp::Url => "smtp_url",
                InvalidSmtp::From => "mail_from",
                InvalidSmtp::Authority => "development.extra_ca",
            };
            root.fault(field, invalid);
            None
        }
    }
}

const FROM: &str = "the sender of letters, such as Login <login@my-domain.com>";
