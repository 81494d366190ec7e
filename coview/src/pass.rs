//! The token by which a child process finds a mapping that its parent hands over.

use std::fmt;

use crate::sys::Passed;

/// What a child needs to open an unnamed mapping of its parent; made by [`Mapping::pass`](crate::Mapping::pass).
///
/// It must live until the child has been started. Its text is short, printable and without blanks.
///
/// # Examples
///
/// ```
/// use std::process::Command;
///
/// let mapping = coview::Mapping::unnamed(64)?;
/// let mut command = Command::new("child");
/// let token = mapping.pass(&mut command)?;
/// command.env("FRAMES", token.as_str());
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct ChildToken {
    passed: Passed,
}

impl ChildToken {
    pub(crate) fn new(passed: Passed) -> ChildToken {
        ChildToken { passed }
    }

    /// Returns the text that the child gives to [`Mapping::from_token`](crate::Mapping::from_token).
    ///
    /// # Examples
    ///
    /// ```
    /// # let mapping = coview::Mapping::unnamed(64)?;
    /// # let mut command = std::process::Command::new("child");
    /// let token = mapping.pass(&mut command)?;
    /// command.arg(token.as_str());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn as_str(&self) -> &str {
        self.passed.token()
    }
}

impl fmt::Display for ChildToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
