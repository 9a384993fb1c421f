//! How to repeat this by other means, all digests whole, and the run itself.

use walwarden_core::Digest;

use super::{Block, Fact, Heading, Row, Section, Table, Text, criteria, words};
use crate::report::{BackupOutcome, Report, RunBlock, Verdict};

/// How to repeat what was done.
pub(super) fn section(report: &Report) -> Section {
    let file = file_name(report);
    let mut blocks = vec![
        Block::plain(
            "Nothing here needs this program. The formats are specified, and the procedure is numbered in spec/13-verification.md; every signature can be checked with common tools.",
        ),
        Block::heading("The file is the one that was judged"),
    ];
    match &report.subject.file_digest {
        Some(digest) => blocks.extend([
            Block::Commands(vec![format!("openssl dgst -sha256 -r {file}")]),
            Block::Paragraph(Text::plain("It prints ").join(Text::digest(digest)).and(".")),
        ]),
        None => blocks.push(Block::plain(
            "An unpacked folder was judged; it has no digest of its own. The bundle digest identifies it.",
        )),
    }
    if let Some(digest) = &report.subject.bundle_digest {
        blocks.extend([
            Block::heading("The bundle digest, which stays the same when it is packed again"),
            Block::Commands(vec![
                format!("unzip -p {file} bundle.dsse.json |"),
                r#"  sed 's/.*"payload":"\([^"]*\)".*/\1/' | base64 -d | openssl dgst -sha256 -r"#.to_owned(),
            ]),
            Block::Paragraph(Text::plain("It prints ").join(Text::digest(digest)).and(".")),
        ]);
    }
    blocks.extend([
        Block::heading("A backup is the one in the statement"),
        Block::plain("Ask for the stored object of a backup in the list of digests, hash it with openssl dgst -sha256, and compare. To repeat a restore, restore it into your own server and compute its rows by 04-rows of the specification; this needs the row key of that backup, which lies beside the dump."),
    ]);
    blocks.push(Block::Heading(Heading { anchor: "head".into(), text: Text::plain("Keep this line") }));
    blocks.extend(head(report).blocks);
    Section::new("perform", "Doing it again by other means", blocks)
}

/// The name of the file where it is safe to type, else a placeholder.
pub(super) fn file_name(report: &Report) -> &str {
    typed(&report.subject.name, "BUNDLE.zip")
}

/// A name where it is safe to type, else what stands for it.
pub(super) fn typed<'a>(name: &'a str, otherwise: &'a str) -> &'a str {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let safe = !name.is_empty() && name.len() <= 80 && !name.starts_with('-') && name.bytes().all(is_plain);
    if safe { name } else { otherwise }
}

/// The head, in a form made to be kept; of a rejected bundle there is none.
pub(super) fn head(report: &Report) -> Section {
    let established = report.verdict() != Verdict::Rejected && report.facts.entries > 0;
    let blocks = match report.claims.as_ref().filter(|_| established) {
        Some(claims) => vec![
            Block::plain(
                "It is the head of the history that this report is about: origin, size, root. Give it next time with --known-head, which then shows that what you saw today is still there. Compare it with the head that the organisation sends you later by another channel.",
            ),
            Block::Commands(vec![format!("{} {} {}", claims.origin, claims.head.size, claims.head.root)]),
        ],
        None => vec![Block::plain("No head is established here: keep the one that you held before.")],
    };
    Section { anchor: "head".into(), number: String::new(), title: "Keep this line", blocks }
}

/// Runs of which the digests are listed: more stand in the workpapers.
const LISTED: usize = 40;

/// Digests whole.
pub(super) fn digests(report: &Report) -> Section {
    let mut rows = Vec::new();
    let mut push = |what: Text, digest: &Digest| rows.push(Row::new(vec![what.into(), Text::digest(digest).into()]));
    if let Some(digest) = &report.subject.bundle_digest {
        push(Text::plain("Bundle: payload of bundle.dsse.json"), digest);
    }
    if let Some(digest) = &report.subject.file_digest {
        push(Text::plain("The zip file"), digest);
    }
    if let Some(claims) = &report.claims {
        push(Text::plain(format!("Root of the chain at size {}", claims.head.size)), &claims.head.root);
    }
    for policy in &report.facts.policies {
        push(Text::plain("Policy ").and_record(&policy.version).and(", resolved"), &policy.digest);
    }
    let mut of_backups = 0_usize;
    for backup in &report.facts.backups {
        of_backups = of_backups.saturating_add(1);
        if of_backups > LISTED {
            continue;
        }
        if let BackupOutcome::Completed(done) = &backup.outcome {
            let of = |what: &str| Text::plain(format!("{what}, entry {}", words::number(backup.seq)));
            push(of("Stored object"), &done.sha256);
            if let Some(root) = &done.content_root {
                push(of("Content root"), root);
            }
        }
    }
    let table = Table {
        caption: "Digests (SHA-256), whole",
        columns: vec![words::fill("What", 1), words::fit("SHA-256")],
        rows,
    };
    let mut blocks = vec![table.or("None is established.")];
    if of_backups > LISTED {
        let more = words::count(of_backups.saturating_sub(LISTED), "more run", "more runs");
        blocks.push(Block::plain(format!(
            "Digests of {more} stand in the workpapers (--workpapers), in population_backups.csv."
        )));
    }
    Section::new("digests", "Digests, whole", blocks)
}

/// The one part that another run of the same program may print otherwise.
pub(super) fn run(report: &Report, run: &RunBlock) -> Section {
    let mut facts = program(run);
    facts.extend(criteria::arranged(report));
    Section { anchor: "run".into(), number: String::new(), title: "This run", blocks: vec![Block::Facts(facts)] }
}

/// Which program ran, where, and how it was shut in.
pub(in crate::render) fn program(run: &RunBlock) -> Vec<Fact> {
    let program = run.program.as_ref().map_or_else(|| Text::plain("not read"), Text::digest);
    vec![
        Fact::new("Program", Text::plain(format!("walwarden-verify {}", run.version))),
        Fact::new("Program digest", program),
        Fact::new("Platform", Text::plain(&run.platform)),
        Fact::new("Sandbox", Text::plain(&run.sandbox)),
    ]
}
