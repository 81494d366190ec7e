//! How the text behind `--as` becomes a type, and what is said when it does not.

use std::ops::Range;

use crate::type_tokens::{Complaint, Mark, Token, tokens};
use crate::value_type::{Layout, Order, Scalar, Type};

/// How the help explains types.
pub(crate) const TYPES: &str = "\
Types: u8 to u128, i8 to i128, f32, f64 and C's uint8_t to int64_t, float and double are numbers; hex8 to hex128 are \
numbers shown in hexadecimal; bool is a byte; char[N] is text up to its first NUL, bytes[N] is shown as hexadecimal \
digits. TYPE[N] and TYPE[N][M] are arrays, the last index running fastest. A TYPE by itself is one value; `TYPE NAME; \
TYPE NAME` is a struct, with the alignment and padding of C; `packed` before it means that there is none. A struct in \
a struct is `{ f32 x; f32 y } NAME`. `pad[N]`, and any field called `_`, is skipped. `be` and `le` before a type say \
that its numbers begin with their highest or lowest byte; otherwise they are as on this machine.";

/// How deep structs may be nested.
const DEPTH_MAX: usize = 32;

/// How many dimensions an array may have.
const DIMENSIONS_MAX: usize = 8;

/// How many bytes the name of a field may have: it is repeated for each element.
const NAME_MAX: usize = 64;

/// How long a description may be.
const LENGTH_MAX: usize = 64 << 10;

const KNOWN: &str = "\
there are u8 to u128, i8 to i128, f32, f64, hex8 to hex128, bool, char[N], bytes[N], pad[N],
C's uint8_t to int64_t, float and double, TYPE[N] and { TYPE NAME; … }";

const SCALARS: [(&str, Scalar); 28] = [
    ("u8", Scalar::Unsigned(1)),
    ("u16", Scalar::Unsigned(2)),
    ("u32", Scalar::Unsigned(4)),
    ("u64", Scalar::Unsigned(8)),
    ("u128", Scalar::Unsigned(16)),
    ("i8", Scalar::Signed(1)),
    ("i16", Scalar::Signed(2)),
    ("i32", Scalar::Signed(4)),
    ("i64", Scalar::Signed(8)),
    ("i128", Scalar::Signed(16)),
    ("f32", Scalar::Float(4)),
    ("f64", Scalar::Float(8)),
    ("hex8", Scalar::Hex(1)),
    ("hex16", Scalar::Hex(2)),
    ("hex32", Scalar::Hex(4)),
    ("hex64", Scalar::Hex(8)),
    ("hex128", Scalar::Hex(16)),
    ("bool", Scalar::Bool),
    ("uint8_t", Scalar::Unsigned(1)),
    ("uint16_t", Scalar::Unsigned(2)),
    ("uint32_t", Scalar::Unsigned(4)),
    ("uint64_t", Scalar::Unsigned(8)),
    ("int8_t", Scalar::Signed(1)),
    ("int16_t", Scalar::Signed(2)),
    ("int32_t", Scalar::Signed(4)),
    ("int64_t", Scalar::Signed(8)),
    ("float", Scalar::Float(4)),
    ("double", Scalar::Float(8)),
];

/// Names whose meaning depends on who compiles them, or that are no types here.
const AMBIGUOUS: [(&str, &str); 13] = [
    ("short", "write i16 or u16"),
    ("int", "write i32"),
    ("unsigned", "write u8, u16, u32 or u64"),
    ("signed", "write i8, i16, i32 or i64"),
    ("long", "a `long` has 4 bytes on Windows and 8 on Linux: write i32 or i64"),
    ("size_t", "write u64, or u32 for a 32-bit program"),
    ("usize", "write u64, or u32 for a 32-bit program"),
    ("isize", "write i64, or i32 for a 32-bit program"),
    ("wchar_t", "a `wchar_t` has 2 bytes on Windows and 4 on Linux: write u16 or u32"),
    ("struct", "a struct is written { TYPE NAME; … } NAME"),
    ("const", "leave it out"),
    ("str", "write char[N]"),
    ("string", "write char[N]"),
];

/// Parses a description; what is wrong with it is told with its place.
pub(crate) fn parse(description: &str) -> Result<Type, String> {
    if description.len() > LENGTH_MAX {
        return Err(format!("a description has at most {LENGTH_MAX} bytes"));
    }
    let parsed = tokens(description).and_then(|tokens| Parser { description, tokens, next: 0, depth: 0 }.whole());
    parsed.map_err(|complaint| complaint.at(description))
}

type Parsed<T> = Result<T, Complaint>;

struct Parser<'a> {
    description: &'a str,
    /// The last one is [`Mark::End`].
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

/// What may stand before a type.
struct Prefix {
    order: Option<Order>,
    packed: Option<Range<usize>>,
}

/// A type whose array brackets have not been read yet.
enum Base {
    Known(Type),
    Char,
    Bytes,
}

/// A number between brackets.
struct Dimension {
    len: usize,
    range: Range<usize>,
}

impl<'a> Parser<'a> {
    /// A value by itself, or the fields of a struct.
    fn whole(mut self) -> Parsed<Type> {
        while self.take(Mark::Semicolon) {}
        let start = self.next;
        let Prefix { order, packed } = self.prefix()?;
        if packed.is_some() && self.token().mark != Mark::OpenBrace {
            return self.fields(order.unwrap_or(Order::native()), true, Mark::End);
        }
        self.next = start;
        if !self.at_gap() {
            let (base, dimensions) = (self.base(Order::native())?, self.dimensions()?);
            while self.take(Mark::Semicolon) {}
            if self.token().mark == Mark::End {
                return self.build(&base, dimensions);
            }
            self.next = start;
        }
        self.fields(Order::native(), false, Mark::End)
    }

    fn fields(&mut self, order: Order, is_packed: bool, closing: Mark) -> Parsed<Type> {
        let mut layout = Layout::new(is_packed);
        loop {
            while self.take(Mark::Semicolon) {}
            match self.token().mark {
                mark if mark == closing => break,
                Mark::End => return Err(self.unexpected("a `}` is wanted")),
                _ => {}
            }
            self.field(&mut layout, order)?;
            let token = self.token();
            let is_over = [Mark::Semicolon, Mark::End, closing].contains(&token.mark);
            if !is_over && !token.starts_line {
                return Err(self.unexpected("a field ends with `;` or a line break"));
            }
        }
        let nothing = || self.complaint(self.token().range.clone(), "there is nothing to show", KNOWN);
        layout.finish().ok_or_else(nothing)
    }

    fn field(&mut self, layout: &mut Layout, order: Order) -> Parsed<()> {
        if self.at_gap() {
            return self.gap(layout);
        }
        let base = self.base(order)?;
        let inner = self.dimensions()?;
        loop {
            let (name, range) = self.name()?;
            let mut dimensions = self.dimensions()?;
            dimensions.extend(inner.iter().map(|inner| Dimension { len: inner.len, range: inner.range.clone() }));
            let value_type = self.build(&base, dimensions)?;
            let added = match name {
                "_" => layout.skip(value_type.size(), value_type.align()),
                name => layout.push(name, value_type),
            };
            added.map_err(|what| self.complaint(range, &what, "give it another name, or fewer elements"))?;
            if !self.take(Mark::Comma) {
                return Ok(());
            }
        }
    }

    /// Whether `pad` comes next, as a type and not as a name.
    fn at_gap(&self) -> bool {
        self.word() == Some("pad")
    }

    fn gap(&mut self, layout: &mut Layout) -> Parsed<()> {
        let range = self.advance().range;
        let dimensions = self.dimensions()?;
        let size = dimensions.iter().fold(1usize, |size, dimension| size.saturating_mul(dimension.len));
        if self.token().mark == Mark::Word && !self.token().starts_line {
            return Err(self.unexpected("a gap has no name: write `pad[N];`"));
        }
        layout.skip(size, 1).map_err(|what| self.complaint(range, &what, "make the gap smaller"))
    }

    fn base(&mut self, order: Order) -> Parsed<Base> {
        let prefix = self.prefix()?;
        let order = prefix.order.unwrap_or(order);
        if self.token().mark == Mark::OpenBrace {
            return self.braces(order, prefix.packed.is_some()).map(Base::Known);
        }
        if let Some(packed) = prefix.packed {
            let advice = "write `packed { … } NAME`, or put it before the first field of all";
            return Err(self.complaint(packed, "only a struct can be packed", advice));
        }
        let Some(word) = self.word() else { return Err(self.unexpected(&format!("a type is wanted: {KNOWN}"))) };
        let known = SCALARS.iter().find(|(name, _)| *name == word).map(|&(_, scalar)| scalar);
        let base = match (word, known) {
            (_, Some(scalar)) => Base::Known(Type::scalar(scalar, order)),
            ("char", _) => Base::Char,
            ("bytes", _) => Base::Bytes,
            _ => return Err(self.unknown(word)),
        };
        self.advance();
        Ok(base)
    }

    fn unknown(&self, word: &str) -> Complaint {
        let ambiguous = AMBIGUOUS.iter().find(|(name, _)| *name == word).map(|&(_, advice)| advice);
        self.complaint(self.token().range.clone(), &format!("`{word}` is no type here"), ambiguous.unwrap_or(KNOWN))
    }

    fn braces(&mut self, order: Order, is_packed: bool) -> Parsed<Type> {
        let range = self.advance().range;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let advice = format!("there may be {DEPTH_MAX} of them");
            return Err(self.complaint(range, "the structs are nested too deep", &advice));
        }
        let inner = self.fields(order, is_packed, Mark::CloseBrace)?;
        self.depth -= 1;
        self.advance();
        Ok(inner)
    }

    fn prefix(&mut self) -> Parsed<Prefix> {
        let mut prefix = Prefix { order: None, packed: None };
        loop {
            let range = self.token().range.clone();
            let is_new = match self.word() {
                Some("le") => prefix.order.replace(Order::Little).is_none(),
                Some("be") => prefix.order.replace(Order::Big).is_none(),
                Some("packed") => prefix.packed.replace(range.clone()).is_none(),
                _ => return Ok(prefix),
            };
            if !is_new {
                return Err(self.complaint(range, "this was said already", "leave it out"));
            }
            self.advance();
        }
    }

    fn dimensions(&mut self) -> Parsed<Vec<Dimension>> {
        let mut dimensions = Vec::new();
        while self.token().mark == Mark::OpenBracket {
            let start = self.advance().range.start;
            let number = self.token().clone();
            let len = number_of(&self.description[number.range.clone()]);
            let len = len.filter(|_| number.mark == Mark::Word);
            let Some(len) = len.filter(|&len| len > 0) else {
                return Err(self.unexpected("between the brackets stands how many there are: a whole number from 1 on"));
            };
            self.advance();
            if self.token().mark != Mark::CloseBracket {
                return Err(self.unexpected("a `]` is wanted"));
            }
            let end = self.advance().range.end;
            dimensions.push(Dimension { len, range: start..end });
            if dimensions.len() > DIMENSIONS_MAX {
                let advice = format!("there may be {DIMENSIONS_MAX} of them");
                return Err(self.complaint(start..end, "the array has too many dimensions", &advice));
            }
        }
        Ok(dimensions)
    }

    /// Puts arrays around a type, the last dimension innermost.
    fn build(&self, base: &Base, mut dimensions: Vec<Dimension>) -> Parsed<Type> {
        let too_large = |range, what: String| self.complaint(range, &what, "bytes[N] is one value of N bytes");
        let innermost = match base {
            Base::Known(known) => known.clone(),
            Base::Char | Base::Bytes => {
                let last = dimensions.pop();
                let range = last.as_ref().map_or_else(|| self.token().range.clone(), |last| last.range.clone());
                let built = match (base, last.map(|last| last.len)) {
                    (Base::Char, len) => Type::text(len.unwrap_or(1)),
                    (_, Some(len)) => Type::bytes(len),
                    _ => return Err(self.complaint(range, "bytes have a length", "write bytes[N]")),
                };
                built.map_err(|what| too_large(range, what))?
            }
        };
        dimensions.into_iter().rev().try_fold(innermost, |element, Dimension { len, range }| {
            Type::array(element, len).map_err(|what| too_large(range, what))
        })
    }

    fn name(&mut self) -> Parsed<(&'a str, Range<usize>)> {
        let token = self.token().clone();
        let is_name = self.word().is_some_and(|word| !word.starts_with(|first: char| first.is_ascii_digit()));
        if !is_name {
            return Err(self.unexpected("a field is written TYPE NAME, and `_` is a name for what is not shown"));
        }
        if token.range.len() > NAME_MAX {
            let advice = format!("it may have {NAME_MAX} bytes");
            return Err(self.complaint(token.range, "the name is too long", &advice));
        }
        self.advance();
        Ok((&self.description[token.range.clone()], token.range))
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next]
    }

    /// The next token, if it is a word or a number.
    fn word(&self) -> Option<&'a str> {
        let token = self.token();
        (token.mark == Mark::Word).then(|| &self.description[token.range.clone()])
    }

    fn advance(&mut self) -> Token {
        let token = self.token().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn take(&mut self, mark: Mark) -> bool {
        let is_there = self.token().mark == mark;
        if is_there {
            self.advance();
        }
        is_there
    }

    fn unexpected(&self, advice: &str) -> Complaint {
        let range = self.token().range.clone();
        let what = match self.token().mark {
            Mark::End => "the description ends too soon".to_owned(),
            _ => format!("`{}` does not belong here", &self.description[range.clone()]),
        };
        self.complaint(range, &what, advice)
    }

    fn complaint(&self, range: Range<usize>, what: &str, advice: &str) -> Complaint {
        Complaint { range, what: what.to_owned(), advice: advice.to_owned() }
    }
}

/// A whole number, decimal or hexadecimal; one that is too large for any array is still a number.
fn number_of(text: &str) -> Option<usize> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| usize::from_str_radix(digits, radix).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value_type::{Leaf, SIZE_MAX};

    /// The size and alignment of a type, and for each cell its name, its place and its kind.
    fn outline(description: &str) -> String {
        let parsed = parse(description).unwrap_or_else(|complaint| panic!("{description}: {complaint}"));
        let cells = parsed.cells().into_iter().map(|cell| {
            let kind = match cell.leaf {
                Leaf::Scalar(Scalar::Unsigned(_), _) => 'u',
                Leaf::Scalar(Scalar::Signed(_), _) => 'i',
                Leaf::Scalar(Scalar::Float(_), _) => 'f',
                Leaf::Scalar(Scalar::Hex(_), _) => 'h',
                Leaf::Scalar(Scalar::Bool, _) => 'b',
                Leaf::Text(_) => 't',
                Leaf::Bytes(_) => 'x',
            };
            let is_big = matches!(cell.leaf, Leaf::Scalar(_, Order::Big));
            let order = if is_big { "!" } else { "" };
            format!(" {}@{}:{kind}{}{order}", cell.name, cell.range.start, cell.range.len())
        });
        format!("{}/{}", parsed.size(), parsed.align()) + &cells.collect::<String>()
    }

    #[test]
    fn every_scalar_has_the_size_of_its_name() {
        for (name, scalar) in SCALARS {
            let digits: String = name.chars().filter(char::is_ascii_digit).collect();
            let named = digits.parse::<usize>().map_or(scalar.size(), |bits| bits / 8);
            assert_eq!(named, scalar.size(), "{name}");
            let size = scalar.size();
            assert!(outline(name).starts_with(&format!("{size}/{size} value@0:")), "{name}");
            // Alone, as an array, as a field, as an array in either notation, in the other order.
            assert_eq!(outline(&format!("{name}[2]")).split(' ').count(), 3, "{name}");
            assert!(outline(&format!("u8 a; {name} b")).contains(&format!(" b@{size}:")), "{name}");
            assert!(outline(&format!("packed u8 a; {name} b")).contains(" b@1:"), "{name}");
            assert_eq!(outline(&format!("{name}[3] a")), outline(&format!("{name} a[3];")), "{name}");
            assert!(outline(&format!("be {name}")).ends_with('!') != outline(&format!("le {name}")).ends_with('!'));
        }
    }

    #[test]
    fn types_are_what_they_say() {
        for (description, expected) in [
            (
                "u32 id; f32[3] position; f64 time",
                "24/8 id@0:u4 position[0]@4:f4 position[1]@8:f4 position[2]@12:f4 time@16:f8",
            ),
            ("float x, y;\ndouble z", "16/8 x@0:f4 y@4:f4 z@8:f8"),
            ("u8 a\nu8 b\n", "2/1 a@0:u1 b@1:u1"),
            ("char", "1/1 value@0:t1"),
            ("char[16]", "16/1 value@0:t16"),
            ("char name[8]; u16 n", "10/2 name@0:t8 n@8:u2"),
            ("char[2][8] names", "16/1 names[0]@0:t8 names[1]@8:t8"),
            ("bytes[5]", "5/1 value@0:x5"),
            ("bytes key[4];", "4/1 key@0:x4"),
            (
                "u8[2][3]",
                "6/1 value[0][0]@0:u1 value[0][1]@1:u1 value[0][2]@2:u1 value[1][0]@3:u1 value[1][1]@4:u1 value[1][2]@5:u1",
            ),
            ("u16[2] a[2]", "8/2 a[0][0]@0:u2 a[0][1]@2:u2 a[1][0]@4:u2 a[1][1]@6:u2"),
            ("u8[0x02]", "2/1 value[0]@0:u1 value[1]@1:u1"),
            ("u8 a; u32 b; u8 c", "12/4 a@0:u1 b@4:u4 c@8:u1"),
            ("packed u8 a; u32 b; u8 c", "6/1 a@0:u1 b@1:u4 c@5:u1"),
            ("packed { u8 a; u32 b }", "5/1 a@0:u1 b@1:u4"),
            ("be packed u8 a; u32 b", "5/1 a@0:u1! b@1:u4!"),
            ("be u16 a; u16 b", "4/2 a@0:u2! b@2:u2"),
            ("be { u16 a; le u16 b }", "4/2 a@0:u2! b@2:u2"),
            ("pad[3]; u8 a; pad; u8 b; u32 _; u8 c", "16/4 a@3:u1 b@5:u1 c@12:u1"),
            ("u8 pad; u8 _; u8 _; u8 packed", "4/1 pad@0:u1 packed@3:u1"),
            ("{ f32 x; f32 y } position; u8 n", "12/4 position.x@0:f4 position.y@4:f4 n@8:u1"),
            ("{ u8 k; u16 v }[2] pairs", "8/2 pairs[0].k@0:u1 pairs[0].v@2:u2 pairs[1].k@4:u1 pairs[1].v@6:u2"),
            ("u8 a; packed { u8 b; { u16 c } d } e;", "4/1 a@0:u1 e.b@1:u1 e.d.c@2:u2"),
            ("{ u8 a }[2]", "2/1 value[0].a@0:u1 value[1].a@1:u1"),
            (";;u8 a;;u8 b;;", "2/1 a@0:u1 b@1:u1"),
            ("u8;", "1/1 value@0:u1"),
            ("i128 a; bool ja; hex8 \u{e9}", "32/16 a@0:i16 ja@16:b1 \u{e9}@17:h1"),
        ] {
            assert_eq!(outline(description), expected, "{description}");
        }
    }

    #[test]
    fn complaints_point_at_the_place_and_say_what_would_be_right() {
        for (description, place, advice) in [
            ("", "", "a type is wanted"),
            ("u33 a", "u33", "there are u8 to u128"),
            ("u32 a; long b", "long", "write i32 or i64"),
            ("int a", "int", "write i32"),
            ("u32", "", ""),
            ("u32 a; u8", "", "TYPE NAME"),
            ("u32 a u8 b", "u8", "`;` or a line break"),
            ("u32; u8 a", ";", "TYPE NAME"),
            ("u32 7", "7", "TYPE NAME"),
            ("u8 a; u8 a", "a", "another name"),
            ("u8[0]", "0", "from 1 on"),
            ("u8[]", "]", "from 1 on"),
            ("u8[n] a", "n", "from 1 on"),
            ("u8[3", "", "`]` is wanted"),
            ("u8[3;", ";", "`]` is wanted"),
            ("bytes", "", "bytes[N]"),
            ("bytes a; u8 b", ";", "bytes[N]"),
            ("{ u8 a", "", "`}` is wanted"),
            ("{ u8 a; ", "", "`}` is wanted"),
            ("u8 a }", "}", "`;` or a line break"),
            ("{ }", "}", "there are u8"),
            ("pad[4]", "", "there are u8"),
            ("pad[4] x", "x", "a gap has no name"),
            ("u8 a; packed u8 b", "packed", "packed { "),
            ("be le u8", "le", "leave it out"),
            ("u8 a = 3", "=", "words, numbers"),
            ("u8*", "*", "words, numbers"),
            ("u8[99999999999]", "[99999999999]", "bytes[N]"),
            ("u8[99999999999999999999999999] a", "[99999999999999999999999999]", "bytes[N]"),
            ("u8[65536] a; u8 b", "b", "fewer elements"),
            ("bytes[16777216] a; u8 b", "b", "fewer elements"),
            ("pad[99999999999999999999]; u8 a", "pad", "smaller"),
            ("{ u8[256] a }[256][256] b", "[256]", "bytes[N]"),
        ] {
            let Err(complaint) = parse(description) else {
                assert_eq!(advice, "", "{description} was taken for a type");
                continue;
            };
            let lines: Vec<&str> = complaint.lines().collect();
            let (shown, carets) = (lines[2], lines[3]);
            assert_eq!(shown.trim(), description.trim(), "{complaint}");
            let start = carets.find('^').expect("there is a caret");
            let pointed = shown.get(start..start + carets.trim().len()).unwrap_or("");
            assert_eq!(pointed.trim(), place, "{complaint}");
            assert!(lines[5..].join("\n").contains(advice), "{complaint}");
        }
    }

    #[test]
    fn only_the_line_that_is_wrong_is_shown() {
        let complaint = parse("u8 a\nf33 b\nu8 c").expect_err("there is no f33");
        assert!(complaint.contains("\n\n  f33 b\n  ^^^\n\n"), "{complaint}");
        let many = "u8 a; ".repeat(100);
        let complaint = parse(&many.replacen("u8 a; u8 a; ", "u8 a; ? ", 1)).expect_err("there is a question mark");
        assert!(complaint.lines().all(|line| line.chars().count() < 140), "{complaint}");
        let complaint = parse("u8 \u{1b}[31m").expect_err("an escape is no type");
        assert!(!complaint.contains('\u{1b}'), "{complaint}");
    }

    #[test]
    fn no_description_is_too_much() {
        let nested = |depth: usize| format!("{}u8 a{}", "{".repeat(depth), "} a".repeat(depth - 1) + "}");
        assert!(parse(&nested(DEPTH_MAX)).is_ok());
        for description in [
            nested(DEPTH_MAX + 1),
            "{".repeat(60_000),
            "[".repeat(60_000),
            "be ".repeat(20_000),
            format!("u8{}", "[1]".repeat(20_000)),
            format!("u8{}", "[1]".repeat(DIMENSIONS_MAX + 1)),
            format!("u8[65536] {}", "a".repeat(60_000)),
            "u8 a;".repeat(100_000),
            format!("u8[{}]", "9".repeat(60_000)),
        ] {
            assert!(parse(&description).is_err());
        }
        assert!(parse(&format!("u8{}", "[1]".repeat(DIMENSIONS_MAX))).is_ok());
        assert_eq!(parse("bytes[16777216]").map(|parsed| parsed.size()), Ok(SIZE_MAX));
    }
}
