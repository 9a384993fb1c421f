//! Reads every row of a database and prints its content root: `cargo run --release --example row_pass -- CONNINFO`.
//!
//! The row pass of a backup alone, for `fixtures/bench/run`. The row key is fixed, so that two runs can be compared.

use std::{env, error::Error, sync::atomic::AtomicBool};

use walwarden_core::rows::{RowKey, content_root};
use walwarden_produce::dump::throttle::Throttle;
use walwarden_produce::postgres::{Connection, Session, catalog, rows::Reading};

fn main() -> Result<(), Box<dyn Error>> {
    let spec = env::args().nth(1).ok_or("usage: row_pass CONNINFO")?;
    let connection = Connection::resolve(&spec, &|name| env::var(name).ok())?;
    let mut session = Session::open(&connection)?;
    let tables = catalog::tables(&mut session)?;
    let (key, stop) = (RowKey::new([7; 32])?, AtomicBool::new(false));
    let reading = Reading {
        key: &key,
        progress: &|_| (),
        stop: &stop,
        cancel: &stop,
        ranges: None,
        scratch: &env::temp_dir(),
        throttle: &Throttle::new(None),
    };
    let leaves = reading.leaves(&mut session, &mut [], tables)?;
    println!("{}", content_root(&leaves)?);
    Ok(())
}
