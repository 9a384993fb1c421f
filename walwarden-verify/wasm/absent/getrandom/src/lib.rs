//! Stands in for the crate of that name where there is no randomness: whoever asks for some gets an error.
#![no_std]

use core::fmt;

use rand_core::TryRng;

/// There is no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error;

/// A source of it that has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct SysRng;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no randomness here")
    }
}

impl core::error::Error for Error {}

impl TryRng for SysRng {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32, Error> {
        u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Error> {
        u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        fill(bytes)
    }
}

/// Always [`Error`].
pub fn fill(_bytes: &mut [u8]) -> Result<(), Error> {
    Err(Error)
}

/// Always [`Error`].
pub fn u32() -> Result<u32, Error> {
    Err(Error)
}

/// Always [`Error`].
pub fn u64() -> Result<u64, Error> {
    Err(Error)
}
