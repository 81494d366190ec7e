//! The regions of memory that this process has reserved or mapped by these functions.
