//! What an operation changes, line by line, and what about it is no good (A21).

use std::fmt;

use entryway_identity::plc::PlcData;

use super::fault::plain;

/// The difference of two states of an identity.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference(Vec<(&'static str, Vec<Line>)>);

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Stays(String),
    Goes(String),
    Comes(String),
}

impl Difference {
    /// From the one to the other.
    pub(super) fn between(before: &PlcData, after: &PlcData) -> Self {
        Self(vec![
            (
                "rotation keys",
                ranked(&before.rotation_keys, &after.rotation_keys),
            ),
            (
                "also known as",
                ranked(&before.also_known_as, &after.also_known_as),
            ),
            ("services", lines(&services(before), &services(after))),
            ("verification methods", lines(&methods(before), &methods(after))),
        ])
    }

    /// Whether there is none.
    pub(super) fn is_nothing(&self) -> bool {
        let mut lines = self.0.iter().flat_map(|(_, lines)| lines);
        lines.all(|line| matches!(line, Line::Stays(_)))
    }
}

/// Where the order counts: a place that another one has now goes and comes.
fn ranked(before: &[String], after: &[String]) -> Vec<Line> {
    let ranked = |names: &[String]| -> Vec<String> {
        names
            .iter()
            .enumerate()
            .map(|(rank, name)| format!("{} {name}", rank + 1))
            .collect()
    };
    lines(&ranked(before), &ranked(after))
}

fn lines(before: &[String], after: &[String]) -> Vec<Line> {
    let mut lines = Vec::new();
    for old in before {
        let stays = after.contains(old);
        lines.push(if stays {
            Line::Stays(old.clone())
        } else {
            Line::Goes(old.clone())
        });
    }
    lines.extend(
        after
            .iter()
            .filter(|new| !before.contains(new))
            .cloned()
            .map(Line::Comes),
    );
    lines
}

fn services(data: &PlcData) -> Vec<String> {
    let services = data.services.iter();
    services
        .map(|(name, service)| format!("{name} {} {}", service.kind, service.endpoint))
        .collect()
}

fn methods(data: &PlcData) -> Vec<String> {
    data.verification_methods
        .iter()
        .map(|(name, key)| format!("{name} {key}"))
        .collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, lines)) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{name}")?;
            for line in lines {
                let (sign, text) = match line {
                    Line::Stays(text) => (' ', text),
                    Line::Goes(text) => ('-', text),
                    Line::Comes(text) => ('+', text),
                };
                write!(f, "\n  {sign} {}", plain(text))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use entryway_identity::plc::PlcService;

    use super::*;

    fn data(keys: &[&str], handle: &str, endpoint: &str, key: &str) -> PlcData {
        let pds = PlcService {
            kind: "AtprotoPersonalDataServer".to_owned(),
            endpoint: endpoint.to_owned(),
        };
        PlcData {
            rotation_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            verification_methods: [("atproto".to_owned(), key.to_owned())].into(),
            also_known_as: vec![format!("at://{handle}")],
            services: [("atproto_pds".to_owned(), pds)].into(),
        }
    }

    // A21
    #[test]
    fn what_goes_and_what_comes_is_shown_for_each_part() {
        let before = data(
            &["did:key:own", "did:key:old"],
            "a.test",
            "https://old.example",
            "did:key:s1",
        );
        let after = data(
            &["did:key:own", "did:key:new"],
            "a.test",
            "https://new.example",
            "did:key:s2",
        );
        let difference = Difference::between(&before, &after);
        let expected = "\
rotation keys
    1 did:key:own
  - 2 did:key:old
  + 2 did:key:new
also known as
    1 at://a.test
services
  - atproto_pds AtprotoPersonalDataServer https://old.example
  + atproto_pds AtprotoPersonalDataServer https://new.example
verification methods
  - atproto did:key:s1
  + atproto did:key:s2";
        assert_eq!(difference.to_string(), expected);
        assert!(!difference.is_nothing());
        assert!(Difference::between(&before, &before).is_nothing());
    }

    // the first key may undo what the others do
    #[test]
    fn another_order_of_keys_is_a_difference() {
        let before = data(
            &["did:key:a", "did:key:b"],
            "a.test",
            "https://old.example",
            "did:key:s",
        );
        let after = data(
            &["did:key:b", "did:key:a"],
            "a.test",
            "https://old.example",
            "did:key:s",
        );
        assert!(!Difference::between(&before, &after).is_nothing());
    }

    // a host could write over what a terminal shows
    #[test]
    fn nothing_a_host_says_acts_on_a_terminal() {
        let before = data(&["did:key:a"], "a.test", "https://old.example", "did:key:s");
        let after = data(
            &["did:key:a\u{1b}[1A"],
            "a.test",
            "https://old.example",
            "did:key:s",
        );
        let shown = Difference::between(&before, &after).to_string();
        assert!(shown.contains("\\u{1b}") && !shown.contains('\u{1b}'), "{shown}");
    }
}
