//! A page as something without eyes or scripts reads it: texts, and forms with their buttons.

use html5gum::{StartTag, Token, Tokenizer};
use url::Url;

use crate::reply::Reply;

/// A page of the service.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it was shown.
    pub url: Url,
    /// The answer as it came.
    pub reply: Reply,
    /// Its elements in the order in which they open.
    pub elements: Vec<Element>,
    /// What can be read, with white space collapsed.
    pub text: String,
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
    /// The text inside, white space collapsed.
    pub text: String,
    /// The form around it, counted from the beginning of the page.
    form: Option<usize>,
}

/// A form, filled in as the page has it, with one of its buttons pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Where it goes.
    pub action: Url,
    /// What is sent.
    pub fields: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn read(tag: &StartTag<()>, form: Option<usize>) -> Self {
        let attributes = tag
            .attributes
            .iter()
            .map(|(name, value)| (utf8(name), utf8(&value.value)));
        Self {
            name: utf8(&tag.name),
            attributes: attributes.collect(),
            text: String::new(),
            form,
        }
    }

    /// What the element adds to its form.
    fn field(&self) -> Option<(String, String)> {
        let sends = match self.attribute("type") {
            Some("checkbox" | "radio") => self.attribute("checked").is_some(),
            Some("submit" | "button") => false,
            _ => true,
        };
        if self.name != "input" || !sends || self.attribute("disabled").is_some() {
            return None;
        }
        let unnamed_value = if self.attribute("type") == Some("checkbox") {
            "on"
        } else {
            ""
        };
        Some((
            self.attribute("name")?.to_owned(),
            self.attribute("value").unwrap_or(unnamed_value).to_owned(),
        ))
    }
}

impl Page {
    /// Reads a page.
    pub(crate) fn read(url: Url, reply: Reply) -> Self {
        let mut page = Self {
            url,
            reply,
            elements: Vec::new(),
            text: String::new(),
        };
        let html = page.reply.body.clone();
        let (mut open, mut forms, mut form) = (Vec::new(), 0, None);
        for Ok(token) in Tokenizer::new(&html[..]) {
            match token {
                Token::StartTag(tag) => {
                    if tag.name == b"form" {
                        form = Some(forms);
                        forms += 1;
                    }
                    let element = Element::read(&tag, form);
                    if !VOID.contains(&element.name.as_str()) {
                        open.push(page.elements.len());
                    }
                    page.elements.push(element);
                }
                Token::EndTag(tag) => {
                    let name = utf8(&tag.name);
                    if name == "form" {
                        form = None;
                    }
                    if let Some(at) = open
                        .iter()
                        .rposition(|&at: &usize| page.elements[at].name == name)
                    {
                        open.truncate(at);
                    }
                }
                Token::String(text) => {
                    for word in String::from_utf8_lossy(&text).split_whitespace() {
                        for &around in &open {
                            append(&mut page.elements[around].text, word);
                        }
                        append(&mut page.text, word);
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// The status it came with.
    pub fn status(&self) -> u16 {
        self.reply.code()
    }

    /// Status and error code of an error page, which offers no way on.
    #[track_caller]
    pub fn refusal(&self) -> (u16, &str) {
        assert!(self.buttons().is_empty(), "{}", self.text);
        let code = self.all("dd").next();
        (
            self.status(),
            code.map_or_else(|| panic!("{}", self.text), |code| code.text.as_str()),
        )
    }

    /// Every element of this name.
    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// The element with this id.
    #[track_caller]
    pub fn with_id(&self, id: &str) -> &Element {
        let found = self
            .elements
            .iter()
            .find(|element| element.attribute("id") == Some(id));
        found.unwrap_or_else(|| panic!("no #{id} in {}", self.text))
    }

    /// The first `h1`.
    #[track_caller]
    pub fn heading(&self) -> &str {
        let heading = self.all("h1").next();
        heading.map_or_else(|| panic!("{self:?}"), |heading| heading.text.as_str())
    }

    /// The texts of its buttons.
    pub fn buttons(&self) -> Vec<&str> {
        let buttons = self.all("button").map(|button| button.text.as_str());
        buttons.filter(|text| !text.is_empty()).collect()
    }

    /// The input of this name, in whichever form.
    #[track_caller]
    pub fn input(&self, name: &str) -> &Element {
        let found = self
            .all("input")
            .find(|input| input.attribute("name") == Some(name));
        found.unwrap_or_else(|| panic!("no input {name} in {}", self.text))
    }

    /// What pressing the button with this text sends.
    #[track_caller]
    pub fn form(&self, button: &str) -> Form {
        let pressed = self.all("button").find(|one| one.text == button);
        let pressed = pressed.unwrap_or_else(|| panic!("no button {button:?} on the page {}", self.text));
        self.form_of(pressed)
    }

    /// What pressing the button sends whose text begins so: an account in the chooser.
    #[track_caller]
    pub fn form_beginning(&self, button: &str) -> Form {
        let pressed = self.all("button").find(|one| one.text.starts_with(button));
        let pressed = pressed.unwrap_or_else(|| panic!("no button {button:?} on the page {}", self.text));
        self.form_of(pressed)
    }

    fn form_of(&self, pressed: &Element) -> Form {
        let around = self.all("form").find(|form| form.form == pressed.form).unwrap();
        assert_eq!(around.attribute("method"), Some("post"));
        let action = self.url.join(around.attribute("action").unwrap()).unwrap();
        let inside = self
            .elements
            .iter()
            .filter(|one| one.form == pressed.form && one.name == "input");
        let mut fields: Vec<(String, String)> = inside.filter_map(Element::field).collect();
        if let Some(name) = pressed.attribute("name") {
            fields.push((
                name.to_owned(),
                pressed.attribute("value").unwrap_or_default().to_owned(),
            ));
        }
        Form { action, fields }
    }
}

impl Form {
    /// With this in the field.
    #[track_caller]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(known, _)| known == name);
        let (_, old) = field.unwrap_or_else(|| panic!("no field {name}"));
        value.clone_into(old);
        self
    }

    /// With one more field than the page has.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without the field; an unticked box.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// What the field holds.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("no field {name}"), |(_, value)| value.as_str())
    }
}

/// Elements that have no end tag.
const VOID: [&str; 5] = ["meta", "link", "input", "img", "br"];

fn append(text: &mut String, word: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(word);
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
