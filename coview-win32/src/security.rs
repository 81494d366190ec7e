//! `SECURITY_ATTRIBUTES`: whether a new handle is inherited, and who may open the object.
//!
//! Needs `unsafe` to read what callers point to.

use std::ffi::c_void;

use coview::Rights;

use crate::descriptor;

/// Windows' structure.
#[repr(C)]
pub(crate) struct SecurityAttributes {
    length: u32,
    descriptor: *mut c_void,
    inherit: i32,
}

/// What an object's creator asks for beside the object itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    pub(crate) inherit: bool,
    pub(crate) rights: Rights,
}

/// # Safety
///
/// The pointer is null or leads to the structure, whose descriptor is null or a valid one.
pub(crate) unsafe fn wishes(attributes: *const SecurityAttributes) -> Wishes {
    // SAFETY: as the caller promises.
    let Some(attributes) = (unsafe { attributes.as_ref() }) else {
        return Wishes { inherit: false, rights: Rights::Private };
    };
    // SAFETY: as the caller promises.
    let rights = unsafe { descriptor::rights(attributes.descriptor) };
    Wishes { inherit: attributes.inherit != 0, rights }
}

/// Whether the caller has said who may open the object, so that a default is not asked for.
///
/// # Safety
///
/// The pointer is null or leads to the structure.
pub(crate) unsafe fn is_described(attributes: *const SecurityAttributes) -> bool {
    // SAFETY: as the caller promises.
    unsafe { attributes.as_ref() }.is_some_and(|attributes| !attributes.descriptor.is_null())
}
