//! Objects that a program printed, held against the tables of the page that describes them.

use serde_json::Value;
use std::collections::BTreeMap;

/// A table of a page: field to type.
pub type Table = BTreeMap<String, String>;

/// The rows of a text that begin with a field in backticks.
pub fn table(text: &str) -> Table {
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
    };
    rows.map(row).collect()
}

/// The tables of a page by the names of their sections.
#[allow(dead_code, reason = "a page may have no sections")]
pub fn tables(page: &str) -> BTreeMap<String, Table> {
    let sections = page.split("\n### ").skip(1);
    let named = sections.map(|section| section.split_once('\n').expect("a heading"));
    named.map(|(name, text)| (name.to_owned(), table(text))).collect()
}

/// Every field of `object` is in the table with its type, and the other way round.
#[track_caller]
pub fn assert_described(name: &str, object: &Value, table: &Table) {
    let fields = object.as_object().unwrap_or_else(|| panic!("{name}: {object}"));
    assert!(fields.keys().eq(table.keys()), "{name}: {:?}, not {table:?}", fields.keys());
    for (field, value) in fields {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let allowed = table[field].split(" or ").any(|allowed| allowed == found);
        assert!(allowed, "{name}.{field}: {value}");
    }
}
