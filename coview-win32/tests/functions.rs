//! The table of functions, FUNCTIONS.md, against the header that it is made from and the library that is to have them.

#![cfg(target_os = "linux")]

mod programs;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

const HEADERS: [&str; 2] = ["windows.h", "process.h"];
/// Where the part of the table ends that is made here. What follows is written by hand.
const BY_HAND: &str = "## Absent";

/// A group of functions, under the heading that the header gives it.
struct Group {
    heading: String,
    functions: Vec<Function>,
}

/// What the header says of a function.
struct Function {
    name: String,
    differs: Option<String>,
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    for header in HEADERS {
        let path = package().join("include").join(header);
        read_header(&fs::read_to_string(&path).expect("the header is there"), &mut groups);
    }
    groups.retain(|group| !group.functions.is_empty());
    groups
}

/// Reads headings, `/* IN CAPITALS */`, the comments of functions, and the prototypes behind these.
fn read_header(text: &str, groups: &mut Vec<Group>) {
    let mut rest = text;
    let mut differs = None;
    groups.push(Group { heading: "Threads of the C library".to_owned(), functions: Vec::new() });
    while let Some(line) = rest.lines().next() {
        if line.starts_with("/*") {
            let (comment, after) = rest.split_once("*/").expect("a comment ends");
            match heading(comment) {
                Some(heading) => groups.push(Group { heading, functions: Vec::new() }),
                None => differs = what_differs(comment),
            }
            rest = after.trim_start_matches('\n');
            continue;
        }
        if let Some(name) = prototype(line) {
            let group = groups.last_mut().expect("one was pushed");
            group.functions.push(Function { name: name.to_owned(), differs: differs.clone() });
        }
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
}

fn heading(comment: &str) -> Option<String> {
    let words = comment.trim_start_matches("/*").trim();
    let capitals = words.chars().all(|letter| letter.is_ascii_uppercase() || ", -".contains(letter));
    (capitals && !words.is_empty()).then(|| words[..1].to_owned() + &words[1..].to_lowercase())
}

/// The sentences behind `Differs:`.
fn what_differs(comment: &str) -> Option<String> {
    let lines = comment.lines().map(|line| line.trim_start_matches([' ', '*', '/']).trim_end());
    let text = lines.collect::<Vec<_>>().join(" ");
    let (_, differs) = text.split_once("Differs: ")?;
    Some(differs.trim().to_owned())
}

/// The name in the first line of a prototype.
fn prototype(line: &str) -> Option<&str> {
    let begins = line.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if !begins
        || ["typedef", "static", "struct", "extern", "inline", "template"].iter().any(|word| line.starts_with(word))
    {
        return None;
    }
    let (before, _) = line.split_once('(')?;
    let name = before.rsplit([' ', '*']).next()?;
    (before.len() > name.len() && !name.is_empty()).then_some(name)
}

/// The functions that the built library exports.
fn exported() -> BTreeSet<String> {
    let library = programs::library_folder().join("libcoview_win32.so");
    let output = Command::new("nm").args(["-D", "--defined-only"]).arg(library).output().expect("nm comes with cc");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are ASCII");
    let symbols = text.lines().filter_map(|line| line.split_once(" T ").map(|(_, name)| name.to_owned()));
    symbols.filter(|name| !name.starts_with("_ZN") && !name.starts_with("rust_")).collect()
}

fn table(groups: &[Group]) -> String {
    let mut text = String::from(
        "# The functions of coview-win32\n\nMade from the comments of [windows.h](include/windows.h), which tell the rest. \
         *Complete* means that everything that Microsoft\ndocuments for the function, and that has a meaning on Linux, is \
         there; where something differs, the table says what.\n",
    );
    for group in groups {
        writeln!(text, "\n## {}\n\n| function | |\n|---|---|", group.heading).expect("a string takes all");
        for (names, differs) in rows(group) {
            let state = differs.map_or("complete".to_owned(), |differs| format!("approximated: {differs}"));
            writeln!(text, "| {names} | {} |", state.replace('|', "\\|")).expect("a string takes all");
        }
    }
    text + "\n"
}

/// A row for each function, where `A` and `W` forms share one.
fn rows(group: &Group) -> Vec<(String, Option<String>)> {
    let names: BTreeSet<&str> = group.functions.iter().map(|function| &*function.name).collect();
    let mut rows: Vec<(String, Option<String>)> = Vec::new();
    for function in &group.functions {
        let name = &*function.name;
        if name.strip_suffix('W').is_some_and(|stem| names.contains(&*format!("{stem}A"))) {
            continue;
        }
        let both = name.strip_suffix('A').filter(|stem| names.contains(&*format!("{stem}W")));
        let shown = both.map_or(format!("`{name}`"), |stem| format!("`{stem}A`, `{stem}W`"));
        rows.push((shown, function.differs.clone()));
    }
    rows
}

#[test]
fn what_is_declared_is_exported_and_the_other_way_round() {
    let functions = groups().into_iter().flat_map(|group| group.functions);
    let declared: BTreeSet<String> = functions.map(|function| function.name).collect();
    let exported = exported();
    assert!(declared.len() > 250, "the headers are read: {declared:?}");
    assert_eq!(declared.difference(&exported).collect::<Vec<_>>(), Vec::<&String>::new(), "declared, not exported");
    assert_eq!(exported.difference(&declared).collect::<Vec<_>>(), Vec::<&String>::new(), "exported, not declared");
}

#[test]
fn the_table_of_functions_is_what_the_header_says() {
    let written = fs::read_to_string(package().join("FUNCTIONS.md")).unwrap_or_default();
    let by_hand = written.find(BY_HAND).map_or("", |at| &written[at..]);
    let made = table(&groups()) + by_hand;
    if made != written {
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("FUNCTIONS.md");
        fs::write(&fresh, made).expect("the folder is there");
        panic!("FUNCTIONS.md is not what the header says: take {}", fresh.display());
    }
}

#[test]
fn what_is_called_absent_is() {
    let written = fs::read_to_string(package().join("FUNCTIONS.md")).expect("it is there");
    let (_, by_hand) = written.split_once(BY_HAND).expect("it tells what is absent");
    let absent: Vec<&str> = by_hand.split('`').skip(1).step_by(2).collect();
    assert!(absent.len() > 10, "{absent:?}");
    let exported = exported();
    for name in absent {
        let there =
            [name.to_owned(), format!("{name}A"), format!("{name}W")].iter().any(|name| exported.contains(name));
        assert!(!there, "{name} is there");
    }
}
