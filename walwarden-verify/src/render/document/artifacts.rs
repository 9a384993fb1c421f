//! Stored objects that the reader brought.

use super::{Block, Cell, Mark, Row, Section, Sign, Table, Text, Tone, words};
use crate::report::{ArtifactsShown, Compared, ObjectShown, OtherFile, Report};

/// Every stated object beside the files given, and the files that belong to none.
pub(super) fn section(report: &Report) -> Section {
    let blocks = match &report.facts.artifacts {
        Some(artifacts) => given(artifacts),
        None => vec![Block::plain(
            "None was compared: no folder was given with --artifacts, or the statements that name the objects were not verified. That a stored object is what its statement says was not looked at here.",
        )],
    };
    Section { anchor: "stored".into(), number: String::new(), title: "Stored objects", blocks }
}

/// How many of the stated objects were hashed here, for the first page.
pub(super) fn count(report: &Report) -> Text {
    let Some(artifacts) = &report.facts.artifacts else {
        return Text::plain("none was hashed here; what lies in the storage was not looked at");
    };
    let of = |which: fn(&Compared) -> bool| artifacts.objects.iter().filter(|one| which(&one.compared)).count();
    let equal = of(|one| matches!(one, Compared::Equal { .. }));
    let different = of(|one| matches!(one, Compared::Differs { .. }));
    let all = words::count(artifacts.objects.len(), "object", "objects");
    Text::plain(format!("{equal} of {all} hashed here and equal, {different} different; the others were not read here"))
}

fn given(artifacts: &ArtifactsShown) -> Vec<Block> {
    let objects = Table {
        caption: "Every object that a backup statement names, beside the files given",
        columns: vec![
            words::figures("Entry"),
            words::fit("Object"),
            words::fit("Result"),
            words::fill("Database, key, file", 1),
            words::figures("Bytes"),
        ],
        rows: artifacts.objects.iter().map(object).collect(),
    };
    let others = Table {
        caption: "Files given that belong to no stated object",
        columns: vec![words::fill("File", 2), words::figures("Bytes"), words::fill("Why", 2)],
        rows: artifacts.others.iter().map(other).collect(),
    };
    let mut blocks =
        vec![
            Block::Paragraph(Text::plain("Files below ").join(Text::code(&artifacts.folder)).and(
                " were hashed in this run. Equal means: the digest and the size that the signed statement states.",
            )),
            objects.or("No backup statement is carried."),
            Block::heading("Other files"),
            others.or("None."),
        ];
    if artifacts.others_left_out > 0 {
        let more = words::count(artifacts.others_left_out, "more file is", "more files are");
        blocks.push(Block::plain(format!("{more} not listed.")));
    }
    blocks.extend(artifacts.more.map(|more| Block::plain(format!("Not complete: {more}."))));
    blocks
}

/// What the files given say of an object, and which one it was.
pub(in crate::render) fn compared(object: &ObjectShown) -> (Mark, Option<Text>) {
    let named = |path: &str| Text::plain("file ").and_record(path);
    match &object.compared {
        Compared::Equal { path, before_encryption: false } => {
            (Mark::new(Sign::Disc, Tone::Good, "equal"), Some(named(path)))
        }
        Compared::Equal { path, before_encryption: true } => {
            (Mark::new(Sign::Disc, Tone::Good, "equal, before encryption"), Some(named(path)))
        }
        Compared::Differs { path, bytes, sha256 } => {
            let file = named(path).and(format!(" has {} bytes, ", words::number(*bytes))).join(Text::digest(sha256));
            (Mark::new(Sign::Cross, Tone::Bad, "differs"), Some(file))
        }
        Compared::Unread { path, why } => {
            (Mark::new(Sign::Ring, Tone::Warn, "not read"), Some(named(path).and(": ").and_record(why)))
        }
        Compared::NotGiven => (Mark::new(Sign::Dash, Tone::Quiet, "not given"), None),
    }
}

fn object(object: &ObjectShown) -> Row {
    let (mark, file) = compared(object);
    let mut lines = vec![Text::record(&object.database).and(", ").and_record(&object.key)];
    lines.extend(file);
    let seq = object.seq.map_or_else(String::new, words::number);
    Row::new(vec![
        Text::plain(seq).into(),
        Text::plain(object.what).into(),
        mark.into(),
        Cell::Lines(lines),
        Text::plain(words::number(object.bytes)).into(),
    ])
}

fn other(file: &OtherFile) -> Row {
    Row::new(vec![
        Text::record(&file.path).into(),
        Text::plain(words::number(file.bytes)).into(),
        Text::record(&file.why).into(),
    ])
}
