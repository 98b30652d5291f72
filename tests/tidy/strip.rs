//! Parts a source file into code and comments, so that a rule reads only what it is about.

/// Two views of one source, each with the lines and columns of the original.
pub struct Stripped {
    /// Comments and the insides of literals are blanks; quotes stay.
    pub code: String,
    /// Everything but comments is blank.
    pub comments: String,
}

/// Parts `source` (Rust; C and CUDA are near enough) into its code and its comments.
pub fn strip(source: &str) -> Stripped {
    let mut stripper = Stripper {
        source: source.chars().collect(),
        at: 0,
        views: Stripped { code: String::new(), comments: String::new() },
    };
    while stripper.at < stripper.source.len() {
        stripper.step();
    }
    stripper.views
}

struct Stripper {
    source: Vec<char>,
    at: usize,
    views: Stripped,
}

impl Stripper {
    /// Consumes one comment, one literal or one character of code.
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.character_or_lifetime(),
            ('r' | 'b' | 'c', _) => self.raw_string_or_word(),
            _ => self.code(1),
        }
    }

    /// The character `ahead` of here; NUL past the end.
    fn peek(&self, ahead: usize) -> char {
        self.source.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn ended(&self, ahead: usize) -> bool {
        self.at + ahead >= self.source.len()
    }

    fn code(&mut self, count: usize) {
        self.take(count, true, false);
    }

    fn comment(&mut self, count: usize) {
        self.take(count, false, true);
    }

    fn blank(&mut self, count: usize) {
        self.take(count, false, false);
    }

    /// Moves `count` characters to the views that keep them; the others get blanks and newlines.
    fn take(&mut self, count: usize, in_code: bool, in_comments: bool) {
        let end = (self.at + count).min(self.source.len());
        for &character in &self.source[self.at..end] {
            let shown = |kept| {
                if kept || character == '\n' { character } else { ' ' }
            };
            self.views.code.push(shown(in_code));
            self.views.comments.push(shown(in_comments));
        }
        self.at = end;
    }

    fn line_comment(&mut self) {
        let length = (0..).find(|&ahead| self.ended(ahead) || self.peek(ahead) == '\n');
        self.comment(length.unwrap_or(0));
    }

    /// Block comments nest in Rust.
    fn block_comment(&mut self) {
        let mut depth = 0;
        while !self.ended(0) {
            let (width, change) = match (self.peek(0), self.peek(1)) {
                ('/', '*') => (2, 1),
                ('*', '/') => (2, -1),
                _ => (1, 0),
            };
            self.comment(width);
            depth += change;
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.code(1);
        while !self.ended(0) && self.peek(0) != '"' {
            let escaped = self.peek(0) == '\\';
            self.blank(if escaped { 2 } else { 1 });
        }
        self.code(1);
    }

    fn character_or_lifetime(&mut self) {
        let width = match (self.peek(1), self.peek(2)) {
            ('\\', _) => (3..12).find(|&ahead| self.peek(ahead) == '\''),
            (_, '\'') => Some(2),
            _ => None,
        };
        self.code(1);
        if let Some(width) = width {
            self.blank(width - 1);
            self.code(1);
        }
    }

    /// `r"..."`, `r#"..."#`, `br"..."`, `cr"..."`; any other word beginning so is code to its end.
    fn raw_string_or_word(&mut self) {
        let prefix = if self.peek(0) == 'r' { 1 } else { 2 };
        let hashes = (0..).take_while(|&n| self.peek(prefix + n) == '#').count();
        let raw = self.peek(prefix - 1) == 'r' && self.peek(prefix + hashes) == '"';
        if !raw || self.is_inside_word() {
            return self.code(1);
        }
        self.code(prefix + hashes + 1);
        while !self.ended(0) && !self.closes_raw(hashes) {
            self.blank(1);
        }
        self.code(1 + hashes);
    }

    fn closes_raw(&self, hashes: usize) -> bool {
        self.peek(0) == '"' && (1..=hashes).all(|n| self.peek(n) == '#')
    }

    fn is_inside_word(&self) -> bool {
        let before = self.at.checked_sub(1).map(|index| self.source[index]);
        before.is_some_and(|character| character.is_alphanumeric() || character == '_')
    }
}

#[cfg(test)]
mod tests {
    use super::strip;

    fn code(source: &str) -> String {
        strip(source).code
    }

    #[test]
    fn comments_leave_the_code_and_stay_in_their_own_view() {
        let views = strip("a // b\n/* c /* d */ e */ f");
        assert_eq!(views.code, "a     \n                  f");
        assert_eq!(views.comments, "  // b\n/* c /* d */ e */  ");
    }

    #[test]
    fn literals_are_emptied_and_their_quotes_stay() {
        assert_eq!(code(r#"f("a\"b // c")"#), r#"f("         ")"#);
        assert_eq!(code("r#\"a \" b\"# c"), "r#\"     \"# c");
        assert_eq!(code("br\"\\\" x"), "br\" \" x");
        assert_eq!(code(r"['{', '\'', b'\x7b']"), "[' ', '  ', b'    ']");
    }

    #[test]
    fn lifetimes_and_words_are_not_literals() {
        for source in ["fn f<'a, 'b>(x: &'a str)", "bar(r#type, cr)", "for_r"] {
            assert_eq!(code(source), source);
        }
        assert_eq!(code("xr\"a\\\"b\""), "xr\"    \"");
    }

    #[test]
    fn lines_are_kept_and_unclosed_things_end_with_the_file() {
        assert_eq!(code("\"a\nb\"\nc"), "\" \n \"\nc");
        for source in ["\"a", "/* a", "r#\"a", "'", "\"\\", "'\\"] {
            assert_eq!(code(source).len(), source.len());
        }
    }
}
