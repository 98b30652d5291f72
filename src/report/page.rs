//! The page: its parts put into the template, under a policy that lets nothing in.

use super::base64::base64;
use super::text::Text;
use super::{Detail, Report, Row};
use super::{columns, facts, gallery, latency, played, selected, timeline};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// blake3 context of the word that lets the page's own style and script run.
const NONCE_CONTEXT: &str = "worldtape 1 report nonce";

/// Bytes of that word.
const NONCE_BYTES: usize = 16;

impl Report<'_> {
    /// The page.
    pub fn page(&self) -> String {
        let rows = self.rows();
        let first_drift = Report::drifting(&rows).and_then(Row::first_drift);
        let detail = Detail::new(self.frames(), first_drift);
        let mut parts = self.parts(&rows, &detail, first_drift.unwrap_or(0));
        parts.push(("nonce", nonce(&parts)));
        parts.push(("style", STYLE.to_owned()));
        parts.push(("script", SCRIPT.to_owned()));
        filled(TEMPLATE, &parts)
    }

    /// Everything in the page that is not the same in every page.
    fn parts(&self, rows: &[Row<'_>], detail: &Detail, at: u64) -> Vec<(&'static str, String)> {
        let (word, sign) = self.verdict(rows).heading();
        let sentences = self.sentences(rows);
        let (first, further) = sentences.split_first().expect("there is always one");
        let further: String =
            further.iter().map(|sentence| format!("<p>{}</p>\n", Text(sentence))).collect();
        vec![
            ("class", self.verdict(rows).word().replace(' ', "-")),
            ("title", format!("{word}: {}", Text(&self.tape.name))),
            ("sign", sign.to_owned()),
            ("word", word.to_owned()),
            ("sentence", Text(first).to_string()),
            ("further", further),
            ("roots", self.roots()),
            ("timeline", timeline::timeline(self, rows)),
            ("selected", selected::selected(self, rows, detail, at)),
            ("drift", gallery::drift(self, rows)),
            ("film", gallery::film(self)),
            ("played", played::played(self)),
            ("latency", latency::latency(self)),
            ("machines", facts::machines(self)),
            ("notes", facts::notes(self)),
            ("endings", facts::endings(self)),
            ("commands", facts::commands(self)),
            ("version", Text(&self.made.version).to_string()),
            ("commit", Text(&self.made.commit).to_string()),
            ("columns", columns::columns(self, rows, detail)),
        ]
    }

    /// The play root of each tape: what two people read to each other.
    fn roots(&self) -> String {
        let tapes = [Some(&self.tape), self.other.as_ref()].into_iter().flatten();
        let roots = tapes.map(|recorded| {
            let root = recorded.tape.play_root;
            format!(
                "<div class=\"root\"><span class=\"name\"><bdi>{}</bdi></span> \
                    <span class=\"short\"><small>play root</small> {}</span>\
                    <code>{}</code></div>\n",
                Text(&recorded.name),
                root.short(),
                root.digest()
            )
        });
        roots.collect()
    }
}

/// A word that only this page's own style and script carry: made from all that it holds, so that no
/// text in it can know it.
fn nonce(parts: &[(&str, String)]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(NONCE_CONTEXT);
    for (name, part) in parts {
        hasher.update(name.as_bytes());
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    base64(&hasher.finalize().as_bytes()[..NONCE_BYTES])
}

/// The template with each `{{name}}` replaced, once: what comes in is not looked through.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut pieces = template.split("{{");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").expect("the template closes its names");
        let part = parts.iter().find(|part| part.0 == name);
        out.push_str(&part.unwrap_or_else(|| panic!("the template asks for {name}")).1);
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_through() {
        let parts = [("a", "{{b}}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(filled("<{{a}}|{{b}}>", &parts), "<{{b}}|2>");
    }

    #[test]
    fn another_content_has_another_nonce() {
        let of = |text: &str| nonce(&[("a", text.to_owned())]);
        assert_eq!(of("x").len(), 24);
        assert_ne!(of("x"), of("y"));
    }
}
