//! The words of a text in HTML, for readers without it.

/// The text without its tags, with a new line where a block begins or ends.
///
/// Reads what operators write to people: it makes nothing safe, and understands no more than that takes.
pub(super) fn words(html: &str) -> String {
    let mut words = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        words.push_str(&rest[..start]);
        let tag = &rest[start..];
        let Some(end) = tag.find('>') else {
            // no tag at all
            words.push_str(tag);
            return tidy(&words);
        };
        let name = name(&tag[1..end]);
        if BLOCKS.contains(&name.as_str()) {
            words.push('\n');
        }
        rest = &tag[end + 1..];
        let begins = !tag.starts_with("</");
        if begins && SILENT.contains(&name.as_str()) {
            rest = after(rest, &name);
        }
    }
    words.push_str(rest);
    tidy(&words)
}

/// The name of an element, at its beginning or its end.
fn name(tag: &str) -> String {
    let name = tag.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    name[..end.unwrap_or(name.len())].to_ascii_lowercase()
}

/// What follows the end of an element, of which nothing is shown.
fn after<'a>(text: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}");
    let lower = text.to_ascii_lowercase();
    lower.find(&end).map_or("", |at| &text[at..])
}

/// Named characters as themselves, and no more than one empty line in a row.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.lines().map(str::trim) {
        empty_lines = if line.is_empty() { empty_lines + 1 } else { 0 };
        if empty_lines < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    let named = ENTITIES
        .iter()
        .fold(tidy, |text, (name, character)| text.replace(name, character));
    named.trim().to_owned()
}

const BLOCKS: [&str; 15] = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "pre",
    "hr",
];
const SILENT: [&str; 4] = ["style", "script", "title", "template"];
/// The ampersand comes last, so that what was written out stays written out.
const ENTITIES: [(&str, &str); 6] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_html_keeps_its_words_and_its_lines() {
        for (html, text) in [
            ("Hello", "Hello"),
            (
                "<p>Dear alice,</p><p>your <b>post</b> was hidden.</p>",
                "Dear alice,\n\nyour post was hidden.",
            ),
            ("one<br>two<BR/>three", "one\ntwo\nthree"),
            ("<ul>\n<li>a</li>\n<li>b</li></ul>", "a\n\nb"),
            (
                "<style>p { color: red }</style>Hi<script>alert('<p>')</script>!",
                "Hi!",
            ),
            ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("1 < 2", "1 < 2"),
            ("<style>never ends", ""),
        ] {
            assert_eq!(words(html), text, "{html}");
        }
    }

    #[test]
    fn whatever_is_not_html_is_read_as_it_is() {
        let deep = "<p".repeat(20_000);
        for odd in [
            "<",
            "<>",
            "</>",
            "a<",
            "<!-- x",
            "<p",
            "<style",
            "&",
            "&;",
            "<\u{e4}>",
            deep.as_str(),
        ] {
            assert!(words(odd).len() <= odd.len(), "{odd:.20}");
        }
        assert_eq!(words("a<\u{e4}>b"), "ab");
    }
}
