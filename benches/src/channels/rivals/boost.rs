//! `Boost.Interprocess`: its `message_queue`, compiled when the benchmark runs, where a compiler and the headers are.
//!
//! Needs `unsafe` to load what was compiled and to call it.

use std::ffi::{CString, c_char, c_void};
use std::fs;
use std::mem::transmute_copy;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::channels::channel::{Channel, Consumer, Producer, Shape, Waiting, fresh_name, spin};
use crate::object_name;

const SOURCE: &str = include_str!("boost_queue.cpp");

/// The functions of `boost_queue.cpp`.
struct Library {
    create: unsafe extern "C" fn(*const c_char, usize, usize) -> *mut c_void,
    open: unsafe extern "C" fn(*const c_char) -> *mut c_void,
    close: unsafe extern "C" fn(*mut c_void),
    remove: unsafe extern "C" fn(*const c_char),
    send: unsafe extern "C" fn(*mut c_void, *const u8, usize),
    try_send: unsafe extern "C" fn(*mut c_void, *const u8, usize) -> bool,
    receive: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> usize,
    try_receive: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> usize,
}

static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();

/// Compiles and loads the queue, once; says whether it is there.
pub(crate) fn is_there() -> bool {
    LIBRARY.get_or_init(load).is_some()
}

fn library() -> &'static Library {
    LIBRARY.get_or_init(load).as_ref().expect("it was asked for before")
}

fn load() -> Option<Library> {
    let folder = std::env::temp_dir().join(object_name("boost"));
    fs::create_dir_all(&folder).expect("create a folder");
    let loaded = compile(&folder).map(|path| open(&path));
    fs::remove_dir_all(&folder).expect("remove the folder");
    loaded
}

/// Compiles the queue into the folder, if there is a compiler that finds Boost.
fn compile(folder: &std::path::Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("boost_queue.cpp"), folder.join("boost_queue.so"));
    fs::write(&source, SOURCE).expect("write the source");
    let mut compiler = Command::new("c++");
    compiler.args(["-std=c++17", "-O2", "-DNDEBUG", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
    let status = compiler.args(["-lrt", "-lpthread"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if status.is_ok_and(|status| status.success()) {
        return Some(library);
    }
    eprintln!("no Boost.Interprocess: c++ with its headers (Debian: g++ and libboost-dev) was not found");
    None
}

fn open(path: &std::path::Path) -> Library {
    let path = CString::new(path.to_string_lossy().as_bytes()).expect("the path has no zero byte");
    // SAFETY: the path is a string that ends in zero; what is loaded was compiled from the source above.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
    assert!(!handle.is_null(), "dlopen failed");
    Library {
        create: function(handle, c"boost_create"),
        open: function(handle, c"boost_open"),
        close: function(handle, c"boost_close"),
        remove: function(handle, c"boost_remove"),
        send: function(handle, c"boost_send"),
        try_send: function(handle, c"boost_try_send"),
        receive: function(handle, c"boost_receive"),
        try_receive: function(handle, c"boost_try_receive"),
    }
}

/// A function of the library, as `F`, which has to be its type.
fn function<F: Copy>(library: *mut c_void, name: &std::ffi::CStr) -> F {
    // SAFETY: the library is loaded, the name a string that ends in zero.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    assert!(!address.is_null(), "the library lacks {name:?}");
    assert_eq!(size_of::<F>(), size_of_val(&address), "functions are addresses");
    // SAFETY: the address is of a function whose type is `F`, as `Library` and the source say alike.
    unsafe { transmute_copy(&address) }
}

/// A queue with a name, which goes with it.
pub(crate) struct MessageQueue {
    name: CString,
    waiting: Waiting,
    _made: End,
}

pub(crate) struct End {
    queue: *mut c_void,
    waiting: Waiting,
}

impl Channel for MessageQueue {
    const IN_PLACE: bool = false;
    type Producer = End;
    type Consumer = End;

    fn create(shape: &Shape) -> MessageQueue {
        let name = CString::new(fresh_name()).expect("the names here have no zero byte");
        // SAFETY: the name is a string that ends in zero.
        let queue = unsafe { (library().create)(name.as_ptr(), shape.capacity, shape.len) };
        MessageQueue { name, waiting: shape.waiting, _made: End { queue, waiting: shape.waiting } }
    }

    fn producer(&self) -> End {
        // SAFETY: the name is a string that ends in zero.
        let queue = unsafe { (library().open)(self.name.as_ptr()) };
        End { queue, waiting: self.waiting }
    }

    fn consumer(&self) -> End {
        self.producer()
    }
}

impl Drop for MessageQueue {
    fn drop(&mut self) {
        // SAFETY: the name is a string that ends in zero.
        unsafe { (library().remove)(self.name.as_ptr()) };
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // SAFETY: the queue is open and ours.
        unsafe { (library().close)(self.queue) };
    }
}

impl Producer for End {
    fn send(&mut self, message: &[u8]) {
        if self.waiting == Waiting::Block {
            // SAFETY: the queue is open; the message is as long as said.
            unsafe { (library().send)(self.queue, message.as_ptr(), message.len()) };
            return;
        }
        spin(|| {
            // SAFETY: as above.
            let sent = unsafe { (library().try_send)(self.queue, message.as_ptr(), message.len()) };
            sent.then_some(())
        });
    }
}

impl Consumer for End {
    fn receive(&mut self, buffer: &mut [u8]) {
        let (start, len) = (buffer.as_mut_ptr(), buffer.len());
        let received = if self.waiting == Waiting::Block {
            // SAFETY: the queue is open; the buffer is as long as said.
            unsafe { (library().receive)(self.queue, start, len) }
        } else {
            spin(|| {
                // SAFETY: as above.
                let received = unsafe { (library().try_receive)(self.queue, start, len) };
                (received > 0).then_some(received)
            })
        };
        assert_eq!(received, len, "a whole message");
    }
}
