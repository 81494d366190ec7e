//! The same among threads, and after every step at which somebody can be killed.

use super::*;
