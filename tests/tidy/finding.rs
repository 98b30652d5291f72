//! What a rule says about a place that breaks it.

use std::fmt;

use crate::tree::File;

/// One line of the report: where, which rule, what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    advice: String,
}

impl Finding {
    /// Something in `file` at `line` (counted from 1) breaks `rule`.
    pub fn new(file: &File, line: usize, rule: &'static str, advice: impl Into<String>) -> Finding {
        Finding { path: file.path.clone(), line, rule, advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

/// The report as text, one line per finding; what the tests of the rules compare.
pub fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(Finding::to_string).collect()
}

/// For the tests of the rules: `path:line: rule` of each finding.
#[cfg(test)]
pub fn places(findings: &[Finding]) -> Vec<String> {
    let place = |found: &Finding| format!("{}:{}: {}", found.path, found.line, found.rule);
    findings.iter().map(place).collect()
}
