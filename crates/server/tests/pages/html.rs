//! Just enough of an HTML reader for documents we wrote ourselves.

/// A piece of a document, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// An opening tag.
    Open(Tag),
    /// A closing tag, by name.
    Close(String),
    /// Text with its character references resolved.
    Text(String),
}

/// An opening tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_hidden_input(&self) -> bool {
        self.name == "input" && self.attribute("type") == Some("hidden")
    }
}

/// A document taken apart.
pub(crate) struct Document(pub(crate) Vec<Piece>);

impl Document {
    /// Takes a document apart, and panics on what we would never write: a bare `<`, an attribute without quotes.
    pub(crate) fn read(html: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = html
            .strip_prefix("<!doctype html>")
            .expect("a page starts with its doctype");
        while let Some(start) = rest.find('<') {
            if start > 0 {
                pieces.push(Piece::Text(resolve(&rest[..start])));
            }
            let (piece, after) = read_tag(&rest[start + 1..]);
            pieces.push(piece);
            rest = after;
        }
        pieces.push(Piece::Text(resolve(rest)));
        Self(pieces)
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Open(tag) => Some(tag),
            Piece::Close(_) | Piece::Text(_) => None,
        })
    }

    pub(crate) fn all<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d Tag> {
        self.tags().filter(move |tag| tag.name == name)
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<&Tag> {
        self.tags().find(|tag| tag.attribute("id") == Some(id))
    }

    /// The text inside of the first element that fits, with white space collapsed.
    pub(crate) fn text_of(&self, fits: impl Fn(&Tag) -> bool) -> Option<String> {
        let start = self
            .0
            .iter()
            .position(|piece| matches!(piece, Piece::Open(tag) if fits(tag)))?;
        let Piece::Open(tag) = &self.0[start] else {
            return None;
        };
        let mut depth = 0_usize;
        let mut text = String::new();
        for piece in &self.0[start..] {
            match piece {
                Piece::Open(inner) if inner.name == tag.name => depth += 1,
                Piece::Close(name) if *name == tag.name => depth -= 1,
                Piece::Text(more) => text.push_str(more),
                Piece::Open(_) | Piece::Close(_) => {}
            }
            if depth == 0 {
                break;
            }
        }
        Some(text.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The forms, each as the tags inside of it, the form's own first.
    pub(crate) fn forms(&self) -> Vec<Vec<&Tag>> {
        let mut forms = Vec::new();
        let mut inside = false;
        for piece in &self.0 {
            match piece {
                Piece::Open(tag) if tag.name == "form" => {
                    assert!(!inside, "a form inside a form");
                    inside = true;
                    forms.push(vec![tag]);
                }
                Piece::Open(tag) if inside => forms.last_mut().expect("inside of a form").push(tag),
                Piece::Close(name) if name == "form" => inside = false,
                Piece::Open(_) | Piece::Close(_) | Piece::Text(_) => {}
            }
        }
        forms
    }
}

fn read_tag(text: &str) -> (Piece, &str) {
    if let Some(closing) = text.strip_prefix('/') {
        let (name, after) = closing.split_once('>').expect("a closing tag ends");
        return (Piece::Close(name.to_owned()), after);
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .expect("a tag ends");
    assert!(end > 0, "a bare < in front of {:?}", &text[..text.len().min(40)]);
    let mut tag = Tag {
        name: text[..end].to_owned(),
        attributes: Vec::new(),
    };
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start_matches([' ', '\n']);
        if let Some(after) = rest.strip_prefix('>') {
            return (Piece::Open(tag), after);
        }
        let end = rest.find(['=', ' ', '\n', '>']).expect("an attribute ends");
        let name = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix('=') {
            let (inside, after) = quoted
                .strip_prefix('"')
                .and_then(|text| text.split_once('"'))
                .expect("an attribute's value stands in double quotes");
            value = resolve(inside);
            rest = after;
        }
        tag.attributes.push((name, value));
    }
}

fn resolve(text: &str) -> String {
    assert!(!text.contains('>'), "a bare > in {text:?}");
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}
