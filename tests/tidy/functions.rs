//! No function is longer than a screen, in Rust and in CUDA.

use crate::finding::Finding;
use crate::tokens::{Token, text, tokens};
use crate::tree::File;

/// From the line of `fn` (CUDA: of the opening brace) to the closing brace, both counted.
const FUNCTION_LINES_MAX: usize = 70;

/// Finds the functions in `file` that are too long.
pub fn check(file: &File) -> Vec<Finding> {
    let code = file.stripped().code;
    let tokens = tokens(&code);
    let spans = match file.is("rs") {
        true => rust_functions(&tokens),
        false if file.is("cu") || file.is("cuh") => cuda_functions(&tokens),
        false => return Vec::new(),
    };
    let long = spans.into_iter().filter(|(first, last)| last - first + 1 > FUNCTION_LINES_MAX);
    let report = |(first, last): (usize, usize)| {
        let length = last - first + 1;
        let advice = format!("{length} lines, at most {FUNCTION_LINES_MAX}; split it");
        Finding::new(file, first, "function length", advice)
    };
    long.map(report).collect()
}

/// First and last line of each `fn` with a body.
fn rust_functions(tokens: &[Token<'_>]) -> Vec<(usize, usize)> {
    let named = |at: &usize| {
        tokens[*at].text == "fn" && tokens.get(at + 1).is_some_and(|next| next.is_word())
    };
    let body = |at: usize| Some((tokens[at].line, closing_line(tokens, body_of(tokens, at)?)));
    (0..tokens.len()).filter(named).filter_map(body).collect()
}

/// The opening brace of the function whose `fn` is at `at`; none for a declaration.
fn body_of(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "{" if depth == 0 => return Some(index),
            ";" if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The line on which the brace at `open` closes; the last line when it never does.
fn closing_line(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for token in &tokens[open..] {
        match token.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return token.line;
        }
    }
    tokens.last().map_or(0, |token| token.line)
}

/// First and last line of each outermost brace that follows a parameter list.
fn cuda_functions(tokens: &[Token<'_>]) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for at in 1..tokens.len() {
        let line = tokens[at].line;
        let is_inner = spans.last().is_some_and(|&(_, last)| line <= last);
        if tokens[at].text == "{" && text(tokens, at - 1) == ")" && !is_inner {
            spans.push((line, closing_line(tokens, at)));
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::finding::places;
    use crate::tree::File;

    fn found(path: &str, text: &str) -> Vec<String> {
        places(&check(&File::new(path, text)))
    }

    fn filled(head: &str, lines: usize, tail: &str) -> String {
        format!("{head}{}{tail}", "    f();\n".repeat(lines))
    }

    #[test]
    fn a_function_of_71_lines_is_found_and_one_of_70_is_not() {
        let head = "//! A.\nfn long(a: [u8; 2]) -> u8\nwhere A: B\n{\n";
        assert_eq!(found("src/a.rs", &filled(head, 67, "}\n")), ["src/a.rs:2: function length"]);
        assert_eq!(found("src/a.rs", &filled(head, 66, "}\n")).len(), 0);
    }

    #[test]
    fn braces_in_strings_and_comments_do_not_count() {
        let head = "fn f() {\n// }\nlet a = \"}\";\n";
        assert_eq!(found("src/a.rs", &filled(head, 67, "}\n")).len(), 1);
    }

    #[test]
    fn declarations_and_pointer_types_have_no_length() {
        let text =
            filled("trait A { fn f(&self); }\ntype B = fn(u8) -> u8;\nconst C: () = {", 80, "}");
        assert_eq!(found("src/a.rs", &text).len(), 0);
    }

    #[test]
    fn a_long_kernel_is_found_inside_extern_c() {
        let head = "// A.\nextern \"C\" {\n__global__ void f(int n) {\nif (n) {\n}\n";
        assert_eq!(found("src/a.cu", &filled(head, 67, "}\n}\n")), ["src/a.cu:3: function length"]);
        assert_eq!(found("src/a.cu", &filled(head, 66, "}\n}\n")).len(), 0);
    }
}
