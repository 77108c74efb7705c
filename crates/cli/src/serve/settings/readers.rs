//! Who may read the revocation feed.

use entryway_oauth::secret::{Digest, FeedToken};
use entryway_server::FeedReader;

use crate::config::Section;

pub(super) fn read(root: &Section<'_>) -> Option<Vec<FeedReader>> {
    let sections = root.sections("feed_reader");
    let readers: Option<Vec<FeedReader>> = sections.iter().map(reader).collect();
    let readers = readers?;
    for (index, one) in readers.iter().enumerate() {
        let same = |other: &&FeedReader| other.name == one.name || other.token == one.token;
        if readers[..index].iter().any(|other| same(&other)) {
            root.fault(
                &format!("feed_reader[{index}]"),
                "must have a name and a token of its own",
            );
        }
    }
    Some(readers)
}

/// With its token, or with the token's digest, so that the token itself need be nowhere but at the reader.
fn reader(section: &Section<'_>) -> Option<FeedReader> {
    let name = section.required("name", "what the log calls this reader", |text| {
        (!text.is_empty()).then(|| text.to_owned())
    });
    let digest = section.optional(
        "token_sha256",
        "the SHA-256 of the reader's token in 64 hexadecimal digits",
        Digest::from_hex,
    );
    if section.has("token_sha256") {
        // asked for, so that they are known as settings
        if section.secret("token").is_some() {
            section.fault("token", "is given twice, here and as token_sha256");
        }
        return Some(FeedReader {
            name: name?,
            token: digest?,
        });
    }
    let token = section.required_secret(
        "token",
        "fee- and 64 hexadecimal digits, or token_sha256 its digest",
        |text| FeedToken::parse(text).map_err(|_| "is not one"),
    );
    Some(FeedReader {
        name: name?,
        token: token?.digest(),
    })
}
