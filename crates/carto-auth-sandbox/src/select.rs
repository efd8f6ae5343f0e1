//! The queries that the sandbox answers: `SELECT` with literals, as BigQuery writes them,
//! <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#literals>.

/// A column of the only row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The type, as BigQuery's schemas call it.
    pub(crate) kind: &'static str,
    /// The value, as BigQuery's rows write it.
    pub(crate) value: Option<String>,
}

type Literal = (&'static str, Option<String>);

/// The row that a query gives, or what is wrong with it, in BigQuery's words where it has any.
pub(crate) fn select(sql: &str) -> Result<Vec<Column>, String> {
    let mut scanner = Scanner { sql, rest: sql };
    if !scanner.take_keyword("SELECT") {
        return Err(scanner.unexpected());
    }
    let mut columns: Vec<Column> = Vec::new();
    let mut unnamed = 0..;
    loop {
        let (kind, value) = scanner.literal()?;
        let name = match scanner.take_keyword("AS") {
            true => scanner.take_word().map(str::to_owned),
            false => unnamed.next().map(|number: u32| format!("f{number}_")),
        };
        let name = name.ok_or_else(|| scanner.unexpected())?;
        let is_known = |column: &Column| column.name.eq_ignore_ascii_case(&name);
        if columns.iter().any(is_known) {
            let problem = "Duplicate column names in the result are not supported. Found duplicate(s)";
            return Err(format!("{problem}: {name}"));
        }
        columns.push(Column { name, kind, value });
        // A comma may also stand behind the last column.
        if !scanner.take(",") || scanner.is_over() {
            break;
        }
    }
    match scanner.is_over() {
        true => Ok(columns),
        false => Err(scanner.unexpected()),
    }
}

struct Scanner<'a> {
    sql: &'a str,
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn literal(&mut self) -> Result<Literal, String> {
        self.skip_space();
        let raw = ["r'", "r\"", "R'", "R\""];
        if self.rest.starts_with(['\'', '"']) {
            return self.string(false);
        }
        if raw.iter().any(|start| self.rest.starts_with(start)) {
            self.advance(1);
            return self.string(true);
        }
        for (keyword, kind, value) in [
            ("TRUE", "BOOLEAN", Some("true")),
            ("FALSE", "BOOLEAN", Some("false")),
            ("NULL", "INTEGER", None),
        ] {
            if self.take_keyword(keyword) {
                return Ok((kind, value.map(str::to_owned)));
            }
        }
        self.number()
    }

    fn number(&mut self) -> Result<Literal, String> {
        let start = self.rest;
        let sign = match self.rest.chars().next() {
            Some('-') => "-",
            _ => "",
        };
        if self.rest.starts_with(['+', '-']) {
            self.advance(1);
            self.skip_space();
        }
        let digits = self.rest;
        self.skip_digits();
        let mut is_float = self.rest.starts_with('.');
        if is_float {
            self.advance(1);
            self.skip_digits();
        }
        if digits.len() - self.rest.len() == usize::from(is_float) {
            self.rest = start;
            return Err(self.unexpected());
        }
        if self.rest.starts_with(['e', 'E']) {
            is_float = true;
            self.advance(1);
            self.advance(usize::from(self.rest.starts_with(['+', '-'])));
            self.skip_digits();
        }
        if self.rest.starts_with(is_word) {
            return Err(self.problem("Syntax error: Missing whitespace between literal and alias"));
        }
        let text = &digits[..digits.len() - self.rest.len()];
        let number = format!("{sign}{text}");
        self.rest = match is_float {
            true => match number.parse::<f64>() {
                Ok(value) if value.is_finite() => return Ok(("FLOAT", Some(float(value)))),
                _ => start,
            },
            false => match number.parse::<i64>() {
                Ok(value) => return Ok(("INTEGER", Some(value.to_string()))),
                Err(_) => start,
            },
        };
        let kind = if is_float { "floating point" } else { "integer" };
        Err(self.problem(&format!("Invalid {kind} literal: {text}")))
    }

    /// A string between single, double or triple quotes.
    fn string(&mut self, is_raw: bool) -> Result<Literal, String> {
        let start = self.rest;
        let triple = ["'''", "\"\"\""]
            .into_iter()
            .find(|quote| start.starts_with(quote));
        let quote = triple.unwrap_or(&start[..1]);
        self.advance(quote.len());
        let mut text = String::new();
        loop {
            if self.rest.starts_with(quote) {
                self.advance(quote.len());
                return Ok(("STRING", Some(text)));
            }
            let next = self.next();
            match next {
                Some('\\') if is_raw => {
                    text.push('\\');
                    text.extend(self.next());
                }
                Some('\\') => match self.escaped() {
                    Some(character) => text.push(character),
                    None => return Err(self.problem("Syntax error: Illegal escape sequence")),
                },
                Some('\n' | '\r') if triple.is_none() => break,
                Some(character) => text.push(character),
                None => break,
            }
        }
        self.rest = start;
        Err(self.problem("Syntax error: Unclosed string literal"))
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Option<char> {
        let digits = match self.next()? {
            'a' => return Some('\x07'),
            'b' => return Some('\x08'),
            'f' => return Some('\x0c'),
            'n' => return Some('\n'),
            'r' => return Some('\r'),
            't' => return Some('\t'),
            'v' => return Some('\x0b'),
            itself @ ('\\' | '?' | '"' | '\'' | '`') => return Some(itself),
            'x' | 'X' => 2,
            'u' => 4,
            'U' => 8,
            high @ '0'..='3' => {
                let low = self.code(2, 8)?;
                let code = high.to_digit(8)? * 64 + low;
                return char::from_u32(code).filter(char::is_ascii);
            }
            _ => return None,
        };
        let character = char::from_u32(self.code(digits, 16)?)?;
        // A byte above 127 is no text yet: BigQuery wants `\u00ff` for it.
        (digits > 2 || character.is_ascii()).then_some(character)
    }

    fn code(&mut self, digits: usize, radix: u32) -> Option<u32> {
        let text = self.rest.get(..digits)?;
        let is_number = text.chars().all(|digit| digit.is_digit(radix));
        self.advance(digits);
        u32::from_str_radix(text, radix).ok().filter(|_| is_number)
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let before = self.rest;
        let is_it = self
            .take_word()
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        if !is_it {
            self.rest = before;
        }
        is_it
    }

    fn take_word(&mut self) -> Option<&'a str> {
        self.skip_space();
        let end = self.rest.find(|character| !is_word(character));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let is_number = word.starts_with(|character: char| character.is_ascii_digit());
        if word.is_empty() || is_number {
            return None;
        }
        self.rest = rest;
        Some(word)
    }

    fn take(&mut self, mark: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Whether nothing follows but a semicolon.
    fn is_over(&self) -> bool {
        let rest = self.rest.trim();
        rest.strip_suffix(';').unwrap_or(rest).trim().is_empty()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.advance(next.len_utf8());
        Some(next)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn skip_digits(&mut self) {
        self.rest = self.rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn unexpected(&mut self) -> String {
        self.skip_space();
        let word = self.rest.find(|character| !is_word(character));
        let end = word.unwrap_or(self.rest.len());
        let found = match self.rest.chars().next() {
            None => "end of script".to_owned(),
            Some(mark) if end == 0 => format!("{:?}", mark.to_string()),
            Some(_) => format!("{:?}", &self.rest[..end]),
        };
        self.problem(&format!(
            "Syntax error: Unexpected {found} (the sandbox knows SELECT with literals, nothing else)"
        ))
    }

    /// A problem with the line and the column where the rest starts, both counted from one.
    fn problem(&self, what: &str) -> String {
        let before = &self.sql[..self.sql.len() - self.rest.len()];
        let line = before.matches('\n').count() + 1;
        let column = before
            .chars()
            .rev()
            .take_while(|character| *character != '\n')
            .count()
            + 1;
        format!("{what} at [{line}:{column}]")
    }
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// A float as BigQuery writes it, which is as Java does: with a point always, and an exponent below 0.001 and from ten
/// million on.
fn float(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(literal: &str) -> Literal {
        let columns = select(&format!("SELECT {literal}")).unwrap();
        let [Column { name, kind, value }] = <[Column; 1]>::try_from(columns).unwrap();
        assert_eq!(name, "f0_");
        (kind, value)
    }

    #[test]
    fn integers_are_64_bits_wide_and_written_plainly() {
        for (literal, value) in [
            ("1", "1"),
            ("007", "7"),
            ("-5", "-5"),
            ("+ 5", "5"),
            ("- 0", "0"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
        ] {
            assert_eq!(only(literal), ("INTEGER", Some(value.to_owned())), "{literal}");
        }
    }

    #[test]
    fn floats_are_written_as_java_does() {
        for (literal, value) in [
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("-1e1", "-10.0"),
            ("2.e+1", "20.0"),
            ("0.0", "0.0"),
            ("0.001", "0.001"),
            ("0.00015", "1.5E-4"),
            ("9999999.0", "9999999.0"),
            ("1E7", "1.0E7"),
            ("1.25e300", "1.25E300"),
        ] {
            assert_eq!(only(literal), ("FLOAT", Some(value.to_owned())), "{literal}");
        }
    }

    #[test]
    fn strings_know_every_quote_and_escape() {
        for (literal, value) in [
            ("''", ""),
            ("'it\\'s \"here\"'", "it's \"here\""),
            ("\"it's \\\"here\\\"\"", "it's \"here\""),
            ("'''two ' '' quotes\nand lines'''", "two ' '' quotes\nand lines"),
            ("\"\"\"a \"b\" c\"\"\"", "a \"b\" c"),
            (r"'\a\b\f\n\r\t\v\\\?\`'", "\x07\x08\x0c\n\r\t\x0b\\?`"),
            (r"'\x41\X7e\101\u00e9\U0001F600'", "A~Aé😀"),
            (r"r'\n\'x'", r"\n\'x"),
            ("R\"é\"", "é"),
            ("'-- ; , AS x FROM $1 é'", "-- ; , AS x FROM $1 é"),
        ] {
            assert_eq!(only(literal), ("STRING", Some(value.to_owned())), "{literal}");
        }
    }

    #[test]
    fn booleans_and_null_are_words_of_any_case() {
        assert_eq!(only("TRUE"), ("BOOLEAN", Some("true".to_owned())));
        assert_eq!(only("fAlse"), ("BOOLEAN", Some("false".to_owned())));
        assert_eq!(only("null"), ("INTEGER", None));
    }

    #[test]
    fn columns_without_a_name_are_numbered_among_themselves() {
        let columns = select(" select\t'x'AS s, 2,\n3 as _n , 4 , ; ").unwrap();
        let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["s", "f0_", "_n", "f1_"]);
    }

    #[test]
    fn any_beginning_of_a_query_is_answered() {
        let sql = "select r'\\é', 'é\\u00e9\\x41\\101' as s, '''é\n''', -1.5e+3, + 5, true as é_ , ;é";
        for (end, _) in sql.char_indices() {
            match select(&sql[..end]) {
                Ok(columns) => assert_ne!(columns, []),
                Err(problem) => assert!(problem.contains(" at ["), "{problem}"),
            }
        }
    }

    #[test]
    fn what_is_no_literal_is_refused_with_its_place() {
        let only_literals = "(the sandbox knows SELECT with literals, nothing else)";
        for (sql, problem) in [
            (
                "",
                format!("Syntax error: Unexpected end of script {only_literals} at [1:1]"),
            ),
            (
                "SELECT",
                format!("Syntax error: Unexpected end of script {only_literals} at [1:7]"),
            ),
            (
                "SELECT 1 AS",
                format!("Syntax error: Unexpected end of script {only_literals} at [1:12]"),
            ),
            (
                "SELECT1",
                format!("Syntax error: Unexpected \"SELECT1\" {only_literals} at [1:1]"),
            ),
            (
                "SELECT 1\nFROM t",
                format!("Syntax error: Unexpected \"FROM\" {only_literals} at [2:1]"),
            ),
            (
                "SELECT *",
                format!("Syntax error: Unexpected \"*\" {only_literals} at [1:8]"),
            ),
            (
                "SELECT 1 + 1",
                format!("Syntax error: Unexpected \"+\" {only_literals} at [1:10]"),
            ),
            (
                "SELECT 1; SELECT 2",
                format!("Syntax error: Unexpected \";\" {only_literals} at [1:9]"),
            ),
            (
                "SELECT 'a' 'b'",
                format!("Syntax error: Unexpected \"'\" {only_literals} at [1:12]"),
            ),
            (
                "SELECT b'a'",
                format!("Syntax error: Unexpected \"b\" {only_literals} at [1:8]"),
            ),
            (
                "SELECT - -1",
                format!("Syntax error: Unexpected \"-\" {only_literals} at [1:8]"),
            ),
            (
                "SELECT .",
                format!("Syntax error: Unexpected \".\" {only_literals} at [1:8]"),
            ),
            (
                "SELECT 1 AS 2",
                format!("Syntax error: Unexpected \"2\" {only_literals} at [1:13]"),
            ),
            (
                "SELECT é",
                format!("Syntax error: Unexpected \"é\" {only_literals} at [1:8]"),
            ),
        ] {
            assert_eq!(select(sql), Err(problem), "{sql}");
        }
        for (sql, problem) in [
            (
                "SELECT 1AS n",
                "Syntax error: Missing whitespace between literal and alias at [1:9]",
            ),
            (
                "SELECT 9223372036854775808",
                "Invalid integer literal: 9223372036854775808 at [1:8]",
            ),
            ("SELECT 1e400", "Invalid floating point literal: 1e400 at [1:8]"),
            ("SELECT 1e", "Invalid floating point literal: 1e at [1:8]"),
            ("SELECT 'é", "Syntax error: Unclosed string literal at [1:8]"),
            ("SELECT 'a\nb'", "Syntax error: Unclosed string literal at [1:8]"),
            ("SELECT '''a''", "Syntax error: Unclosed string literal at [1:8]"),
            ("SELECT 'a\\", "Syntax error: Illegal escape sequence at [1:11]"),
            ("SELECT '\\q'", "Syntax error: Illegal escape sequence at [1:11]"),
            (
                "SELECT '\\x+1'",
                "Syntax error: Illegal escape sequence at [1:13]",
            ),
            (
                "SELECT '\\xff'",
                "Syntax error: Illegal escape sequence at [1:13]",
            ),
            (
                "SELECT '\\ud800'",
                "Syntax error: Illegal escape sequence at [1:15]",
            ),
            (
                "SELECT '\\x1é'",
                "Syntax error: Illegal escape sequence at [1:11]",
            ),
            (
                "SELECT 1 AS n, 2 AS N",
                "Duplicate column names in the result are not supported. Found duplicate(s): N",
            ),
        ] {
            assert_eq!(select(sql), Err(problem.to_owned()), "{sql}");
        }
    }
}
