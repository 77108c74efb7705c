//! What is written to people.

use std::fmt;

use askama::Template;

use entryway_core::email_token::{EMAIL_TOKEN_LIFETIME, EmailToken, EmailTokenPurpose};
use entryway_core::message::Message;
use entryway_scope::Handle;

use super::plain;
use crate::failure::Fault;

/// A letter in its two forms, for readers with and without HTML. `Debug` shows to whom and about what.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is about. Has no code in it: a locked telephone shows it.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML, which loads nothing.
    pub html: String,
}

impl Letter {
    /// A letter that brings a code to the holder of an account at the service of this host.
    ///
    /// # Errors
    /// A [`Fault`] if the template cannot be written, which the tests exclude.
    pub fn with_code(
        to: &str,
        purpose: EmailTokenPurpose,
        code: &EmailToken,
        handle: &Handle,
        service_host: &str,
    ) -> Result<Self, Fault> {
        let Words {
            subject,
            lead,
            otherwise,
        } = words(purpose);
        let (code, minutes) = (code.expose(), EMAIL_TOKEN_LIFETIME.0 / 60);
        let handle = handle.as_str();
        let fault = |error| Fault::because("writing a letter", error);
        let text = CodeText {
            lead,
            otherwise,
            code,
            minutes,
            handle,
            service_host,
        };
        let html = CodeHtml {
            subject,
            lead,
            otherwise,
            code,
            minutes,
            handle,
            service_host,
        };
        Ok(Self {
            to: to.to_owned(),
            subject: format!("{subject} at {service_host}"),
            text: text.render().map_err(fault)?,
            html: html.render().map_err(fault)?,
        })
    }
}

impl Letter {
    /// A letter in an operator's words to the holder of an account at the service of this host.
    ///
    /// # Errors
    /// As [`Self::with_code`].
    pub fn with_message(
        to: &str,
        message: &Message,
        handle: &Handle,
        service_host: &str,
    ) -> Result<Self, Fault> {
        let fault = |error| Fault::because("writing a letter", error);
        let content = message.content.as_str();
        let is_markup = content.contains('<');
        let text = if is_markup {
            plain::words(content)
        } else {
            content.to_owned()
        };
        let given = message.subject.clone();
        let subject = given.unwrap_or_else(|| format!("About your account at {service_host}"));
        let handle = handle.as_str();
        let in_text = MessageText {
            text: &text,
            handle,
            service_host,
        };
        let in_html = MessageHtml {
            subject: &subject,
            content,
            is_markup,
            handle,
            service_host,
        };
        Ok(Self {
            to: to.to_owned(),
            text: in_text.render().map_err(fault)?,
            html: in_html.render().map_err(fault)?,
            subject,
        })
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({} to [redacted])", self.subject)
    }
}

/// What differs between letters that bring a code.
struct Words {
    subject: &'static str,
    /// What the code does.
    lead: &'static str,
    /// What to do if it was somebody else who asked for it.
    otherwise: &'static str,
}

const fn words(purpose: EmailTokenPurpose) -> Words {
    use EmailTokenPurpose as Purpose;
    let (subject, lead, otherwise) = match purpose {
        Purpose::AuthFactor => (
            "Your sign-in code",
            "Somebody with your password is signing in. This code lets them in:",
            "If it is not you, give the code to nobody and change your password.",
        ),
        Purpose::ConfirmEmail => (
            "Confirm your address",
            "This code confirms that the account below may use this address:",
            "If the account is not yours, you need not do anything.",
        ),
        Purpose::UpdateEmail => (
            "Change your address",
            "This code lets you give your account another address:",
            "If you did not ask for it, give the code to nobody and change your password.",
        ),
        Purpose::ResetPassword => (
            "Choose a new password",
            "This code lets you choose a new password:",
            "If you did not ask for it, give the code to nobody. Your password stays as it is.",
        ),
        Purpose::DeleteAccount => (
            "Delete your account",
            "This code deletes your account, for good:",
            "If you did not ask for it, give the code to nobody and change your password.",
        ),
        Purpose::PlcOperation => (
            "Sign a change of your identity",
            "This code has a change of your identity signed. Whoever has it can move your account away:",
            "If you did not ask for it, give the code to nobody and change your password.",
        ),
    };
    Words {
        subject,
        lead,
        otherwise,
    }
}

#[derive(Template)]
#[template(path = "mail/code.txt")]
struct CodeText<'a> {
    lead: &'a str,
    otherwise: &'a str,
    code: &'a str,
    minutes: i64,
    handle: &'a str,
    service_host: &'a str,
}

#[derive(Template)]
#[template(path = "mail/code.html")]
struct CodeHtml<'a> {
    subject: &'a str,
    lead: &'a str,
    otherwise: &'a str,
    code: &'a str,
    minutes: i64,
    handle: &'a str,
    service_host: &'a str,
}

#[derive(Template)]
#[template(path = "mail/message.txt")]
struct MessageText<'a> {
    text: &'a str,
    handle: &'a str,
    service_host: &'a str,
}

#[derive(Template)]
#[template(path = "mail/message.html")]
struct MessageHtml<'a> {
    subject: &'a str,
    content: &'a str,
    /// Whether the content is HTML; else it is shown as it was typed.
    is_markup: bool,
    handle: &'a str,
    service_host: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(purpose: EmailTokenPurpose) -> (Letter, String) {
        let code = EmailToken::from_entropy([7; 10]);
        let handle = Handle::parse("alice.test").unwrap();
        let letter = Letter::with_code("alice@mail.test", purpose, &code, &handle, "login.test").unwrap();
        (letter, code.expose().to_owned())
    }

    #[test]
    fn both_forms_say_the_same_and_the_subject_tells_no_code() {
        for purpose in EmailTokenPurpose::ALL {
            let (letter, code) = letter(purpose);
            for form in [&letter.text, &letter.html] {
                for part in [code.as_str(), "alice.test", "login.test", "15 minutes"] {
                    assert!(form.contains(part), "{purpose:?}: {part} in {form}");
                }
            }
            assert!(!letter.subject.contains(&code));
            assert!(!format!("{letter:?}").contains(&code));
        }
    }

    // attack: a letter that tells its sender that it was opened
    #[test]
    fn the_html_loads_nothing_and_leads_nowhere() {
        let (letter, _) = letter(EmailTokenPurpose::ResetPassword);
        for reference in ["href", "src", "url(", "<script", "<link", "@import"] {
            assert!(!letter.html.contains(reference), "{reference}");
        }
    }

    #[test]
    fn an_operator_writes_in_html_or_as_it_is_typed() {
        let handle = Handle::parse("alice.test").unwrap();
        let letter = |subject: Option<&str>, content: &str| {
            let message = Message::parse(subject, content).unwrap();
            Letter::with_message("alice@mail.test", &message, &handle, "login.test").unwrap()
        };
        let marked = letter(Some("Your post"), "<p>It was <b>hidden</b>.</p>");
        assert_eq!(marked.subject, "Your post");
        assert!(marked.html.contains("<p>It was <b>hidden</b>.</p>"));
        assert!(marked.text.starts_with("It was hidden.\n"), "{}", marked.text);
        let plain = letter(None, "one & two\nthree");
        assert_eq!(plain.subject, "About your account at login.test");
        assert!(plain.html.contains("one &#38; two\nthree"), "{}", plain.html);
        assert!(plain.text.starts_with("one & two\nthree\n"));
        for form in [&plain.text, &plain.html, &marked.text, &marked.html] {
            assert!(form.contains("alice.test") && form.contains("login.test"));
        }
    }

    #[test]
    fn lines_of_the_text_fit_a_letter() {
        for purpose in EmailTokenPurpose::ALL {
            let (letter, _) = letter(purpose);
            for line in letter.text.lines() {
                assert!(line.len() <= 998, "RFC 5322 section 2.1.1");
            }
        }
    }
}
