//! Sections: memory that processes share, made, opened, and described for their views.
//!
//! Needs `unsafe` to export functions and to read what callers point to.
//!
//! A section of the paging file is a `coview::Mapping` of whole pages. What others must know of it travels in the three
//! marks of that mapping; a mapping that a Rust program made has none and is `PAGE_READWRITE`, `SEC_COMMIT`. How the
//! memory is cached (`SEC_NOCACHE`, `SEC_WRITECOMBINE`) is told by `VirtualQuery` in the creator's process and to
//! duplicates of its handle, and means nothing to the machine.

use std::ffi::c_char;
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::ptr;
use std::sync::{Arc, OnceLock};

use coview::os::linux::{MappingExt, MappingOptionsExt, Share, create_or_open_over};
use coview::{Access, ErrorKind, Mapping, MappingOptions, Rights};

use crate::access::{self, STANDARD_RIGHTS_REQUIRED};
use crate::last_error::{self, Code, Result};
use crate::limit::{duplicate, with_descriptors};
use crate::linux;
use crate::mapped_file::MappedFile;
use crate::name::Given;
use crate::object::Object;
use crate::protection::{PAGE_NOCACHE, PAGE_WRITECOMBINE, Protection};
use crate::region::View;
use crate::reservation::{PAGE_LEN, USER_END};
use crate::security::{self, SecurityAttributes};
use crate::table::{self, Handle};

pub(crate) const SECTION_QUERY: u32 = 0x01;
pub(crate) const SECTION_MAP_WRITE: u32 = 0x02;
pub(crate) const SECTION_MAP_READ: u32 = 0x04;
pub(crate) const SECTION_MAP_EXECUTE: u32 = 0x08;

pub(crate) const FILE_MAP_COPY: u32 = 0x01;
pub(crate) const FILE_MAP_EXECUTE: u32 = 0x20;

const SEC_IMAGE: u32 = 0x0100_0000;
const SEC_RESERVE: u32 = 0x0400_0000;
const SEC_COMMIT: u32 = 0x0800_0000;
const SEC_NOCACHE: u32 = 0x1000_0000;
const SEC_WRITECOMBINE: u32 = 0x4000_0000;
const SEC_LARGE_PAGES: u32 = 0x8000_0000;

const FILE_READ_DATA: u32 = 0x01;
const FILE_WRITE_DATA: u32 = 0x02;
const FILE_EXECUTE: u32 = 0x20;

/// An empty file has nothing to map.
const FILE_INVALID: Code = Code(1006);
const DISK_FULL: Code = Code(112);

/// What a section is beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    writable: bool,
    executable: bool,
    /// `SEC_RESERVE`: its pages are committed one by one.
    pub(crate) reserved: bool,
    /// Its bytes are a file's of the user's.
    on_file: bool,
    /// `PAGE_NOCACHE`, `PAGE_WRITECOMBINE` or nothing.
    pub(crate) caching: u32,
}

/// A section, by a handle that keeps its name alive.
pub(crate) struct Section {
    mapping: Mapping,
    traits: Traits,
    identity: (u64, u64),
    mapped: Option<Arc<MappedFile>>,
    /// What views look into. It keeps the memory, and not the name.
    memory: OnceLock<Arc<OwnedFd>>,
}

impl Section {
    fn new(mapping: Mapping, traits: Traits) -> Result<Section> {
        let identity = linux::identity(mapping.as_fd())?;
        let mapped = traits.on_file.then(|| MappedFile::new(identity.0, identity.1, mapping.size()));
        Ok(Section { mapping, traits, identity, mapped, memory: OnceLock::new() })
    }

    /// The device and the inode of the memory.
    pub(crate) fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// Makes a section of what [`Section::share`] gave away, here or in another process.
    pub(crate) fn from_shared(descriptor: OwnedFd, traits: Traits) -> Result<Section> {
        Section::new(Mapping::from_shared(descriptor)?, traits)
    }

    /// A descriptor that keeps the section alive by itself, and what must be told beside it.
    pub(crate) fn share(&self) -> Result<(OwnedFd, Traits)> {
        Ok((with_descriptors(|| self.mapping.share())?, self.traits))
    }

    pub(crate) fn traits(&self) -> Traits {
        self.traits
    }

    /// The bytes that views can show: whole pages of the paging file, and of a file not one more than there are.
    pub(crate) fn size(&self) -> u64 {
        let size = self.mapping.size();
        if self.traits.on_file { size } else { size.next_multiple_of(PAGE_LEN as u64) }
    }

    /// Refuses a view that the section itself forbids, whatever the handle allows.
    pub(crate) fn check(&self, protection: Protection) -> Result<()> {
        let shared_write = protection.is_writable() && !protection.is_copy();
        let allowed =
            (self.traits.writable || !shared_write) && (self.traits.executable || !protection.is_executable());
        if allowed { Ok(()) } else { Err(Code::INVALID_PARAMETER) }
    }

    /// What a view from an offset on looks into.
    pub(crate) fn view(&self, offset: u64) -> Result<View> {
        let memory = match self.memory.get() {
            Some(memory) => memory,
            None => {
                let copy = duplicate(self.mapping.as_fd())?;
                self.memory.get_or_init(|| Arc::new(copy))
            }
        };
        Ok(View::new(Arc::clone(memory), offset, self.mapped.clone(), self.identity))
    }
}

impl Traits {
    /// What opens a mapping that has a name: its creator's marks say what it is.
    fn of_named(mapping: &Mapping) -> Result<Traits> {
        let marks = mapping.marks()?;
        let on_file = !is_in_memory(mapping);
        Ok(Traits {
            writable: marks & READ_ONLY_MARK == 0,
            executable: marks & EXECUTABLE_MARK != 0,
            reserved: marks & RESERVED_MARK != 0 && !on_file,
            on_file,
            caching: 0,
        })
    }

    fn marks(self) -> u8 {
        let mark = |holds: bool, mark: u8| if holds { mark } else { 0 };
        mark(self.executable, EXECUTABLE_MARK)
            | mark(!self.writable, READ_ONLY_MARK)
            | mark(self.reserved, RESERVED_MARK)
    }

    /// For another process of this library.
    pub(crate) fn to_bits(self) -> u32 {
        u32::from(self.marks()) | if self.on_file { 8 } else { 0 } | self.caching
    }

    pub(crate) fn from_bits(bits: u32) -> Traits {
        let marks = bits as u8;
        Traits {
            writable: marks & READ_ONLY_MARK == 0,
            executable: marks & EXECUTABLE_MARK != 0,
            reserved: marks & RESERVED_MARK != 0,
            on_file: bits & 8 != 0,
            caching: bits & (PAGE_NOCACHE | PAGE_WRITECOMBINE),
        }
    }
}

const EXECUTABLE_MARK: u8 = 1;
const READ_ONLY_MARK: u8 = 2;
const RESERVED_MARK: u8 = 4;

/// Where the kernel tells of the mapping's descriptor.
fn link_of(mapping: &Mapping) -> String {
    format!("/proc/self/fd/{}", mapping.as_fd().as_raw_fd())
}

/// Whether the bytes are in an object of Coview's own, and not in a file of the user's.
fn is_in_memory(mapping: &Mapping) -> bool {
    let Ok(path) = fs::read_link(link_of(mapping)) else { return true };
    let path = path.to_string_lossy();
    path.starts_with("/memfd:") || path.contains("/shm/coview-")
}

/// What `CreateFileMapping` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    protection: Protection,
    /// `SEC_RESERVE`, which means nothing for files.
    reserved: bool,
    caching: u32,
    image: bool,
    size: u64,
}

impl Plan {
    /// Judges the arguments by themselves.
    fn parse(flags: u32, size: u64) -> Result<Plan> {
        let (protection, cached) = Protection::parse(flags & 0xffff)?;
        let mappable = [
            Protection::READONLY,
            Protection::READWRITE,
            Protection::WRITECOPY,
            Protection::EXECUTE_READ,
            Protection::EXECUTE_READWRITE,
            Protection::EXECUTE_WRITECOPY,
        ];
        if cached != 0 || !mappable.contains(&protection) {
            return Err(Code::INVALID_PARAMETER);
        }
        let attributes = flags & !0xffff;
        let caching = match attributes & (SEC_NOCACHE | SEC_WRITECOMBINE) {
            0 => 0,
            SEC_NOCACHE => PAGE_NOCACHE,
            SEC_WRITECOMBINE => PAGE_WRITECOMBINE,
            _ => return Err(Code::INVALID_PARAMETER),
        };
        let plan = Plan { protection, reserved: false, caching, image: false, size };
        match attributes & !(SEC_NOCACHE | SEC_WRITECOMBINE) {
            0 if caching == 0 => Ok(plan),
            SEC_COMMIT => Ok(plan),
            SEC_RESERVE => Ok(Plan { reserved: true, ..plan }),
            SEC_IMAGE if caching != PAGE_WRITECOMBINE => Ok(Plan { image: true, ..plan }),
            // For which accounts need a privilege that no account has by itself.
            LARGE if caching == 0 => Err(Code::PRIVILEGE_NOT_HELD),
            _ => Err(Code::INVALID_PARAMETER),
        }
    }

    fn is_writable(&self) -> bool {
        self.protection.is_writable() && !self.protection.is_copy()
    }

    /// What the creator's handle may do.
    fn granted(&self) -> u32 {
        let mut granted = STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_READ;
        if self.is_writable() {
            granted |= SECTION_MAP_WRITE;
        }
        if self.protection.is_executable() {
            granted |= SECTION_MAP_EXECUTE;
        }
        granted
    }

    fn traits(&self, on_file: bool) -> Traits {
        Traits {
            writable: self.is_writable(),
            executable: self.protection.is_executable(),
            reserved: self.reserved && !on_file,
            on_file,
            caching: self.caching,
        }
    }

    /// What the handle of a file must be able to do.
    fn demanded_of_file(&self) -> u32 {
        let write = if self.is_writable() { FILE_WRITE_DATA } else { 0 };
        let execute = if self.protection.is_executable() { FILE_EXECUTE } else { 0 };
        FILE_READ_DATA | write | execute
    }

    fn options(&self, on_file: bool) -> MappingOptions {
        let traits = self.traits(on_file);
        MappingOptions::new().reserve(!traits.reserved)
    }
}

const LARGE: u32 = SEC_COMMIT | SEC_LARGE_PAGES;

/// Makes the section, or opens the one that has the name; says whether it did the first.
fn create(file: Handle, flags: u32, size: u64, name: Result<Given>, rights: Rights) -> Result<(Section, Plan, bool)> {
    if let Err(Code::FILENAME_EXCED_RANGE) = name {
        // The text does not even become a name.
        return Err(Code::FILENAME_EXCED_RANGE);
    }
    let paged = file.is_null() || file.addr() == usize::MAX;
    let plan = Plan::parse(flags, size);
    // A file cannot have large pages, and the paging file must be told a size.
    let plan = match plan {
        Err(Code::PRIVILEGE_NOT_HELD) if !paged => return Err(Code::INVALID_PARAMETER),
        plan => plan?,
    };
    if paged && size == 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    if plan.image {
        return Err(image_error(file, paged));
    }
    if paged {
        if size > USER_END as u64 {
            return Err(Code::NOT_ENOUGH_MEMORY);
        }
        let (section, created) = create_paged(&plan, name?.for_creating(), rights)?;
        return Ok((section, plan, created));
    }
    let file = file_to_map(file, &plan)?;
    let (section, created) = create_on_file(&plan, &file, name?.for_creating(), rights)?;
    Ok((section, plan, created))
}

/// There are no images that Windows would know: what remains is to say in which order things are missed.
fn image_error(file: Handle, paged: bool) -> Code {
    if paged {
        return Code::BAD_EXE_FORMAT;
    }
    match table::get(file).and_then(|reference| reference.object.as_file().map(drop)) {
        Err(code) => code,
        Ok(()) => Code::BAD_EXE_FORMAT,
    }
}

fn create_paged(plan: &Plan, name: Option<&str>, rights: Rights) -> Result<(Section, bool)> {
    let size = plan.size.next_multiple_of(PAGE_LEN as u64);
    let traits = plan.traits(false);
    let options = plan.options(false).rights(rights).marks(traits.marks());
    let Some(name) = name else {
        let mapping = with_descriptors(|| options.unnamed(size))?;
        return Ok((Section::new(mapping, traits)?, true));
    };
    let mapping = with_descriptors(|| match options.create_or_open(name, size, |_| ()) {
        // It may be another user's, who lets others read.
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            options.clone().access(Access::ReadOnly).open(name).map_err(|_| error)
        }
        other => other,
    })?;
    found(mapping, traits)
}

fn create_on_file(plan: &Plan, file: &File, name: Option<&str>, rights: Rights) -> Result<(Section, bool)> {
    let present = file.metadata()?.size();
    let size = if plan.size == 0 { present } else { plan.size };
    if size == 0 {
        return Err(FILE_INVALID);
    }
    if size > present && !plan.is_writable() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    let traits = plan.traits(true);
    let access = if plan.is_writable() { Access::ReadWrite } else { Access::ReadOnly };
    let options = plan.options(true).rights(rights).access(access);
    let refused = |error: coview::Error| match error.kind() {
        ErrorKind::NoSpace if error.os_code() == Some(libc::ENOSPC) => DISK_FULL,
        _ => error.into(),
    };
    let Some(name) = name else {
        let mapping = with_descriptors(|| options.from_file(file, Some(size))).map_err(refused)?;
        return Ok((Section::new(mapping, traits)?, true));
    };
    let options = options.marks(traits.marks());
    let mapping = with_descriptors(|| create_or_open_over(name, file, size, &options)).map_err(refused)?;
    found(mapping, traits)
}

/// A named section, which is what we wanted if we created it.
fn found(mapping: Mapping, wanted: Traits) -> Result<(Section, bool)> {
    let created = mapping.was_created();
    let traits = if created { wanted } else { Traits::of_named(&mapping)? };
    Ok((Section::new(mapping, traits)?, created))
}

/// A copy of the descriptor of a file whose handle may do what the section needs.
fn file_to_map(handle: Handle, plan: &Plan) -> Result<File> {
    let reference = table::get(handle)?;
    let file = reference.object.as_file()?;
    reference.demand(plan.demanded_of_file())?;
    let file = File::from(duplicate(file.descriptor())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(Code::BAD_EXE_FORMAT) }
}

/// Creates the section and its handle, and always writes the last error.
fn create_handle(
    file: Handle,
    attributes: *const SecurityAttributes,
    flags: u32,
    size: u64,
    name: Result<Given>,
    desired: Option<u32>,
) -> Handle {
    // SAFETY: as callers of the exported functions promise.
    let wishes = unsafe { security::wishes(attributes) };
    let made = create(file, flags, size, name, wishes.rights).and_then(|(section, plan, created)| {
        let granted = desired.map_or(Ok(plan.granted()), |desired| access::SECTION.grant(desired))?;
        Ok((table::insert(Arc::new(Object::Section(section)), granted, wishes.inherit)?, created))
    });
    let (handle, code) = match made {
        Ok((handle, true)) => (handle, Code::SUCCESS),
        Ok((handle, false)) => (handle, Code::ALREADY_EXISTS),
        Err(code) => (ptr::null_mut(), code),
    };
    last_error::set(code);
    handle
}

fn open(desired: u32, inherit: bool, name: Result<Given>) -> Result<Handle> {
    let name = name?;
    let name = name.for_opening()?;
    // The name is looked up before the access is judged.
    let granted = access::SECTION.grant_opener(section_access(desired));
    let reads = granted.is_ok_and(|granted| granted & SECTION_MAP_WRITE == 0);
    let options = MappingOptions::new();
    let mapping = with_descriptors(|| match options.open(name) {
        Err(error) if error.kind() == ErrorKind::AccessDenied && reads => {
            options.clone().access(Access::ReadOnly).open(name)
        }
        other => other,
    })?;
    let granted = granted?;
    let traits = Traits::of_named(&mapping)?;
    let section = Section::new(mapping, traits)?;
    table::insert(Arc::new(Object::Section(section)), granted, inherit)
}

/// The right that a `FILE_MAP_` constant stands for.
fn section_access(desired: u32) -> u32 {
    match desired {
        FILE_MAP_COPY => SECTION_MAP_READ,
        _ if desired & FILE_MAP_EXECUTE != 0 => desired & !FILE_MAP_EXECUTE | SECTION_MAP_EXECUTE,
        _ => desired,
    }
}

fn long(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateFileMappingA(
    file: Handle,
    attributes: *const SecurityAttributes,
    flags: u32,
    size_high: u32,
    size_low: u32,
    name: *const c_char,
) -> Handle {
    // SAFETY: as the caller promises.
    let name = unsafe { Given::narrow(name) };
    create_handle(file, attributes, flags, long(size_high, size_low), name, None)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateFileMappingW(
    file: Handle,
    attributes: *const SecurityAttributes,
    flags: u32,
    size_high: u32,
    size_low: u32,
    name: *const u16,
) -> Handle {
    // SAFETY: as the caller promises.
    let name = unsafe { Given::wide(name) };
    create_handle(file, attributes, flags, long(size_high, size_low), name, None)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateFileMapping2(
    file: Handle,
    attributes: *const SecurityAttributes,
    desired: u32,
    protection: u32,
    allocation: u32,
    size: u64,
    name: *const u16,
    _parameters: *mut std::ffi::c_void,
    parameters_count: u32,
) -> Handle {
    if parameters_count != 0 {
        last_error::set(Code::INVALID_PARAMETER);
        return ptr::null_mut();
    }
    // SAFETY: as the caller promises.
    let name = unsafe { Given::wide(name) };
    create_handle(file, attributes, protection | allocation, size, name, Some(section_access(desired)))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenFileMappingA(desired: u32, inherit: i32, name: *const c_char) -> Handle {
    // SAFETY: as the caller promises.
    let name = unsafe { Given::narrow(name) };
    last_error::value(open(desired, inherit != 0, name), ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenFileMappingW(desired: u32, inherit: i32, name: *const u16) -> Handle {
    // SAFETY: as the caller promises.
    let name = unsafe { Given::wide(name) };
    last_error::value(open(desired, inherit != 0, name), ptr::null_mut())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_taken_or_refused_as_windows_does() {
        const SEC_FILE: u32 = 0x0080_0000;
        let parse = |flags| Plan::parse(0x04 | flags, 4096).map(|plan| (plan.reserved, plan.caching, plan.image));
        assert_eq!(parse(0), Ok((false, 0, false)));
        assert_eq!(parse(SEC_COMMIT), Ok((false, 0, false)));
        assert_eq!(parse(SEC_RESERVE), Ok((true, 0, false)));
        assert_eq!(parse(SEC_RESERVE | SEC_NOCACHE), Ok((true, PAGE_NOCACHE, false)));
        assert_eq!(parse(SEC_COMMIT | SEC_WRITECOMBINE), Ok((false, PAGE_WRITECOMBINE, false)));
        assert_eq!(parse(SEC_IMAGE), Ok((false, 0, true)));
        assert_eq!(parse(SEC_COMMIT | SEC_LARGE_PAGES), Err(Code::PRIVILEGE_NOT_HELD));
        for wrong in [
            SEC_RESERVE | SEC_COMMIT,
            SEC_RESERVE | SEC_LARGE_PAGES,
            SEC_FILE,
            SEC_FILE | SEC_COMMIT,
            SEC_FILE | SEC_RESERVE,
            SEC_NOCACHE,
            SEC_WRITECOMBINE,
            SEC_LARGE_PAGES,
            SEC_IMAGE | SEC_COMMIT,
            SEC_IMAGE | SEC_RESERVE,
            SEC_IMAGE | SEC_LARGE_PAGES,
            SEC_IMAGE | SEC_WRITECOMBINE,
        ] {
            assert_eq!(parse(wrong), Err(Code::INVALID_PARAMETER), "{wrong:#x}");
        }
    }

    #[test]
    fn six_protections_can_be_mapped() {
        let taken = (0..0x1000).filter(|&word| Plan::parse(word, 4096).is_ok()).collect::<Vec<_>>();
        assert_eq!(taken, [0x02, 0x04, 0x08, 0x20, 0x40, 0x80]);
    }

    #[test]
    fn traits_survive_the_way_to_another_process() {
        for word in [0x02, 0x04, 0x08, 0x20, 0x40, 0x80] {
            for flags in [SEC_COMMIT, SEC_RESERVE, SEC_COMMIT | SEC_NOCACHE, SEC_RESERVE | SEC_WRITECOMBINE] {
                for on_file in [false, true] {
                    let traits = Plan::parse(word | flags, 1).expect("it is allowed").traits(on_file);
                    assert_eq!(Traits::from_bits(traits.to_bits()), traits);
                }
            }
        }
    }
}
