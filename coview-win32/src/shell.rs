//! ShellExecute and its kin.
