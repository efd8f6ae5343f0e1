//! What may be said of JSON that cannot be used: where and of what kind, never what it says.

use std::fmt;

use serde_json::Value;
use serde_json::error::Category;

/// Where JSON stops making sense. The text of `serde_json`'s own errors quotes the document, which may hold a
/// secret; this keeps line, column and category only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JsonProblem {
    line: usize,
    column: usize,
    truncated: bool,
}

impl JsonProblem {
    /// True when the document ends in the middle, as one does that is being written.
    #[must_use]
    pub fn is_truncation(self) -> bool {
        self.truncated
    }
}

impl From<&serde_json::Error> for JsonProblem {
    fn from(error: &serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
            truncated: error.classify() == Category::Eof,
        }
    }
}

impl fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.truncated {
            f.write_str("it ends in the middle, at ")?;
        }
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Names a value's JSON type for an error.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
