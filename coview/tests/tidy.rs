//! The house rules of CONTRIBUTING.md that a machine can check, read off the repository's own files.
//!
//! A rule is a function from one file to the lines that break it, so that [`every_rule_can_fail`] can try each on
//! snippets. Rules about Rust look at [`SourceFile::code`], in which comments and literals are blank.

use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 700;
const SAFETY_LINES_MAX: usize = 6;
const SYS: &str = "coview/src/sys/";
const PLATFORM_FILES: [&str; 4] =
    ["coview/src/sys/mod.rs", "coview/src/os/mod.rs", "coview-cli/src/os.rs", "coview-win32/src/lib.rs"];
const UNSAFE_LIST: (&str, &str) = ("<!-- unsafe-files -->", "<!-- /unsafe-files -->");

#[test]
fn only_the_table_of_systems_has_platform_cfg() {
    refuse(
        platform_cfg,
        "put what differs between systems behind one name in coview/src/sys (or coview-cli/src/os.rs), and what one system \
         alone can do in coview/src/os",
    );
}

#[test]
fn every_file_says_on_line_1_what_it_is() {
    refuse(no_first_line, "begin the file with a `//!` sentence that says what lives there");
}

#[test]
fn library_and_command_never_unwrap() {
    refuse(unwrap, "return the error, or write expect(\"why it cannot fail\")");
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    refuse(unsafe_without_safety, "write `// SAFETY:` and the fact that makes it sound above it");
}

#[test]
fn nothing_is_unfinished_ignored_or_left_from_debugging() {
    refuse(unfinished, "finish it, or take it out");
}

#[test]
fn no_file_is_too_long_to_read() {
    refuse(too_long, "look for the second noun in the file and give it a file of its own");
}

#[test]
fn front_ends_have_no_unsafe() {
    refuse(unsafe_front_end, "front ends use the public API; what they lack belongs into the library");
}

#[test]
fn the_library_has_no_global_state() {
    refuse(global_state, "keep state in the value that needs it; the library reads no environment variables");
}

#[test]
fn the_library_sleeps_only_in_sys() {
    refuse(sleep, "wait for the object with a deadline, in sys");
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let found = text_files().iter().flat_map(|file| file.findings(machine_path)).collect();
    report(found, "write the path relative to the repository");
}

#[test]
fn every_script_says_on_line_2_what_it_does() {
    let scripts = text_files().into_iter().filter(|file| file.path.starts_with("ci/") && file.path.ends_with(".sh"));
    let silent = scripts.filter(|file| !file.text.lines().nth(1).is_some_and(|line| line.starts_with("# ")));
    report(silent.map(|file| file.at(2)).collect(), "begin the script with a comment that says what it checks");
}

#[test]
fn architecture_lists_exactly_the_files_with_unsafe() {
    let listed = files_in_list(&read("ARCHITECTURE.md"), UNSAFE_LIST)
        .unwrap_or_else(|| panic!("ARCHITECTURE.md has no list between {} and {}", UNSAFE_LIST.0, UNSAFE_LIST.1));
    let (mut unlisted, mut unexplained, mut unused) = (Vec::new(), Vec::new(), listed.clone());
    for file in rust_files().into_iter().filter(SourceFile::is_product) {
        let Some(&line) = lines_with_word(&file, &file.code, "unsafe").first() else { continue };
        unused.retain(|path| *path != file.path);
        if !listed.contains(&file.path) {
            unlisted.push(file.at(line));
        }
        if !head_comment(&file.text).contains("unsafe") {
            unexplained.push(file.at(1));
        }
    }
    report(unlisted, "find a safe way, or list the file between the markers in ARCHITECTURE.md");
    report(unused, "no `unsafe` there: take it off the list in ARCHITECTURE.md");
    report(unexplained, "say in the file's first `//!` lines why it needs `unsafe`");
}

#[test]
fn both_systems_have_the_names_that_sys_uses() {
    let sys = SourceFile::new("coview/src/sys/mod.rs", &read("coview/src/sys/mod.rs"));
    let names = used_from(&sys.code, "system");
    assert!(!names.is_empty(), "coview/src/sys/mod.rs:1 has no `use system::{{…}}` any more: adapt this test");
    let mut missing = Vec::new();
    for system in ["linux", "windows"] {
        let path = format!("{SYS}{system}/mod.rs");
        let file = SourceFile::new(&path, &read(&path));
        let absent = names.iter().filter(|name| !defines(&file.code, name));
        missing.extend(absent.map(|name| format!("{path}:1 lacks `{name}`")));
    }
    report(missing, "define it there, or re-export it from the file that does");
}

#[test]
fn the_changelog_has_a_heading_for_what_is_new() {
    let headed = read("CHANGELOG.md").lines().any(|line| {
        let heading = line.strip_prefix("## ").unwrap_or_default().trim_start_matches('[');
        heading.starts_with("Unreleased") || heading.starts_with(|first: char| first.is_ascii_digit())
    });
    assert!(headed, "CHANGELOG.md:1 has neither `## Unreleased` nor a `## version` heading: add one");
}

#[test]
fn every_rule_can_fail() {
    type Case = (&'static str, Rule, &'static str, &'static str, &'static str);
    let cases: &[Case] = &[
        ("cfg attribute", platform_cfg, "coview/src/a.rs", "#[cfg(test)] fn f() {}", "#[cfg(all(unix, a))] fn f() {}"),
        ("cfg macro", platform_cfg, "coview/src/a.rs", "if cfg!(miri) {}", "\nif cfg!(target_os = \"linux\") {}"),
        ("cfg_attr", platform_cfg, "coview/src/a.rs", "// #[cfg(windows)]", "#[cfg_attr(windows, inline)] fn f() {}"),
        ("cfg in tests", platform_cfg, "coview/tests/a.rs", "#![cfg(windows)]", "#[cfg(windows)] fn f() {}"),
        ("first line", no_first_line, "coview/src/a.rs", "//! A.\n", "\n//! A.\n"),
        ("unwrap", unwrap, "coview/src/a.rs", "/// a.unwrap()\nfn f() {}", "fn f() { a\n  .unwrap() }"),
        ("unwrap after tests", unwrap, "coview/src/a.rs", TESTED, "#[cfg(test)] mod t { {} } fn f() { a.unwrap() }"),
        ("safety", unsafe_without_safety, "a/src/a.rs", "// SAFETY: ours.\nunsafe { f() }", "unsafe { f() }"),
        ("safety impl", unsafe_without_safety, "a/src/a.rs", "unsafe fn f() {}", "unsafe impl Send for A {}"),
        (
            "safety far",
            unsafe_without_safety,
            "a/src/a.rs",
            "\"unsafe {\"",
            "// SAFETY: far.\n\n\n\n\n\n\n\nunsafe { f() }",
        ),
        ("unfinished", unfinished, "a/src/a.rs", "let todo = 1;", "fn f() { todo!() }"),
        ("debugging", unfinished, "a/src/a.rs", "'\"'; // dbg!", "let c = '\"'; dbg!(c);"),
        ("ignored", unfinished, "a/tests/a.rs", "r#\"#[ignore]\"#", "#[ignore = \"slow\"] fn f() {}"),
        ("length", too_long, "a/src/a.rs", "\n", LONG),
        ("front end", unsafe_front_end, "coview-cli/src/a.rs", "let unsafely = 1;", "unsafe { f() }"),
        ("variable", global_state, "coview/src/a.rs", "fn f(a: &'static str) {}", "std::env::var(\"A\")"),
        ("static", global_state, "coview/src/a.rs", "static A: u32 = 1;", "static A: Mutex<u32> = Mutex::new(1);"),
        ("static mut", global_state, "coview/src/a.rs", "const A: Option<AtomicU32> = None;", "static mut A: u32 = 1;"),
        ("sleep", sleep, "coview/src/a.rs", "// thread::sleep", "thread::sleep(a)"),
        ("path", machine_path, "README.md", "a/home/b $root/home", concat!("cd /ho", "me/me")),
        ("own path", machine_path, "ci/a.sh", "/dev/shm", concat!("a\ncat ../sha", "red/a")),
    ];
    for (what, rule, path, good, bad) in cases {
        assert_eq!(rule(&SourceFile::new(path, good)), [], "{what}: {good}");
        assert_eq!(rule(&SourceFile::new(path, bad)).len(), 1, "{what}: {bad}");
    }
}

const TESTED: &str = "fn f() {}\n#[cfg(test)]\nmod tests {\n fn g() { { a.unwrap() } }\n}\nfn h() {}";

#[allow(clippy::large_const_arrays, reason = "the text of a file that is one line too long")]
const LONG: &str = {
    const LINES: [u8; LINES_MAX + 1] = [b'\n'; LINES_MAX + 1];
    match std::str::from_utf8(&LINES) {
        Ok(text) => text,
        Err(_) => panic!("line feeds are text"),
    }
};

#[test]
fn comments_and_literals_are_no_code() {
    let code = code_only("a /* b /* c */ d */ e \"f\\\" g\" 'h' '\\'' <'i> r#\"j\" k\"# b'l' // m\nn 'ö' o");
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "e", "<'i>", "b", "n", "o"]);
}

#[test]
fn lists_and_names_are_read_as_written() {
    let text = "x\n<!-- a -->\nWhy:\n- `b/c.rs`: because `d`\n* `e.rs`\n<!-- /a -->\n- `f.rs`\n";
    assert_eq!(files_in_list(text, ("<!-- a -->", "<!-- /a -->")), Some(vec!["b/c.rs".to_owned(), "e.rs".to_owned()]));
    assert_eq!(files_in_list(text, ("<!-- a -->", "<!-- missing -->")), None);

    assert_eq!(used_from("use linux as system;\npub(crate) use system::{\n A, b,\n};", "system"), ["A", "b"]);
    let code = "pub(crate) use a::{Inner as B, C};\npub(crate) fn d() {}\nuse f::E;\nlet g = H;";
    for (name, defined) in [("B", true), ("C", true), ("d", true), ("E", false), ("H", false)] {
        assert_eq!(defines(code, name), defined, "{name}");
    }
}

/// The lines of a file that break a rule, counted from 1.
type Rule = fn(&SourceFile) -> Vec<usize>;

fn platform_cfg(file: &SourceFile) -> Vec<usize> {
    let named_for_its_system = file.path.ends_with("_linux.rs") || file.path.ends_with("_windows.rs");
    let may = PLATFORM_FILES.contains(&file.path.as_str()) || (file.is_in("/tests/") && named_for_its_system);
    if may || !file.is_product() {
        return Vec::new();
    }
    // The C library is for one system, and follows its processor and its C library.
    let target = if file.path.starts_with("coview-win32/") { "target_os" } else { "target_" };
    let mut lines = Vec::new();
    for word in ["cfg", "cfg_attr", "cfg_select"] {
        for at in word_offsets(&file.code, word) {
            let rest = file.code[at + word.len()..].trim_start_matches('!');
            // A whole test program may be for one system.
            let whole_test = file.is_in("/tests/") && file.code[..at].ends_with("#![");
            let chooses = ["unix", "windows"].iter().any(|system| !word_offsets(balanced(rest), system).is_empty())
                || balanced(rest).contains(target);
            if chooses && !whole_test {
                lines.push(file.line(at));
            }
        }
    }
    lines
}

fn no_first_line(file: &SourceFile) -> Vec<usize> {
    if file.text.starts_with("//!") { Vec::new() } else { vec![1] }
}

fn unwrap(file: &SourceFile) -> Vec<usize> {
    if file.is_in("/src/") { file.lines_with(&without_tests(&file.code), ".unwrap()") } else { Vec::new() }
}

fn unsafe_without_safety(file: &SourceFile) -> Vec<usize> {
    // These call the C library as C does, where nobody explains a call either.
    if file.path.starts_with("coview-win32/tests/") {
        return Vec::new();
    }
    let lines: Vec<&str> = file.text.lines().collect();
    let explained = |line: usize| {
        lines[line.saturating_sub(1 + SAFETY_LINES_MAX)..line].iter().any(|text| text.contains("// SAFETY:"))
    };
    let opens = |at: &usize| {
        let rest = file.code[at + "unsafe".len()..].trim_start();
        rest.starts_with('{') || word_offsets(rest, "impl").first() == Some(&0)
    };
    let blocks = word_offsets(&file.code, "unsafe").into_iter().filter(opens).map(|at| file.line(at));
    blocks.filter(|&line| !explained(line)).collect()
}

fn unfinished(file: &SourceFile) -> Vec<usize> {
    let marks = ["todo!", "unimplemented!", "dbg!", "#[ignore"];
    marks.iter().flat_map(|mark| file.lines_with(&file.code, mark)).collect()
}

fn too_long(file: &SourceFile) -> Vec<usize> {
    if file.text.lines().count() > LINES_MAX { vec![LINES_MAX + 1] } else { Vec::new() }
}

fn unsafe_front_end(file: &SourceFile) -> Vec<usize> {
    if !file.path.starts_with("coview-cli/src/") {
        return Vec::new();
    }
    lines_with_word(file, &file.code, "unsafe")
}

fn global_state(file: &SourceFile) -> Vec<usize> {
    if !file.path.starts_with("coview/src/") {
        return Vec::new();
    }
    let code = without_thread_locals(&without_tests(&file.code));
    let mut lines = file.lines_with(&code, "env::var");
    for at in word_offsets(&code, "static").into_iter().filter(|&at| !code[..at].ends_with('\'')) {
        let declaration = code[at..].split(['=', ';']).next().unwrap_or_default();
        let changes =
            ["Mutex", "RwLock", "Atomic", "Once", "Lazy", "Cell"].iter().any(|name| declaration.contains(name));
        if changes || !word_offsets(declaration, "mut").is_empty() {
            lines.push(file.line(at));
        }
    }
    lines
}

fn sleep(file: &SourceFile) -> Vec<usize> {
    let outside = file.path.starts_with("coview/src/") && !file.path.starts_with(SYS);
    if outside { file.lines_with(&file.code, "thread::sleep") } else { Vec::new() }
}

fn machine_path(file: &SourceFile) -> Vec<usize> {
    // Put together here, or this file would break its own rule.
    let homes = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    let workplace = ["..", "shared"].join("/");
    let names_one = |line: &str| {
        line.contains(&workplace)
            || homes.iter().any(|home| {
                line.match_indices(home.as_str()).any(|(at, _)| !line[..at].ends_with(|last: char| is_word(last)))
            })
    };
    file.text.lines().enumerate().filter(|(_, line)| names_one(line)).map(|(index, _)| index + 1).collect()
}

/// Checks all Rust files of the repository.
fn refuse(rule: Rule, advice: &str) {
    report(rust_files().iter().flat_map(|file| file.findings(rule)).collect(), advice);
}

fn report(findings: Vec<String>, advice: &str) {
    assert!(findings.is_empty(), "\n  {}\n{advice}\n", findings.join("\n  "));
}

/// A file of the repository.
struct SourceFile {
    /// From the repository's root, with slashes.
    path: String,
    text: String,
    /// The text with comments and literals blanked out, byte for byte as long.
    code: String,
}

impl SourceFile {
    fn new(path: &str, text: &str) -> SourceFile {
        let code = if path.ends_with(".rs") { code_only(text) } else { text.to_owned() };
        SourceFile { path: path.to_owned(), text: text.to_owned(), code }
    }

    fn is_in(&self, folder: &str) -> bool {
        self.path.contains(folder)
    }

    /// Benchmarks and fuzzing are not: they call one system directly.
    fn is_product(&self) -> bool {
        !self.path.starts_with("benches/") && !self.path.starts_with("fuzz/")
    }

    fn line(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }

    fn lines_with(&self, code: &str, pattern: &str) -> Vec<usize> {
        code.match_indices(pattern).map(|(at, _)| self.line(at)).collect()
    }

    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    fn findings(&self, rule: Rule) -> Vec<String> {
        rule(self).into_iter().map(|line| self.at(line)).collect()
    }
}

fn lines_with_word(file: &SourceFile, code: &str, word: &str) -> Vec<usize> {
    word_offsets(code, word).into_iter().map(|at| file.line(at)).collect()
}

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}: the house rules need it"))
}

fn rust_files() -> Vec<SourceFile> {
    let mut files = text_files();
    files.retain(|file| file.path.ends_with(".rs"));
    assert!(files.iter().any(|file| file.path == "coview/tests/tidy.rs"), "the files read are not the repository");
    files
}

fn text_files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&root(), "", &mut files);
    files
}

/// Reads the text files of a folder, but for what Git and Cargo keep there.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) {
    if folder.join("CACHEDIR.TAG").exists() {
        return;
    }
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let entry = entry.expect("the folder was just opened");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if name == ".git" {
            // A folder, or a file that names one where several branches are worked on at once.
        } else if entry.path().is_dir() {
            if name != "target" {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(SourceFile::new(&path, &text));
        }
    }
}

/// The first backticked word of each list item between two markers; `None` without the markers.
fn files_in_list(text: &str, (start, end): (&str, &str)) -> Option<Vec<String>> {
    let (_, rest) = text.split_once(start)?;
    let (list, _) = rest.split_once(end)?;
    let items = list.lines().filter(|line| line.starts_with("- ") || line.starts_with("* "));
    Some(items.filter_map(|item| item.split('`').nth(1)).map(str::to_owned).collect())
}

/// The `//!` lines that a file begins with.
fn head_comment(text: &str) -> String {
    text.lines().take_while(|line| line.starts_with("//!")).collect()
}

/// The names in `use module::{…};`.
fn used_from(code: &str, module: &str) -> Vec<String> {
    let list = code.split_once(&format!("use {module}::{{")).and_then(|(_, rest)| rest.split_once('}'));
    let names = list.map(|(names, _)| names).unwrap_or_default().split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Whether a module gives out `name`: by an item of its own or by `pub… use`.
fn defines(code: &str, name: &str) -> bool {
    let item = ["struct", "enum", "union", "fn", "const", "static", "type"]
        .iter()
        .any(|kind| word_offsets(code, name).iter().any(|&at| code[..at].trim_end().ends_with(&format!(" {kind}"))));
    item || code.split(';').any(|statement| {
        statement.split_once("use ").is_some_and(|(before, names)| {
            before.rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with("pub"))
                && !word_offsets(names, name).is_empty()
        })
    })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where `word` stands with no letter before or after it.
fn word_offsets(code: &str, word: &str) -> Vec<usize> {
    let alone = |at: usize| !code[..at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word);
    code.match_indices(word).map(|(at, _)| at).filter(|&at| alone(at)).collect()
}

/// The group in brackets that `code` begins with, blanks aside, or nothing.
fn balanced(code: &str) -> &str {
    let code = code.trim_start();
    let mut depth = 0;
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return if at == 0 { "" } else { &code[..=at] };
        }
    }
    code
}

fn without_tests(code: &str) -> String {
    blank_block_after(code, "#[cfg(test)]")
}

/// Threads may remember what they own; that is not shared.
fn without_thread_locals(code: &str) -> String {
    blank_block_after(code, "thread_local!")
}

/// Blanks each `mark … { … }`.
fn blank_block_after(code: &str, mark: &str) -> String {
    let mut blanked = code.as_bytes().to_vec();
    for (at, _) in code.match_indices(mark) {
        // `#[cfg(test)] use …;` and `mod tests;` have no block.
        let Some(open) = code[at..].find(['{', ';']).map(|distance| at + distance) else { continue };
        if code[open..].starts_with('{') {
            blank(&mut blanked[at..open + balanced(&code[open..]).len()]);
        }
    }
    String::from_utf8(blanked).expect("whole blocks are blanked")
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Blanks comments and literals, keeping every offset.
fn code_only(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let len = opaque_len(&text.as_bytes()[at..]).min(code.len() - at);
        blank(&mut code[at..at + len]);
        at += len.max(1);
    }
    String::from_utf8(code).expect("whole comments and literals are blanked")
}

/// The length of the comment or literal that `rest` begins with, or 0.
fn opaque_len(rest: &[u8]) -> usize {
    match rest {
        [b'/', b'/', ..] => find(rest, b"\n", 0),
        [b'/', b'*', ..] => block_comment_len(rest),
        [b'"', ..] => string_len(rest),
        [b'r', b'"' | b'#', ..] => raw_string_len(rest),
        [b'\'', b'\\', ..] => find(rest, b"'", 3) + 1,
        [b'\'', first, ..] => {
            let letter_len = first.leading_ones().max(1) as usize;
            // Otherwise a lifetime.
            if rest.get(1 + letter_len) == Some(&b'\'') { letter_len + 2 } else { 0 }
        }
        _ => 0,
    }
}

fn block_comment_len(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let step = match &rest[at..] {
            [b'/', b'*', ..] => 1,
            [b'*', b'/', ..] => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_len(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string_len(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    // Otherwise a raw identifier.
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    find(rest, &end, 2 + hashes) + end.len()
}

/// Where `needle` stands at or after `from`, or the end.
fn find(haystack: &[u8], needle: &[u8], from: usize) -> usize {
    let rest = haystack.get(from..).unwrap_or_default();
    rest.windows(needle.len()).position(|window| window == needle).map_or(haystack.len(), |at| from + at)
}
