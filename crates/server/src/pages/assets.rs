//! The files the pages need, embedded in the program.

/// A file served as it is, under a path that never changes.
///
/// The path carries no digest of the content: it is to be served with a short `max-age` or an entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Path from the root of the issuer.
    pub path: &'static str,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// The bytes of the file.
    pub body: &'static [u8],
}

/// The one style sheet.
pub const STYLESHEET: Asset = Asset {
    path: "/assets/entryway.css",
    content_type: "text/css; charset=utf-8",
    body: include_bytes!("../../assets/entryway.css"),
};

/// The doorway beside the wordmark, in the colours that go on the door.
pub const MARK: Asset = Asset {
    path: "/assets/mark.svg",
    content_type: "image/svg+xml",
    body: include_bytes!("../../assets/mark.svg"),
};

/// The mark as an icon of a browser's tab.
pub const FAVICON: Asset = Asset {
    path: "/assets/favicon.svg",
    content_type: "image/svg+xml",
    body: include_bytes!("../../assets/favicon.svg"),
};

/// Presses "Continue" on the page of `form_post` for people whose browser runs scripts.
pub const FORM_POST_SCRIPT: Asset = Asset {
    path: "/assets/form-post.js",
    content_type: "text/javascript; charset=utf-8",
    body: include_bytes!("../../assets/form-post.js"),
};

/// Every asset there is.
pub const ALL: [Asset; 4] = [STYLESHEET, MARK, FAVICON, FORM_POST_SCRIPT];

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn no_asset_leads_to_another_origin() {
        for asset in ALL {
            let text = std::str::from_utf8(asset.body).unwrap();
            let text = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            for lead in ["http:", "https:", "url(", "@import", "//"] {
                let found = text
                    .lines()
                    .find(|line| line.contains(lead) && !line.trim_start().starts_with("//"));
                assert_eq!(found, None, "{}", asset.path);
            }
        }
    }

    #[test]
    fn an_svg_has_neither_style_nor_script_of_its_own() {
        for asset in [MARK, FAVICON] {
            let text = std::str::from_utf8(asset.body).unwrap();
            assert!(
                !text.contains("style") && !text.contains("script"),
                "{}",
                asset.path
            );
        }
    }
}
