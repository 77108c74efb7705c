use entryway_core::email_token::{EmailToken, EmailTokenPurpose};
use entryway_scope::Handle;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;

/// A mail server for one conversation. Refuses what it is told to with the given answer, and gives back all that
/// it was told.
async fn server(refusing: &'static str, answer: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let conversation = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.test\r\n").await.unwrap();
        let (mut heard, mut in_letter) = (String::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            heard.push_str(&line);
            heard.push('\n');
            let reply = match line.as_str() {
                "." => {
                    in_letter = false;
                    "250 taken"
                }
                _ if in_letter => continue,
                _ if !refusing.is_empty() && line.starts_with(refusing) => answer,
                "DATA" => {
                    in_letter = true;
                    "354 go on"
                }
                "QUIT" => break,
                _ => "250 good",
            };
            write.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
        }
        heard
    });
    (port, conversation)
}

fn settings(url: &str) -> SmtpSettings {
    SmtpSettings {
        url: url.to_owned(),
        from: "Login <login@example.com>".to_owned(),
        extra_ca: Vec::new(),
    }
}

fn letter() -> (Letter, String) {
    let code = EmailToken::from_entropy([3; 10]);
    let handle = Handle::parse("alice.test").unwrap();
    let purpose = EmailTokenPurpose::ConfirmEmail;
    let letter = Letter::with_code("alice@mail.test", purpose, &code, &handle, "login.test").unwrap();
    (letter, code.expose().to_owned())
}

#[tokio::test]
async fn a_letter_reaches_the_mail_server_in_both_forms() {
    let (port, conversation) = server("", "").await;
    let smtp = Smtp::new(&settings(&format!("smtp://127.0.0.1:{port}"))).unwrap();
    let (letter, code) = letter();
    smtp.send(letter).await.unwrap();
    drop(smtp);
    let heard = conversation.await.unwrap();
    for part in [
        "MAIL FROM:<login@example.com>",
        "RCPT TO:<alice@mail.test>",
        "Subject: Confirm your address at login.test",
        "text/plain",
        "text/html",
    ] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
    // long lines of a quoted-printable body are broken
    let heard = heard.replace("=\n", "");
    assert_eq!(heard.matches(&code).count(), 2, "{heard}");
}

#[tokio::test]
async fn a_refusal_is_told_without_code_and_address() {
    for (refusing, answer, expected) in [
        (
            "RCPT",
            "550 no alice@mail.test here",
            "the mail server refused it with 550",
        ),
        (
            "MAIL",
            "451 later",
            "the mail server did not take it now with 451",
        ),
    ] {
        let (port, _conversation) = server(refusing, answer).await;
        let smtp = Smtp::new(&settings(&format!("smtp://127.0.0.1:{port}"))).unwrap();
        let NotSent(why) = smtp.send(letter().0).await.unwrap_err();
        assert_eq!(why, expected);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let smtp = Smtp::new(&settings("smtp://127.0.0.1:1")).unwrap();
    let NotSent(why) = smtp.send(letter().0).await.unwrap_err();
    assert_eq!(why, "the mail server could not be reached");
}

// attack: a network that strips STARTTLS; codes would pass it in clear
#[test]
fn another_machine_is_written_to_over_tls_only() {
    let remote = Smtp::new(&settings("smtp://user:word@mail.example.com")).unwrap();
    let told = format!("{remote:?}");
    assert!(!told.contains("word"), "{told}");
    for (url, this_machine) in [
        ("mail.example.com", false),
        ("localhost", true),
        ("127.0.0.1", true),
    ] {
        assert_eq!(is_this_machine(url), this_machine, "{url}");
    }
}

#[test]
fn settings_that_cannot_be_are_told_apart() {
    for url in [
        "",
        "mail.example.com",
        "https://mail.example.com",
        "smtp:",
        "smtp://mail.example.com/path",
        "smtp://mail.example.com?tls=none",
    ] {
        assert_eq!(Smtp::new(&settings(url)).unwrap_err(), InvalidSmtp::Url, "{url}");
    }
    let nobody = SmtpSettings {
        from: "nobody".to_owned(),
        ..settings("smtp://localhost")
    };
    assert_eq!(Smtp::new(&nobody).unwrap_err(), InvalidSmtp::From);
    let foreign = SmtpSettings {
        extra_ca: vec![b"no certificate".to_vec()],
        ..settings("smtp://localhost")
    };
    assert_eq!(Smtp::new(&foreign).unwrap_err(), InvalidSmtp::Authority);
}
