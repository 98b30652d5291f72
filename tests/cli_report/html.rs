//! A strict reading of a page: what is open is closed, in order, and nothing of it fetches or runs.

use std::collections::BTreeSet;

/// Elements that hold nothing and are not closed.
const VOID: [&str; 6] = ["meta", "link", "img", "input", "br", "path"];

/// Attributes that may make a browser fetch or go elsewhere.
const ADDRESSES: [&str; 9] =
    ["src", "href", "srcset", "action", "formaction", "data", "poster", "ping", "background"];

/// One element of a page, as it is written.
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.0 == name);
        found.map(|attribute| attribute.1.as_str())
    }
}

/// Reads a page, or panics at what is wrong with it.
pub fn elements(page: &str) -> Vec<Element> {
    let mut rest = page.strip_prefix("<!doctype html>").expect("begins as HTML does");
    let (mut open, mut found) = (Vec::<String>::new(), Vec::new());
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at]);
        let tag = &rest[at + 1..];
        let end = end_of_tag(tag);
        let (inside, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
            continue;
        }
        let element = element(inside);
        let is_closed = inside.ends_with('/') || VOID.contains(&element.name.as_str());
        if ["script", "style"].contains(&element.name.as_str()) {
            // What is in them is theirs to read, up to their own end.
            let close = format!("</{}>", element.name);
            let at = rest.find(&close).expect("closed");
            rest = &rest[at + close.len()..];
        } else if !is_closed {
            open.push(element.name.clone());
        }
        found.push(element);
    }
    check_text(rest);
    assert!(open.is_empty(), "left open: {open:?}");
    found
}

/// Panics where something of the page would fetch, run or be known by two of the same name.
pub fn check_harmless(elements: &[Element]) {
    let mut names = BTreeSet::new();
    for element in elements {
        let tag = &element.name;
        let never = ["iframe", "object", "embed", "base", "form", "frame", "video", "audio"];
        assert!(!never.contains(&tag.as_str()), "<{tag}>");
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on"), "<{tag} {name}>");
            assert_ne!(name, "style", "<{tag}>: the policy refuses it");
            if ADDRESSES.contains(&name.as_str()) {
                let is_here = value.starts_with('#') || value.starts_with("data:");
                assert!(is_here, "<{tag} {name}={value:.60}> leads elsewhere");
            }
            if name == "id" {
                assert!(names.insert(value.clone()), "two elements are called {value}");
            }
        }
        if tag == "script" || tag == "style" {
            assert!(element.attribute("nonce").is_some_and(|nonce| nonce.len() == 24));
            assert_eq!(element.attributes.len(), 1, "<{tag}> comes from nowhere else");
        }
        if tag == "img" {
            let alt = element.attribute("alt");
            assert!(alt.is_some_and(|alt| !alt.is_empty()), "a picture says what it is");
        }
    }
    let scripts = elements.iter().filter(|element| element.name == "script").count();
    assert_eq!(scripts, 1, "the page's own script alone");
}

/// Where a tag ends: at the first `>` outside quotes.
fn end_of_tag(tag: &str) -> usize {
    let mut is_quoted = false;
    for (at, c) in tag.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return at,
            '<' if !is_quoted => panic!("a tag in a tag: {:.80}", tag),
            _ => {}
        }
    }
    panic!("a tag never ends: {tag:.80}");
}

/// Text has no stray `>` and every `&` begins a reference that is closed.
fn check_text(text: &str) {
    assert!(!text.contains('>'), "a stray >: {text:.80}");
    for rest in text.split('&').skip(1) {
        let name = rest.split_once(';').map(|(name, _)| name);
        let is_reference = |name: &str| {
            (2..=6).contains(&name.len())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
        };
        assert!(name.is_some_and(is_reference), "a stray &: {rest:.40}");
    }
    let strange = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(strange, None, "a control character in {text:.80}");
}

/// A tag's name and attributes, each quoted.
fn element(inside: &str) -> Element {
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    let (name, mut rest) = inside.split_once([' ', '\n']).unwrap_or((inside, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric();
    assert!(!name.is_empty() && name.chars().all(is_name), "an element called {name:.40}");
    let mut attributes = Vec::<(String, String)>::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Element { name: name.to_owned(), attributes };
        }
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let attribute = rest[..end].to_owned();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(attribute.chars().all(is_word), "an attribute called {attribute:.40}");
        assert!(attributes.iter().all(|known| known.0 != attribute), "{attribute} twice");
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let (inside, after) = quoted.split_once('"').expect("the quote ends");
            assert!(!inside.contains('<'), "a tag in {attribute}: {inside:.60}");
            check_text(&inside.replace('>', ""));
            (value, rest) = (inside.to_owned(), after);
        } else {
            assert!(!rest.starts_with('='), "{attribute} is not quoted");
        }
        attributes.push((attribute, value));
    }
}

#[cfg(test)]
mod tests {
    use super::{check_harmless, elements};

    fn is_refused(page: &'static str) -> bool {
        let read = || check_harmless(&elements(&format!("<!doctype html>{page}")));
        std::panic::catch_unwind(read).is_err()
    }

    #[test]
    fn a_page_that_is_not_right_is_refused() {
        let script = "<script nonce=\"aaaaaaaaaaaaaaaaaaaaaaaa\">1 < 2</script>";
        let right: &'static str = Box::leak(format!("<p>a &amp; b</p>{script}").into_boxed_str());
        assert!(!is_refused(right));
        for wrong in [
            "<p>a",
            "<p><b></p></b>",
            "<p>a & b</p>",
            "<p>a > b</p>",
            "<p title=a>b</p>",
            "<p style=\"color: red\">a</p>",
            "<p onclick=\"a()\">a</p>",
            "<img src=\"x.png\" alt=\"a\">",
            "<img src=\"data:,\">",
            "<a href=\"http://a\">a</a>",
            "<a href=\"javascript:a()\">a</a>",
            "<i id=\"a\"></i><b id=\"a\"></b>",
            "<script>a()</script>",
            "<iframe></iframe>",
            "<p>\u{1b}</p>",
        ] {
            let page: &'static str = Box::leak(format!("{wrong}{script}").into_boxed_str());
            assert!(is_refused(page), "{wrong}");
        }
    }
}
