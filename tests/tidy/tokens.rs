//! Code as words and marks, each with its line: all the grammar that the rules need.

/// A word, `::`, or any other single mark.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// The token as written.
    pub text: &'a str,
    /// Counted from 1.
    pub line: usize,
}

impl Token<'_> {
    /// Is it a name, a keyword or a number?
    pub fn is_word(&self) -> bool {
        self.text.starts_with(is_word_character)
    }
}

/// Splits stripped code into tokens; blanks only separate.
pub fn tokens(code: &str) -> Vec<Token<'_>> {
    let lines = code.lines().enumerate();
    lines.flat_map(|(index, text)| tokens_of_line(text, index + 1)).collect()
}

/// The text of token `index`; empty past the end.
pub fn text<'a>(tokens: &[Token<'a>], index: usize) -> &'a str {
    tokens.get(index).map_or("", |token| token.text)
}

fn tokens_of_line(mut rest: &str, line: usize) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return found;
        };
        let width = match first {
            _ if is_word_character(first) => word_width(rest),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (text, tail) = rest.split_at(width);
        found.push(Token { text, line });
        rest = tail;
    }
}

fn word_width(text: &str) -> usize {
    text.find(|character| !is_word_character(character)).unwrap_or(text.len())
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn words_and_marks_are_told_apart_and_counted_by_line() {
        let found = tokens("a_1::b<'c>\n\n{ 2: d }");
        let texts: Vec<&str> = found.iter().map(|token| token.text).collect();
        assert_eq!(texts, ["a_1", "::", "b", "<", "'", "c", ">", "{", "2", ":", "d", "}"]);
        assert_eq!((found[0].line, found[7].line), (1, 3));
    }
}
