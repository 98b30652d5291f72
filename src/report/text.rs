//! Text of others in HTML, and numbers for people.

use crate::event::Action;
use std::fmt;

/// Text from a file, a person or a machine, as it may stand in an element or a quoted attribute.
/// What would steer (control characters, and those that turn the direction of reading) is spelled
/// out.
pub(super) struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            c if c.is_control() || turns_direction(c) => write!(out, "{}", c.escape_default()),
            c => write!(out, "{c}"),
        })
    }
}

/// Characters that turn the direction of reading, so that a name looks like another one.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A count with its thousands apart: `1,260,000`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 frame`, `2 frames`.
pub(super) fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(count))
}

/// Frames as time at the world's rate: `8.9 s`, `12 min 5 s`, `10 h 0 min`.
pub(super) fn duration(frames: u64, frames_per_second_milli: u32) -> String {
    let tenths = frames * 10_000 / u64::from(frames_per_second_milli.max(1));
    let seconds = tenths / 10;
    match seconds {
        0..60 => format!("{}.{} s", seconds, tenths % 10),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", grouped(seconds / 3600), seconds / 60 % 60),
    }
}

/// The buttons of an action by name, `no button` where none is held.
pub(super) fn buttons(action: Action, names: &[String]) -> String {
    let held = names.iter().enumerate().filter(|(index, _)| action.holds(*index));
    let held: Vec<&str> = held.map(|(_, name)| name.as_str()).collect();
    if held.is_empty() { "no button".to_owned() } else { held.join(" + ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_stays_text() {
        let hostile = "</script><img src=x onerror='a&b'>\"\u{0}\u{202e}\n";
        let plain = "&lt;/script&gt;&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;&quot;\\u{0}\
            \\u{202e}\\n";
        assert_eq!(Text(hostile).to_string(), plain);
        assert_eq!(Text("na\u{ef}ve").to_string(), "na\u{ef}ve");
    }

    #[test]
    fn thousands_are_apart() {
        let told = [0, 7, 999, 1000, 12_345, 1_260_000].map(grouped);
        assert_eq!(told, ["0", "7", "999", "1,000", "12,345", "1,260,000"]);
    }

    #[test]
    fn frames_are_time_at_the_worlds_rate() {
        let told = [0, 1, 310, 35 * 725, 35 * 36_000].map(|frames| duration(frames, 35_000));
        assert_eq!(told, ["0.0 s", "0.0 s", "8.8 s", "12 min 5 s", "10 h 0 min"]);
        assert_eq!(duration(5, 0), duration(5, 1), "a rate of nothing divides by nothing");
    }

    #[test]
    fn held_buttons_are_named() {
        let names = ["forward".to_owned(), "attack".to_owned()];
        assert_eq!(buttons(Action(0b11), &names), "forward + attack");
        assert_eq!(buttons(Action::NONE, &names), "no button");
    }
}
