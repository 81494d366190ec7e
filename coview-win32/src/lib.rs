//! The Win32 functions for shared memory and synchronization, as a C library for Linux.
//!
//! What each function does is told where its callers look: in `include/windows.h`. Here a module holds one kind of
//! object or one group of functions; everything that processes share is made by the crate `coview`, through its public
//! interface.
#![cfg(target_os = "linux")]
#![allow(non_snake_case, reason = "the exported functions have the names that C programs call them by")]

mod access;
mod address;
mod apc;
mod command_line;
mod condition_variable;
mod critical_section;
mod descriptor;
mod directory;
mod ending;
mod environment;
mod event;
mod exit_page;
mod fault;
mod file;
mod fork;
mod handle;
mod hazard;
mod heap;
mod inherit;
mod init_once;
mod last_error;
mod last_thread;
mod launch;
mod limit;
mod linux;
mod local_storage;
mod mapped_file;
mod memory_map;
mod message;
mod module;
mod mutex;
mod name;
mod object;
mod packet;
mod path;
mod priority;
mod process;
mod process_memory;
mod program;
mod protection;
mod query;
mod region;
mod reservation;
mod runs;
mod section;
mod security;
mod semaphore;
mod service;
mod shell;
mod spawn;
mod srw_lock;
mod standard;
mod start_record;
mod startup;
mod string;
mod system;
mod table;
mod temporary;
mod termination;
mod text;
mod thread;
mod thread_end;
mod time;
mod timer;
mod view;
mod virtual_memory;
mod wait;
mod wait_status;
mod watcher;
mod wire;
