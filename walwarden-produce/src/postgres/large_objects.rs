//! Large objects: `{loid, sha256}` for each, in the order of loid.
//!
//! A first query brings the beginning of every object in one stream; only what is longer is asked for again, piece by
//! piece. So many small objects cost no round trips, and no object is ever whole in memory, here or on the server.

use walwarden_core::{
    Decimal,
    digest::Hasher,
    rows::{ContentLeaf, Layout, Order, TableHasher},
};

use super::{
    copy::Decoder,
    rows::{ContentError, Interrupt, Reading},
    session::{Session, SqlError},
};

/// Bytes of an object asked for at once.
const PIECE: usize = 64 << 10;

/// Reads all large objects.
pub(crate) fn leaf(session: &mut Session, reading: &Reading<'_>) -> Result<ContentLeaf, ContentError> {
    read(session, reading).map_err(|interrupt| interrupt.named("large objects".into()))
}

fn read(session: &mut Session, reading: &Reading<'_>) -> Result<ContentLeaf, Interrupt> {
    let mut objects = heads(session, reading)?;
    for object in objects.iter_mut().filter(|object| object.longer) {
        let mut offset = PIECE;
        while rest(session, reading, object, offset)? == PIECE {
            offset += PIECE;
        }
    }
    let layout = Layout::new(&["loid", "sha256"])?;
    let mut tree = TableHasher::new(reading.key, Order::Key);
    let mut row = Vec::new();
    for object in objects {
        let (loid, digest) = (object.loid.to_string(), object.hasher.finish().to_string());
        layout.write(&[Some(&loid), Some(&digest)], &mut row)?;
        tree.push(&row);
    }
    let (count, root) = tree.finish();
    Ok(ContentLeaf::LargeObjects { count: Decimal(count), root })
}

struct Object {
    loid: u32,
    hasher: Hasher,
    /// Whether its first piece was full, so that there may be more.
    longer: bool,
}

fn heads(session: &mut Session, reading: &Reading<'_>) -> Result<Vec<Object>, Interrupt> {
    let query = format!(
        "SELECT oid, lo_get(oid, 0, {PIECE}) FROM pg_largeobject_metadata ORDER BY pg_largeobject_metadata.oid"
    );
    let mut objects = Vec::new();
    let mut decoder = Decoder::new();
    let mut bytes = Vec::new();
    session.copy::<Interrupt>(&query, &mut |lines| {
        let mut result = Ok(());
        decoder.decode(lines, |row| {
            let Ok(()) = result else { return };
            result = match row {
                [Some(loid), Some(data)] => piece(data, &mut bytes).and_then(|()| {
                    let mut hasher = Hasher::new();
                    hasher.update(&bytes);
                    let loid = super::facts::number(loid)?;
                    objects.push(Object { loid, hasher, longer: bytes.len() == PIECE });
                    Ok(())
                }),
                _ => Err(unexpected()),
            };
        })?;
        reading.go_on()?;
        Ok(result?)
    })?;
    Ok(objects)
}

/// Hashes the piece at `offset` and returns its length.
fn rest(session: &mut Session, reading: &Reading<'_>, object: &mut Object, offset: usize) -> Result<usize, Interrupt> {
    reading.go_on()?;
    let [data] = session.one(&format!("SELECT lo_get({}, {offset}, {PIECE})", object.loid))?;
    let mut bytes = Vec::new();
    piece(&data, &mut bytes)?;
    object.hasher.update(&bytes);
    Ok(bytes.len())
}

/// Undoes `bytea` in hex.
fn piece(text: &str, out: &mut Vec<u8>) -> Result<(), SqlError> {
    out.clear();
    let digits = text.strip_prefix("\\x").ok_or_else(unexpected)?;
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or_else(unexpected);
    for pair in digits.as_bytes().chunks_exact(2) {
        if let [high, low] = pair {
            out.push(digit(*high)? << 4 | digit(*low)?);
        }
    }
    Ok(())
}

fn unexpected() -> SqlError {
    SqlError::Answer("a large object is not bytes".into())
}
