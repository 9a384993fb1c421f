//! Chains of many lines and of odd ones: what is kept of each line, pieces put together, trees beyond one subtree
//! (`spec:chain-1` to `spec:chain-6`).

use walwarden_core::{
    Digest, EntryId, Origin,
    chain::{ChainError, Entries, Joining, Line, Piece, entry_hash, genesis_prev, origin, pieces},
    event::Event,
    limits,
    merkle::{Range, TreeHead},
};

const ORIGIN: &str = "acme.example/x";

/// One line, with what may differ.
#[derive(Clone)]
struct Said {
    kind: &'static str,
    data: String,
    refs: &'static str,
    statements: String,
    blobs: &'static str,
    origin: &'static str,
    id: u64,
}

fn said(kind: &'static str, data: &str) -> Said {
    Said { kind, data: data.into(), refs: "", statements: String::new(), blobs: "", origin: ORIGIN, id: u64::MAX }
}

fn future() -> Said {
    said("future.event", "{}")
}

fn started() -> Said {
    said("backup.started", r#"{"database":"shop","run_id":"01K3QZ8E5P00000000000RVN01","trigger":"schedule"}"#)
}

fn failed() -> Said {
    let data = r#"{"database":"wiki","reason_code":"x","retry_of":"01K3QZ8E5P0000000000000000","run_id":"01K3QZ8E5P00000000000RVN02","stage":"dump"}"#;
    said("backup.failed", data)
}

fn id(place: u64) -> EntryId {
    format!("01K3QZ8E5P{place:016}").parse().unwrap()
}

fn statement(payload: &Digest) -> String {
    format!(r#"{{"envelope":"{}","payload":"{payload}"}}"#, Digest::of(b"envelope"))
}

fn lines(all: &[Said]) -> Vec<Vec<u8>> {
    let mut prev = genesis_prev(&ORIGIN.parse::<Origin>().unwrap());
    let line = |(seq, said): (usize, &Said)| {
        let Said { kind, data, refs, statements, blobs, origin, id: stated } = said;
        let id = if *stated == u64::MAX { id(seq as u64) } else { id(*stated) };
        let tool = Digest::of(b"tool");
        let line = format!(
            r#"{{"_type":"https://walwarden.dev/spec/entry/v1","actor":{{"auth":"none","id":"x","kind":"person"}},"at":"2026-07-01T08:00:00.000000Z","blobs":[{blobs}],"data":{data},"id":"{id}","origin":"{origin}","policy":null,"prev":"{prev}","recorded_at":"2026-07-02T08:00:00.000000Z","refs":[{refs}],"seq":{seq},"statements":[{statements}],"tool":{{"name":"x","sha256":"{tool}","version":"1"}},"type":"{kind}"}}"#,
        );
        prev = entry_hash(line.as_bytes());
        line.into_bytes()
    };
    all.iter().enumerate().map(line).collect()
}

fn ndjson(all: &[Said]) -> Vec<u8> {
    lines(all).iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect()
}

/// Two whole subtrees of 1,024 leaves and some more.
fn many() -> Vec<u8> {
    ndjson(&vec![future(); 3100])
}

fn in_pieces(bytes: &[u8], size: usize) -> Result<Entries<'_>, ChainError> {
    let origin = origin(bytes);
    let mut joining = Joining::new(origin.clone());
    for piece in pieces(bytes, size) {
        joining.push(Piece::read(piece, origin.as_ref()));
    }
    joining.finish()
}

#[test]
fn pieces_are_whole_lines_and_nothing_is_lost() {
    let bytes = ndjson(&vec![future(); 20]);
    let line = bytes.len() / 20;
    for size in [0, 1, line - 1, line, line + 1, 3 * line, bytes.len() - 1, bytes.len(), bytes.len() + 1] {
        let pieces = pieces(&bytes, size);
        assert_eq!(pieces.concat(), bytes, "{size}");
        assert!(pieces.iter().all(|piece| piece.ends_with(b"\n")), "{size}");
        let (_, whole) = pieces.split_last().unwrap();
        assert!(whole.iter().all(|piece| (size + 1..=size + line + 1).contains(&piece.len())), "{size}");
    }
    assert_eq!(pieces(b"", 5), Vec::<&[u8]>::new());
    assert_eq!(pieces(b"ab\ncd", 1), [b"ab\n".as_slice(), b"cd"]);
}

#[test]
fn a_chain_in_pieces_is_the_chain() {
    let bytes = many();
    let whole = Entries::parse(&bytes).unwrap();
    assert_eq!(whole.contiguous(), Ok(()));
    for size in [1, 700, 40_000, 1 << 20] {
        let entries = in_pieces(&bytes, size).unwrap();
        assert_eq!(entries.contiguous(), Ok(()), "{size}");
        assert_eq!(entries.hashes(), whole.hashes());
        assert_eq!(entries.all().len(), 3100);
    }
    // Where one piece ends and the next begins, lines must follow as anywhere.
    let all = lines(&vec![future(); 20]);
    let cut = [all[..9].concat_lines(), all[10..].concat_lines()].concat();
    for size in [1, all[0].len() * 4, 1 << 20] {
        let entries = in_pieces(&cut, size).unwrap();
        assert!(matches!(entries.contiguous(), Err(ChainError::Seq { line: 10, found: 10 })), "{size}");
    }
    let first = [all[0].as_slice(), b"\n", &lines(&[Said { id: 7, ..future() }])[0], b"\n"].concat();
    let seq =
        String::from_utf8(first).unwrap().replacen("\"seq\":0", "\"seq\":1", 2).replacen("\"seq\":1", "\"seq\":0", 1);
    for size in [1, 1 << 20] {
        let found = in_pieces(seq.as_bytes(), size).unwrap().contiguous();
        assert!(
            matches!(found, Err(ChainError::Prev { line: 2, .. })),
            "a second line that follows on the genesis: {found:?}"
        );
    }
    let bad = [bytes.as_slice(), b"{}\n"].concat();
    for size in [1, 40_000] {
        assert!(matches!(in_pieces(&bad, size), Err(ChainError::Entry { line: 3101, .. })), "{size}");
        assert!(matches!(in_pieces(&[bytes.as_slice(), b"\n"].concat(), size), Err(ChainError::Lines { line: 3101 })));
    }
}

trait Lines {
    fn concat_lines(&self) -> Vec<u8>;
}

impl Lines for [Vec<u8>] {
    fn concat_lines(&self) -> Vec<u8> {
        self.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect()
    }
}

/// Batches of lines are read together: each number of lines about their size.
#[test]
fn every_number_of_lines_is_read() {
    for count in [0, 1, 2, 63, 64, 65, 127, 128, 129, 200] {
        let bytes = ndjson(&vec![future(); count]);
        let entries = Entries::parse(&bytes).unwrap();
        assert_eq!(entries.all().len(), count);
        assert_eq!(entries.contiguous(), Ok(()), "{count}");
        let hashes: Vec<Digest> = lines(&vec![future(); count]).iter().map(|line| entry_hash(line)).collect();
        assert_eq!(entries.hashes(), hashes);
        assert_eq!(entries.origin().map(Origin::as_str), (count > 0).then_some(ORIGIN));
    }
}

#[test]
fn trees_of_whole_subtrees_are_those_of_their_leaves() {
    let bytes = many();
    let entries = Entries::parse(&bytes).unwrap();
    let head = |size: usize| TreeHead {
        size: size as u64,
        root: entries.hashes()[..size].iter().copied().collect::<Range>().root(),
    };
    let sizes = [0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 3071, 3072, 3073, 3100];
    for size in sizes {
        assert_eq!(entries.root_at(size as u64), Some(head(size).root), "{size}");
        assert_eq!(entries.rebuild(&[head(size)]).unwrap().head(), head(3100));
        assert_eq!(entries.rebuild(&[head(1025), head(size)]).unwrap().head(), head(3100));
    }
    assert_eq!(entries.rebuild(&sizes.map(head)).unwrap().head(), head(3100));
    assert_eq!(entries.root_at(3101), None);
    for leaves in [1, 2, 4, 1024] {
        let leaves = &entries.hashes()[..leaves];
        assert_eq!(Range::complete(leaves), leaves.iter().copied().collect::<Range>().root());
    }
}

#[test]
fn an_entry_is_found_by_its_id() {
    let mut all: Vec<Said> = (0..9).map(|place| Said { id: (place * 5) % 9, ..future() }).collect();
    let bytes = ndjson(&all);
    let entries = Entries::parse(&bytes).unwrap();
    for place in 0..9 {
        assert_eq!(entries.position(id((place * 5) % 9)), Some(usize::try_from(place).unwrap()));
    }
    assert_eq!(entries.position(id(9)), None);
    assert_eq!(entries.position("00000000000000000000000000".parse().unwrap()), None);
    assert_eq!(entries.contiguous(), Ok(()));
    // Of a doubled id the first counts, and the second is where the chain breaks.
    all[7].id = all[2].id;
    let bytes = ndjson(&all);
    let entries = Entries::parse(&bytes).unwrap();
    assert_eq!(entries.position(id(all[2].id)), Some(2));
    assert!(matches!(entries.contiguous(), Err(ChainError::Id { line: 8, .. })));
    let pieces = in_pieces(&bytes, 1).unwrap();
    assert_eq!(pieces.position(id(all[2].id)), Some(2));
    assert!(matches!(pieces.contiguous(), Err(ChainError::Id { line: 8, .. })));
}

#[test]
fn statements_are_found_by_their_payload() {
    let (one, two, three) = (Digest::of(b"1"), Digest::of(b"2"), Digest::of(b"3"));
    let with = |payloads: &[&Digest]| {
        let statements: Vec<String> = payloads.iter().map(|payload| statement(payload)).collect();
        Said { statements: statements.join(","), ..future() }
    };
    let bytes = ndjson(&[with(&[&one]), with(&[]), with(&[&two, &one]), with(&[&three])]);
    for size in [1, 1 << 20] {
        let entries = in_pieces(&bytes, size).unwrap();
        let found = |payload: &Digest| entries.referring(payload).collect::<Vec<_>>();
        assert_eq!(
            [found(&one), found(&two), found(&three), found(&Digest::of(b"4"))],
            [vec![0, 2], vec![2], vec![3], vec![]]
        );
        let all: Vec<_> = entries.payloads().map(|(payload, position)| (*payload, position)).collect();
        assert_eq!(all, [(one, 0), (two, 2), (one, 2), (three, 3)]);
        let counts: Vec<_> = entries.all().iter().map(|line| line.statements().len()).collect();
        assert_eq!(counts, [1, 0, 2, 1]);
    }
    // A line of which nothing else is noted, not even that it follows.
    let alone = ndjson(&[Said { statements: statement(&one), ..future() }]);
    let alone = String::from_utf8(alone)
        .unwrap()
        .replace(&genesis_prev(&ORIGIN.parse().unwrap()).to_string(), &one.to_string());
    assert_eq!(Entries::parse(alone.as_bytes()).unwrap().all()[0].statements().len(), 1);
    let blob = format!(r#"{{"bytes":"1","media":"text/plain","name":"n","sha256":"{one}"}}"#);
    let alone = alone
        .replace(&format!("\"statements\":[{}]", statement(&one)), "\"statements\":[]")
        .replace("\"blobs\":[]", &format!("\"blobs\":[{blob}]"));
    let entries = Entries::parse(alone.as_bytes()).unwrap();
    assert_eq!(entries.all()[0].statements().len(), 0);
    assert_eq!(entries.all()[0].blobs().len(), 1);
}

#[test]
fn completed_backups_are_found_by_their_database() {
    let completed = |database: &str| {
        let digest = Digest::of(b"any");
        let data = format!(
            r#"{{"completed_at":"2026-07-01T07:00:00.000000Z","database":"{database}","object":{{"account_ref":"a","bucket":"b","bytes":"1","key":"k","provider":"local","region":"eu","sha256":"{digest}"}},"rows":"1","run_id":"01K3QZ8E5P00000000000RVN01","same_snapshot":true,"schema":{{"exact":"{digest}","portable":"{digest}"}},"snapshot_at":"2026-07-01T07:00:00.000000Z","started_at":"2026-07-01T07:00:00.000000Z","tables":1,"warnings":0}}"#
        );
        said("backup.completed", &data)
    };
    // A name that is not plain text is read by the parser, the others by their fixed text.
    let names = ["shop", "wiki", "shop", "sh\u{f6}p", "shop"];
    let all: Vec<Said> = names.iter().flat_map(|name| [started(), completed(name)]).collect();
    let bytes = ndjson(&all);
    for size in [1, 3000, 1 << 20] {
        let entries = in_pieces(&bytes, size).unwrap();
        assert_eq!(entries.contiguous(), Ok(()));
        assert_eq!(entries.completed_of("shop"), [1, 5, 9], "{size}");
        assert_eq!(entries.completed_of("wiki"), [3]);
        assert_eq!(entries.completed_of("sh\u{f6}p"), [7]);
        assert_eq!(entries.completed_of("blog"), [] as [u32; 0]);
        let found: Vec<_> = entries.completed().collect();
        assert_eq!(found, [("shop", [1, 5, 9].as_slice()), ("sh\u{f6}p", &[7]), ("wiki", &[3])]);
    }
}

#[test]
fn a_line_answers_as_its_entry() {
    let blob = r#"{"bytes":"1","media":"text/plain","name":"n","sha256":"0000000000000000000000000000000000000000000000000000000000000000"}"#;
    let all = [
        future(),
        started(),
        failed(),
        Said { blobs: blob, ..future() },
        Said { refs: "\"01K3QZ8E5P0000000000000000\"", ..future() },
        Said { refs: "\"01K3QZ8E5P0000000000000000\"", ..failed() },
        said("backup.started", r#"{"database":"shop"}"#),
        Said { origin: "acme.example/y", ..future() },
    ];
    let bytes = ndjson(&all);
    let entries = Entries::parse(&bytes).unwrap();
    let lines = entries.all();
    let ask = |answer: fn(&Line<'_>) -> bool| lines.iter().map(answer).collect::<Vec<_>>();
    let kinds: Vec<_> = lines.iter().map(|line| line.kind().into_owned()).collect();
    assert_eq!(kinds, all.clone().map(|said| said.kind));
    assert_eq!(ask(|line| line.is_known_type()), [false, true, true, false, false, true, true, false]);
    assert_eq!(ask(|line| line.is_interpreted()), [false, true, true, false, false, true, false, false]);
    assert_eq!(ask(|line| line.refers()), [false, false, true, false, true, true, false, false]);
    assert_eq!(ask(|line| line.blobs().len() == 1), [false, false, false, true, false, false, false, false]);
    assert_eq!(ask(|line| line.is_one_of(&["backup.failed"])), [false, false, true, false, false, true, false, false]);
    assert_eq!(
        ask(|line| matches!(line.event(), Event::BackupFailed(_))),
        [false, false, true, false, false, true, false, false]
    );
    assert_eq!(lines[1].run().as_str(), "01K3QZ8E5P00000000000RVN01");
    assert_eq!(lines[2].run().as_str(), "01K3QZ8E5P00000000000RVN02");
    assert_eq!(lines[0].run(), lines[0].id);
    let split: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    assert!(lines.iter().zip(split).all(|(line, said)| line.bytes() == said));
    assert_eq!(lines[0].at().to_string(), "2026-07-01T08:00:00.000000Z");
    assert!(matches!(entries.contiguous(), Err(ChainError::Origin { line: 8 })));
    // The type that stands last in the list is one of it.
    let last = ndjson(&[said(Event::TYPES.last().unwrap(), "{}")]);
    assert!(Entries::parse(&last).unwrap().all()[0].is_known_type());
}

/// `spec:bytes-6`: also of a line that is read by its fixed text.
#[test]
fn a_line_is_at_most_as_long_as_a_document() {
    let line = |reason: usize| {
        let data = format!(
            r#"{{"database":"shop","reason":"{}","run_id":"01K3QZ8E5P00000000000RVN01","trigger":"schedule"}}"#,
            "x".repeat(reason)
        );
        // The second: the first is always read by the parser.
        ndjson(&[started(), said("backup.started", &data)])
    };
    let first = ndjson(&[started()]).len();
    let most = limits::DOCUMENT_BYTES - (line(0).len() - first - 1);
    assert!(Entries::parse(&line(most)).is_ok());
    assert!(matches!(Entries::parse(&line(most + 1)), Err(ChainError::Entry { line: 2, .. })));
    assert!(matches!(Entries::parse(&line(most + 2)), Err(ChainError::Entry { line: 2, .. })));
}

#[test]
fn a_line_may_be_known_to_name_the_policy_of_the_line_before() {
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let all = ndjson(&vec![started(); 7]);
    let policies = ["null".to_owned(), "null".into(), format!("\"{one}\""), format!("\"{one}\""), format!("\"{two}\"")];
    let mut text = String::from_utf8(all).unwrap();
    for (line, policy) in policies.iter().enumerate() {
        let changed: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(at, said)| {
                if at == line { said.replace("\"policy\":null", &format!("\"policy\":{policy}")) } else { said.into() }
            })
            .collect();
        text = changed.join("\n") + "\n";
    }
    let entries = Entries::parse(text.as_bytes()).unwrap();
    let known: Vec<bool> = entries.all().iter().map(|line| line.names_policy_of_line_before()).collect();
    assert_eq!(known, [false, true, false, true, false, false, true]);
    let named: Vec<Option<Digest>> = entries.all().iter().map(|line| line.policy()).collect();
    assert_eq!(named, [None, None, Some(one), Some(one), Some(two), None, None]);
}
