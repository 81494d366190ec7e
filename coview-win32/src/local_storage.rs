//! Thread-local and fiber-local storage.
