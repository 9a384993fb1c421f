//! Stands in for the crate of that name; nothing of it is used.
#![no_std]
