//! `docs/coming-from-python.md` says of every name of the Python package what stands for it here, and of each of its tests
//! which of ours does. The package itself is asked whether anything is missing.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use carto_auth_tests::{python_with_carto_auth, run};

const PAGE: &str = include_str!("../../docs/coming-from-python.md");
const VERDICTS: [&str; 3] = ["same", "better", "different"];

/// Prints every public name of the package, each parameter with its default, and then the class and the words of every
/// `raise` in its source.
const PYTHON: &str = r#"
import ast, importlib, inspect, logging, carto_auth

def signature(name, function):
    print("name", f"{name}()")
    parameters(name, function)

def parameters(name, function):
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in ("self", "cls"):
            print("name", f"{name}({parameter})")

def public(things):
    return {name: thing for name, thing in things.items() if not name.startswith("_")}

def constant(name, value):
    print("name", f"{name} = {value!r}")

print("name", "carto_auth.__all__")
for name in carto_auth.__all__:
    thing = getattr(carto_auth, name)
    constant(f"carto_auth.{name}", thing) if isinstance(thing, str) else print("name", f"carto_auth.{name}")
constant("_version.__version__", importlib.import_module("carto_auth._version").__version__)

for module_name in ("auth", "pkce", "utils", "errors"):
    module = importlib.import_module(f"carto_auth.{module_name}")
    for name, thing in public(vars(module)).items():
        path = f"{module_name}.{name}"
        if isinstance(thing, logging.Logger):
            print("name", path)
        elif isinstance(thing, (str, int)):
            constant(path, thing)
        elif getattr(thing, "__module__", None) != module.__name__:
            continue
        elif inspect.isclass(thing):
            print("name", path)
            if "__init__" in vars(thing):
                parameters(path, thing)
            for method in public(vars(thing)):
                signature(f"{path}.{method}", getattr(thing, method))
            if name == "CartoPKCE":
                for attribute in public(vars(thing())):
                    print("name", f"{path}().{attribute}")
        elif callable(thing):
            signature(path, thing)
        else:
            raise SystemExit(f"what is {path}?")
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Raise):
            words = [part.value for part in ast.walk(node.exc.args[0]) if isinstance(part, ast.Constant)]
            is_text = isinstance(node.exc.args[0], (ast.Constant, ast.JoinedStr)) or "{}" in words[0]
            text = words[0].replace("{}", "") if is_text else ""
            print("raise", f"{node.exc.func.id}: {text}".rstrip())
"#;

/// What the package has: names, and what it raises.
fn package() -> (BTreeSet<String>, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let mut python = Command::new(python_with_carto_auth().unwrap());
    python
        .args(["-W", "ignore", "-c", PYTHON])
        .env("HOME", home.path())
        .env_remove("DATABRICKS_RUNTIME_VERSION");
    let outcome = run(&mut python, "").unwrap();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let all = |kind: &'static str| {
        let lines = outcome.stdout.lines();
        lines
            .filter_map(move |line| line.strip_prefix(kind))
            .map(str::to_owned)
    };
    (all("name ").collect(), all("raise ").collect())
}

/// The cells of every table row below the headings that `wanted` takes.
fn rows(wanted: impl Fn(&str) -> bool) -> Vec<Vec<&'static str>> {
    let sections = PAGE.split("\n## ").filter(|section| wanted(section));
    let lines = sections
        .flat_map(str::lines)
        .filter(|line| line.starts_with("| "));
    lines
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// The rows that have a verdict.
fn verdicts(wanted: impl Fn(&str) -> bool) -> Vec<Vec<&'static str>> {
    let mut rows = rows(wanted);
    rows.retain(|row| row.len() == 4 && VERDICTS.contains(&row[2]));
    rows
}

/// What stands between backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_name_and_parameter_of_the_package_has_a_row_and_no_other_has() {
    let (names, _) = package();
    let rows = verdicts(|section| section.starts_with("Module "));
    let told: BTreeSet<_> = rows.iter().map(|row| code(row[0])[0].to_owned()).collect();
    assert_eq!(told.len(), rows.len(), "no name is there twice");
    let forgotten: Vec<_> = names.difference(&told).collect();
    let invented: Vec<_> = told.difference(&names).collect();
    assert!(
        forgotten.is_empty() && invented.is_empty(),
        "docs/coming-from-python.md: add {forgotten:#?}, remove {invented:#?}"
    );
    assert!(names.len() > 75, "{}", names.len());
}

#[test]
fn whatever_the_package_raises_has_a_row() {
    let (_, raised) = package();
    let rows = verdicts(|section| section.starts_with("What is raised"));
    let mut told: Vec<_> = rows[..raised.len()]
        .iter()
        .map(|row| code(row[0])[0].trim_end_matches(['…', ' ']))
        .collect();
    let mut raised: Vec<_> = raised.iter().map(String::as_str).collect();
    told.sort_unstable();
    raised.sort_unstable();
    assert_eq!(told, raised);
}

#[test]
fn each_test_of_the_package_has_a_counterpart_that_exists() {
    let rows = rows(|section| section.starts_with("The package's own tests"));
    let rows: Vec<_> = rows.iter().filter(|row| row[0].starts_with('`')).collect();
    let theirs: BTreeSet<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!((rows.len(), theirs.len()), (29, 29));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for row in rows {
        let [file, name] = code(row[2])[..] else {
            panic!("a file and a test: {}", row[2])
        };
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let definition = format!("#[test]\nfn {name}(");
        let unindented: Vec<_> = text.lines().map(str::trim_start).collect();
        assert!(
            unindented.join("\n").contains(&definition),
            "{file} has no test {name}"
        );
    }
}

#[test]
fn the_counts_are_those_of_the_tables() {
    let rows = verdicts(|_| true);
    let [same, better, different] =
        VERDICTS.map(|verdict| rows.iter().filter(|row| row[2] == verdict).count());
    let line = format!(
        "There are {} rows: {same} same, {better} better, {different} different.",
        rows.len()
    );
    assert!(
        PAGE.contains(&line),
        "docs/coming-from-python.md must say: {line}"
    );
    for row in rows {
        assert!(row[2] == "same" || !row[3].is_empty(), "why? {}", row[0]);
    }
}

#[test]
fn every_row_has_as_many_cells_as_its_heading_and_a_verdict() {
    for section in PAGE.split("\n## ").skip(1) {
        let lines: Vec<_> = section.lines().filter(|line| line.starts_with('|')).collect();
        for line in &lines {
            let cells = |line: &str| line.matches('|').count();
            assert_eq!(cells(line), cells(lines[0]), "{line}");
        }
        let is_told = lines
            .first()
            .is_some_and(|head| head.contains("| verdict | where"));
        let told = verdicts(|other| other == section).len();
        assert!(
            !is_told || told + 2 == lines.len(),
            "a verdict is missing: {section:.40}"
        );
    }
}
