//! The names of shared objects: parsed and judged once, here, and by the same rules on both systems.
//!
//! Below the public layer nobody takes `&str`; how a name becomes a path or a wide string is `sys`'s business.

use std::borrow::Cow;

use crate::sys::NAME_LEN_MAX;

/// Who can see a name.
///
/// # Examples
///
/// ```
/// use coview::{Mapping, Namespace};
///
/// # let name = format!(r"Global\doc.namespace.{}", std::process::id());
/// let mapping = Mapping::create(&name, 64)?;
/// let object = coview::stat(&name)?;
/// assert_eq!(object.namespace, Namespace::Global);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// `x` and `Local\x`: the user's own names on Linux, the session's on Windows.
    Local,
    /// `Global\x`: one set of names for the whole machine.
    Global,
    /// `/x`: POSIX shared memory, on Linux only.
    Posix,
}

/// A name that has passed every rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    namespace: Namespace,
    base: Box<str>,
    given: Box<str>,
}

impl Name {
    /// Judges a name; the error is what to tell the caller.
    pub(crate) fn parse(given: &str) -> Result<Name, Cow<'static, str>> {
        if cfg_posix_names() && given.starts_with('/') {
            return Name::parse_posix(given);
        }
        let (namespace, base) = split_prefixes(given);
        judge(base)?;
        Ok(Name { namespace, base: base.into(), given: given.into() })
    }

    fn parse_posix(given: &str) -> Result<Name, Cow<'static, str>> {
        let base = &given[1..];
        if base.is_empty() || base == "." || base == ".." {
            return Err("a POSIX name needs at least one character behind the slash".into());
        }
        if base.starts_with("coview-global.") {
            return Err("files that begin with `coview-global.` are objects of the namespace Global".into());
        }
        if base.contains('/') || base.contains('\0') {
            return Err("a POSIX name holds one slash, at its start, and no NUL".into());
        }
        if base.len() > 255 {
            return Err("a POSIX name has at most 255 bytes behind the slash".into());
        }
        Ok(Name { namespace: Namespace::Posix, base: base.into(), given: given.into() })
    }

    pub(crate) fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// The name without its prefix.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The name as the caller wrote it, for messages.
    pub(crate) fn given(&self) -> &str {
        &self.given
    }

    /// The name as a caller would write it to reach an object of this base name.
    pub(crate) fn display(namespace: Namespace, base: &str) -> String {
        match namespace {
            Namespace::Local => base.to_owned(),
            Namespace::Global => format!(r"Global\{base}"),
            Namespace::Posix => format!("/{base}"),
        }
    }
}

fn cfg_posix_names() -> bool {
    crate::sys::POSIX_NAMES
}

/// Takes the prefixes off: `Local\` may follow either prefix and changes nothing, as on Windows.
fn split_prefixes(given: &str) -> (Namespace, &str) {
    let (namespace, mut base) = match given.strip_prefix(r"Global\") {
        Some(base) => (Namespace::Global, base),
        None => (Namespace::Local, given),
    };
    let mut namespace = namespace;
    while let Some(rest) = base.strip_prefix(r"Local\") {
        namespace = Namespace::Local;
        base = rest;
    }
    (namespace, base)
}

fn judge(base: &str) -> Result<(), Cow<'static, str>> {
    if base.is_empty() {
        return Err("a name needs at least one character".into());
    }
    if base.contains('\\') {
        return Err(r"a backslash may stand only in the prefixes `Local\` and `Global\`, spelled so".into());
    }
    if base.contains('\0') {
        return Err("a name holds no NUL character".into());
    }
    if matches!(base, "Local" | "Global" | "Session") {
        return Err("Windows keeps the names Local, Global and Session for itself".into());
    }
    if base.encode_utf16().count() > NAME_LEN_MAX {
        return Err(format!("a name has at most {NAME_LEN_MAX} UTF-16 code units").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_choose_the_namespace_and_are_case_sensitive() {
        let parsed = |given: &str| Name::parse(given).map(|name| (name.namespace(), name.base().to_owned()));
        assert_eq!(parsed("x"), Ok((Namespace::Local, "x".into())));
        assert_eq!(parsed(r"Local\x"), Ok((Namespace::Local, "x".into())));
        assert_eq!(parsed(r"Local\Local\x"), Ok((Namespace::Local, "x".into())));
        assert_eq!(parsed(r"Global\x"), Ok((Namespace::Global, "x".into())));
        assert_eq!(parsed(r"Global\Local\x"), Ok((Namespace::Local, "x".into())));
        assert!(parsed(r"global\x").is_err());
        assert!(parsed(r"LOCAL\x").is_err());
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for bad in ["", r"Local\", r"Global\", r"\x", r"a\b", r"x\", "a\0b", "Local", "Global", "Session"] {
            assert!(Name::parse(bad).is_err(), "{bad:?} was taken for a name");
        }
        assert!(Name::parse(&"n".repeat(NAME_LEN_MAX)).is_ok());
        assert!(Name::parse(&"n".repeat(NAME_LEN_MAX + 1)).is_err());
    }

    #[test]
    fn odd_but_legal_names_are_taken() {
        for good in [".", "..", "a/b", "a:b*c?", "na\u{ef}ve \u{1F980}", "line\nbreak", " ", "%41", "-rf"] {
            assert!(Name::parse(good).is_ok(), "{good:?} was refused");
        }
    }
}
