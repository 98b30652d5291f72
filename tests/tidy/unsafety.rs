//! `unsafe` lives in a few files, and each one says why it is sound.

use crate::finding::Finding;
use crate::tokens::{Token, text, tokens};
use crate::tree::File;

/// Files under src that talk to a driver or to the processor.
const UNSAFE_NAMES: [&str; 3] = ["device.rs", "cupti.rs", "probe.rs"];

/// The one test that counts allocations.
const UNSAFE_TEST: &str = "tests/counting_allocator.rs";

/// How far above its `unsafe` a reason may stand.
const REASON_LINES_MAX: usize = 5;

/// Finds each `unsafe` in `file` that is in the wrong place or gives no reason.
pub fn check(file: &File) -> Vec<Finding> {
    if !file.is("rs") {
        return Vec::new();
    }
    let views = file.stripped();
    let tokens = tokens(&views.code);
    let comments: Vec<&str> = views.comments.lines().collect();
    let code: Vec<&str> = views.code.lines().collect();
    let claims = (0..tokens.len()).filter(|&at| claims_safety(&tokens, at));
    claims.filter_map(|at| judge(file, tokens[at].line, &code, &comments)).collect()
}

fn judge(file: &File, line: usize, code: &[&str], comments: &[&str]) -> Option<Finding> {
    let advice = if !may_be_unsafe(&file.path) {
        "not in this file; wrap it in device.rs, cupti.rs, probe.rs or a SIMD file"
    } else if !has_reason(line, code, comments) {
        "say why it is sound: `// SAFETY:` (or `# Safety` in the docs) within 5 lines above"
    } else {
        return None;
    };
    Some(Finding::new(file, line, "unsafe", advice))
}

/// Is this an `unsafe` block, function, implementation or attribute, not a pointer's type?
fn claims_safety(tokens: &[Token<'_>], at: usize) -> bool {
    let mut next = at + 1;
    while ["extern", "\""].contains(&text(tokens, next)) {
        next += 1;
    }
    let is_pointer_type = text(tokens, next) == "fn" && text(tokens, next + 1) == "(";
    tokens[at].text == "unsafe" && !is_pointer_type
}

fn may_be_unsafe(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_source = path.starts_with("src/") && UNSAFE_NAMES.contains(&name);
    in_source || path == UNSAFE_TEST || is_simd(path)
}

fn is_simd(path: &str) -> bool {
    path.strip_prefix("src/engine/cpu/").is_some_and(|inner| {
        let plain = inner.strip_prefix("simd/").unwrap_or(inner);
        let direct = !plain.contains('/');
        direct && (plain != inner || plain.contains("avx") || plain.contains("neon"))
    })
}

/// Looks on the line itself, the five above, and all of the comments and attributes right above.
fn has_reason(line: usize, code: &[&str], comments: &[&str]) -> bool {
    let is_header = |index: &usize| {
        let code = code[*index].trim();
        code.is_empty() && !comments[*index].trim().is_empty() || code.starts_with('#')
    };
    let above = (0..line - 1).rev();
    let header_lines = above.take_while(is_header).count();
    let first = (line - 1).saturating_sub(header_lines.max(REASON_LINES_MAX));
    let reason = |comment: &&str| comment.contains("// SAFETY:") || comment.contains("# Safety");
    comments[first..line].iter().any(reason)
}

#[cfg(test)]
mod tests {
    use super::{check, may_be_unsafe};
    use crate::finding::places;
    use crate::tree::File;

    fn found(path: &str, text: &str) -> Vec<String> {
        places(&check(&File::new(path, text)))
    }

    #[test]
    fn unsafe_in_the_wrong_file_is_found_even_with_a_reason() {
        let text = "// SAFETY: none\nfn f() { unsafe { g() } }";
        assert_eq!(found("src/drive.rs", text), ["src/drive.rs:2: unsafe"]);
        assert_eq!(found("tests/replay.rs", text).len(), 1);
        assert_eq!(found("fuzz/device.rs", text).len(), 1);
    }

    #[test]
    fn unsafe_without_a_reason_is_found() {
        let device = "src/engine/cuda/device.rs";
        assert_eq!(found(device, "unsafe impl Send for A {}").len(), 1);
        assert_eq!(found(device, "let a = \"// SAFETY: no\"; unsafe { f() }").len(), 1);
        let far = format!("// SAFETY: far{}unsafe {{ f() }}", "\nlet a = 1;".repeat(6));
        assert_eq!(found(device, &far).len(), 1);
    }

    #[test]
    fn reasons_and_pointer_types_pass() {
        for text in [
            "// SAFETY: the pointer is live\nlet a = unsafe { f() };",
            "unsafe { f() } // SAFETY: same line",
            "/// # Safety\n/// 1\n/// 2\n/// 3\n/// 4\n/// 5\n/// 6\n#[inline]\nunsafe fn f() {}",
            "type A = unsafe extern \"C\" fn(u32); type B = unsafe fn(u32);",
            "// unsafe\n#![deny(unsafe_op_in_unsafe_fn)] const A: &str = \"unsafe\";",
        ] {
            assert_eq!(found("src/engine/cuda/device.rs", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn the_simd_files_and_the_allocator_may_be_unsafe() {
        for path in [
            "src/engine/cpu/simd/avx2.rs",
            "src/engine/cpu/gemm_avx512.rs",
            "src/engine/cpu/neon.rs",
            "tests/counting_allocator.rs",
        ] {
            assert!(may_be_unsafe(path), "{path}");
        }
        for path in ["src/engine/cpu/gemm.rs", "src/neon.rs", "src/engine/cpu/simd.rs"] {
            assert!(!may_be_unsafe(path), "{path}");
        }
    }
}
