//! `STARTUPINFO`: what a process is told by the one that starts it, beside its command line.
//!
//! Needs `unsafe` to export functions, to read what callers point to and to write where they point.

use std::ptr;
use std::sync::OnceLock;

use crate::start_record;
use crate::table::Handle;
use crate::text;
use crate::wire::{Reader, Writer};

pub(crate) const USE_STANDARD_HANDLES: u32 = 0x100;

/// Windows' structure; `Unit` is that of its strings.
#[repr(C)]
pub(crate) struct StartupInfo<Unit> {
    size: u32,
    reserved: *mut Unit,
    desktop: *mut Unit,
    title: *mut Unit,
    numbers: [u32; 7],
    flags: u32,
    show_window: u16,
    data_len: u16,
    data: *mut u8,
    standard: [Handle; 3],
}

const _: () = assert!(size_of::<StartupInfo<u16>>() == 104);

/// The same, without pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Startup {
    desktop: Option<Vec<u16>>,
    title: Option<Vec<u16>>,
    /// Position, size, size in characters and colours.
    numbers: [u32; 7],
    pub(crate) flags: u32,
    show_window: u16,
    data: Vec<u8>,
    /// Standard input, output and error.
    pub(crate) standard: [usize; 3],
}

impl Startup {
    /// # Safety
    ///
    /// The pointer leads to the structure, and its pointers are null or lead to what the structure says.
    pub(crate) unsafe fn narrow(given: &StartupInfo<u8>) -> Startup {
        // SAFETY: as the caller promises.
        let text = |text: *mut u8| unsafe { text::narrow(text.cast()) }.map(text::to_wide);
        // SAFETY: as the caller promises.
        unsafe { Startup::read(given, text) }
    }

    /// # Safety
    ///
    /// As for [`Startup::narrow`].
    pub(crate) unsafe fn wide(given: &StartupInfo<u16>) -> Startup {
        // SAFETY: as the caller promises.
        let text = |text: *mut u16| unsafe { text::wide(text) }.map(<[u16]>::to_vec);
        // SAFETY: as the caller promises.
        unsafe { Startup::read(given, text) }
    }

    /// # Safety
    ///
    /// As for [`Startup::narrow`].
    unsafe fn read<Unit>(given: &StartupInfo<Unit>, text: impl Fn(*mut Unit) -> Option<Vec<u16>>) -> Startup {
        let data = if given.data.is_null() {
            Vec::new()
        } else {
            // SAFETY: as the caller promises.
            unsafe { std::slice::from_raw_parts(given.data, given.data_len.into()) }.to_vec()
        };
        Startup {
            desktop: text(given.desktop),
            title: text(given.title),
            numbers: given.numbers,
            flags: given.flags,
            show_window: given.show_window,
            data,
            standard: given.standard.map(|handle| handle.addr()),
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        for text in [&self.desktop, &self.title] {
            writer.number(text.is_some().into()).text(text.as_deref().unwrap_or_default());
        }
        for number in self.numbers {
            writer.number(number);
        }
        writer.number(self.flags).number(self.show_window.into()).bytes(&self.data);
        for handle in self.standard {
            writer.long(handle as u64);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Option<Startup> {
        let mut startup = Startup::default();
        for text in [&mut startup.desktop, &mut startup.title] {
            let given = reader.number()? != 0;
            *text = Some(reader.text()?).filter(|_| given);
        }
        for number in &mut startup.numbers {
            *number = reader.number()?;
        }
        startup.flags = reader.number()?;
        startup.show_window = u16::try_from(reader.number()?).ok()?;
        startup.data = reader.bytes()?.to_vec();
        for handle in &mut startup.standard {
            *handle = usize::try_from(reader.long()?).ok()?;
        }
        Some(startup)
    }
}

/// What this process was told, with its strings as callers get them, which stay for ever: desktop and title.
struct Told {
    startup: Startup,
    wide: [Vec<u16>; 2],
    narrow: [Vec<u8>; 2],
}

fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let startup = start_record::startup().cloned().unwrap_or_default();
        let texts = [&startup.desktop, &startup.title].map(|text| text.clone().unwrap_or_default());
        let narrow = texts.clone().map(|text| [text::to_utf8(&text).as_bytes(), &[0]].concat());
        let wide = texts.map(|text| [text, vec![0]].concat());
        Told { startup, wide, narrow }
    })
}

fn fill<Unit>(startup: &'static Startup, [desktop, title]: &'static [Vec<Unit>; 2]) -> StartupInfo<Unit> {
    let data = if startup.data.is_empty() { ptr::null_mut() } else { startup.data.as_ptr().cast_mut() };
    StartupInfo {
        size: size_of::<StartupInfo<Unit>>() as u32,
        reserved: ptr::null_mut(),
        desktop: desktop.as_ptr().cast_mut(),
        title: title.as_ptr().cast_mut(),
        numbers: startup.numbers,
        flags: startup.flags,
        show_window: startup.show_window,
        data_len: startup.data.len() as u16,
        data,
        standard: startup.standard.map(ptr::without_provenance_mut),
    }
}

/// # Safety
///
/// The pointer leads to room for the structure.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetStartupInfoA(startup: *mut StartupInfo<u8>) {
    let told = told();
    // SAFETY: as the caller promises.
    unsafe { startup.write(fill(&told.startup, &told.narrow)) };
}

/// # Safety
///
/// As for [`GetStartupInfoA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetStartupInfoW(startup: *mut StartupInfo<u16>) {
    let told = told();
    // SAFETY: as the caller promises.
    unsafe { startup.write(fill(&told.startup, &told.wide)) };
}
