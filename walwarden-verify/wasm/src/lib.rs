//! The judge as a WebAssembly module without imports: whoever runs it knows that it can reach nothing but what it is given.
//!
//! A caller puts bytes where [`place`] says, calls [`judge`], and reads what came of it at [`output`], [`output_length`]
//! bytes long; then it may ask [`rendering`] for reports, and reads those there too. Nothing else crosses the border: no
//! clock, no file, no network, no randomness. A panic is a trap of the module, for the caller to report as a fault of the
//! program: the module is then done with.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)] // input is hostile: spec:model-6
#![expect(unsafe_code, reason = "`#[unsafe(no_mangle)]` on what is exported; there is no other unsafe code")]

mod judging;
mod request;

use std::cell::RefCell;

use judging::{Given, Judged, Opened};

thread_local! {
    // One caller, one thread: a module without imports has no other.
    static STATE: RefCell<State> = RefCell::default();
}

#[derive(Default)]
struct State {
    given: Given,
    opened: Option<Opened>,
    judged: Option<Judged>,
    output: Vec<u8>,
}

/// Makes room for `length` bytes of an input, and says where; null where there is no such input.
///
/// 0 is the request (JSON: `bundle`, `as_of`, and more), 1 the bundle, 2 `handover.json`, 3 the bundle of the period
/// before, 4 roots of time-stamping authorities, 5 keys of witnesses, 6 digests of [`long_parts`]. Of these, 2 to 6 may be
/// left away.
#[unsafe(no_mangle)]
pub extern "C" fn place(input: usize, length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| match state.given.get_mut(input) {
        Some(bytes) => {
            *bytes = vec![0; length];
            reserve(length / 2);
            bytes.as_mut_ptr()
        }
        None => std::ptr::null_mut(),
    })
}

/// Makes the memory larger by what judging an input needs beside it: in one step, where the allocator would take thousands
/// of small ones, each of which costs as much.
fn reserve(length: usize) {
    let mut room = Vec::<u8>::new();
    // Where there is no such room, judging may do with less. It is given back at once, for the next thing that needs some.
    _ = room.try_reserve_exact(length);
    drop(std::hint::black_box(room));
}

/// Opens the bundle that was placed, after the request, and says which of its parts are hashed as a whole and have `least`
/// bytes: the output is JSON, a list of objects with `start` and `end`. A caller with a faster SHA-256 than WebAssembly has,
/// such as WebCrypto, may add `sha256` to each and place the list as input 6. What nobody hashed, [`judge`] hashes itself.
#[unsafe(no_mangle)]
pub extern "C" fn long_parts(least: usize) {
    STATE.with_borrow_mut(|state| {
        let opened = judging::open(&mut state.given);
        state.output = judging::long_parts(&opened, least);
        state.opened = Some(opened);
    });
}

/// Reads the bundle that was opened: most of the work of [`judge`], and all of it that needs no digest of a whole part. The
/// caller may have them computed meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn read() {
    STATE.with_borrow_mut(|state| {
        if let Some(Ok(bundle)) = &mut state.opened {
            bundle.read();
        }
    });
}

/// Judges what was placed, once: the bundle stays in the memory of this instance until it ends. Returns the exit code of the program (`spec:verification-2`); the output
/// is JSON: of `report.json` the members `verdict`, `counts`, `subject`, `claims`, `checks` and the status of each of the
/// `rules`; or `error` and `hint` where the code is 2.
#[unsafe(no_mangle)]
pub extern "C" fn judge() -> u32 {
    STATE.with_borrow_mut(|state| {
        let (judged, output, code) = judging::judge(std::mem::take(&mut state.given), state.opened.take());
        (state.judged, state.output) = (judged, output);
        code
    })
}

/// Renders what was judged: 0 HTML, 1 JSON, 2 PDF on A4, 3 PDF on Letter, 4 JUnit, 5 OSCAL, 6 text, 7 workpapers. Returns
/// 0 when the output is the rendering, 1 when it says why there is none.
#[unsafe(no_mangle)]
pub extern "C" fn rendering(number: u32) -> u32 {
    STATE.with_borrow_mut(|state| {
        let rendered = state.judged.as_ref().and_then(|judged| judged.rendered(number));
        let (output, code) = match rendered {
            Some(Ok(bytes)) => (bytes, 0),
            Some(Err(error)) => (error.to_string().into_bytes(), 1),
            None => (b"nothing was judged, or there is no such rendering".to_vec(), 1),
        };
        state.output = output;
        code
    })
}

/// Where the output lies, until the next call of [`judge`] or [`rendering`].
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    STATE.with_borrow(|state| state.output.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    STATE.with_borrow(|state| state.output.len())
}
