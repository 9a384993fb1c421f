//! Core agrees with every case of `spec/vectors/`, which `spec/reference/vectors.py` wrote without looking here.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, value::RawValue};
use walwarden_core::{
    Base64, Decimal, Digest, EntryId, Origin, Period, Time, bundle,
    chain::{self, Entries, Entry},
    checkpoint::{self, Note},
    cosignature::Witness,
    dsse::{self, Envelope},
    event::Event,
    exposure::{self, Breach, Held, Limit, Tooth},
    fork::Fork,
    handover::Handover,
    jcs,
    key::{Ed25519Key, PublicKey},
    limits,
    merkle::{self, Proof, Range, TreeHead},
    occurrence::{self, End, Pace, Run, Term},
    policy::Policy,
    record::{Exhibits, Record},
    registry::{RootPins, Versions},
    retention,
    rows::{self, ContentLeaf, Layout, Order, RowKey, TableHasher},
    rules::{self, Gate},
    schedule::Schedule,
    statement::{Backup, Bundle, Evidence, KeyRegistry, RestoreTest, Review, Statement},
    zone::Zone,
};

/// What a case comes to: `Ok`, or how core differs from it.
type Judged = Result<(), String>;

/// A file, how many cases it must have, and how core is asked.
struct File(&'static str, usize, fn(&Value) -> Judged);

/// Every file. Change a number on purpose.
const FILES: &[File] = &[
    File("bundle.json", 3, |_| Ok(())), // read by walwarden-verify/tests/vectors.rs
    File("chains.json", 26, chains),
    File("checkpoints.json", 26, checkpoints),
    File("consistency.json", 178, consistency),
    File("content.json", 21, content),
    File("cosignatures.json", 32, cosignatures),
    File("entries.json", 46, entries),
    File("envelopes.json", 32, envelopes),
    File("events.json", 916, |_| Ok(())), // needs its neighbours: see below
    File("fields.json", 23, |_| Ok(())),  // read by walwarden-verify/tests/sample.rs, like samples and sizes
    File("fork.json", 38, fork),
    File("genesis.json", 4, genesis),
    File("handover.json", 13, handover),
    File("inclusion.json", 130, inclusion),
    File("json.json", 73, json),
    File("keys.json", 65, keys),
    File("lines.json", 4, lines),
    File("names.json", 22, names),
    File("occurrences.json", 39, occurrences),
    File("pae.json", 4, pae),
    File("policies.json", 244, policy),
    File("policy.json", 45, policy),
    File("proofs.json", 1, proofs),
    File("readme.json", 1, readme),
    File("registry.json", 56, registry),
    File("resolved.json", 15, resolved),
    File("roots.json", 18, roots),
    File("rows.json", 13, row),
    File("rules.json", 59, rules),
    File("cadences.json", 31, cadences),
    File("exposures.json", 32, exposures),
    File("retentions.json", 11, retentions),
    File("samples.json", 60, |_| Ok(())),
    File("schedules.json", 55, schedules),
    File("signatures.json", 46, signatures),
    File("signer.json", 30, |_| Ok(())), // read by walwarden-produce/src/signer/wire.rs
    File("sizes.json", 120, |_| Ok(())),
    File("spellings.json", 104, spellings),
    File("statements.json", 0, |_| Ok(())), // needs its neighbours: see below
    File("tables.json", 12, tables),
    File("verdicts.json", 20, |_| Ok(())), // read by walwarden-verify/tests/vectors.rs
    File("zip.json", 65, |_| Ok(())),      // likewise
];

const STATEMENTS: usize = 335;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors")
}

fn cases(file: &str) -> Vec<Value> {
    let text = fs::read(folder().join(file)).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    document["cases"].as_array().unwrap().clone()
}

#[test]
fn every_file_is_known() {
    let found: BTreeSet<String> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let known: BTreeSet<String> = FILES.iter().map(|File(name, ..)| (*name).to_owned()).collect();
    assert_eq!(found, known);
    assert_eq!(found.len(), 42, "change this number on purpose");
}

#[test]
fn core_agrees_with_every_case() {
    let mut differ = Vec::new();
    for File(file, count, judge) in FILES {
        let cases = cases(file);
        if *count > 0 {
            assert_eq!(cases.len(), *count, "{file}");
        }
        for case in &cases {
            if let Err(how) = judge(case) {
                differ.push(format!("{file} {} ({}): {how}", text(case, "name"), text(case, "rule")));
            }
        }
    }
    assert!(differ.is_empty(), "{} cases differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn core_agrees_with_every_statement() {
    let cases = cases("statements.json");
    assert_eq!(cases.len(), STATEMENTS);
    let mut differ = Vec::new();
    for case in &cases {
        let payload = statement_payload(case, &cases);
        let accepted = match text(case, "kind") {
            "backup" => Statement::<Backup>::parse_payload(&payload).map(|s| s.to_jcs()),
            "restore-test" => Statement::<RestoreTest>::parse_payload(&payload).map(|s| s.to_jcs()),
            "key-registry" => Statement::<KeyRegistry>::parse_payload(&payload).map(|s| s.to_jcs()),
            "evidence" => Statement::<Evidence>::parse_payload(&payload).map(|s| s.to_jcs()),
            "review" => Statement::<Review>::parse_payload(&payload).map(|s| s.to_jcs()),
            "bundle" => Statement::<Bundle>::parse_payload(&payload).map(|s| s.to_jcs()),
            kind => panic!("no such kind: {kind}"),
        };
        let judged = valid(case, &accepted).and_then(|()| match accepted {
            Ok(again) => same("bytes", &again.unwrap(), &payload),
            Err(_) => Ok(()),
        });
        if let Err(how) = judged {
            differ.push(format!("{}: {how}", text(case, "name")));
        }
        if let Some(digest) = case.get("sha256") {
            assert_eq!(Digest::of(&payload).to_string(), digest.as_str().unwrap());
        }
    }
    assert!(differ.is_empty(), "{} cases differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn core_agrees_with_every_event() {
    let cases = cases("events.json");
    let wholes: BTreeSet<&str> =
        cases.iter().filter(|case| text(case, "name").ends_with(" whole")).map(|case| text(case, "type")).collect();
    assert_eq!(wholes, Event::TYPES.iter().copied().collect(), "every type, and no other, is shown whole");
    let mut differ = Vec::new();
    for case in &cases {
        let (kind, data) = event_data(case, &cases);
        let event = Event::parse(&kind, &RawValue::from_string(data.clone()).unwrap());
        let interpreted = case["interpreted"].as_bool().unwrap();
        let judged = same("interpreted", &(event != Event::NotInterpreted), &interpreted).and_then(|()| {
            if !interpreted {
                return Ok(());
            }
            same("kind", &event.kind(), &kind.as_str())?;
            same("data", &event.data().unwrap().get(), &data.as_str())?;
            let refs: Vec<&str> = list(case, "refs").iter().map(|id| id.as_str().unwrap()).collect();
            let referring = refs.is_empty() || Event::REFERRING.contains(&kind.as_str());
            same("refs", &event.refs().iter().map(EntryId::as_str).collect(), &refs)?;
            same("may refer", &referring, &true)
        });
        if let Err(how) = judged {
            differ.push(format!("{}: {how}", text(case, "name")));
        }
    }
    assert!(differ.is_empty(), "{} cases differ:\n{}", differ.len(), differ.join("\n"));
}

/// Type and data of a case, or those of its base with one place set or without it.
fn event_data(case: &Value, cases: &[Value]) -> (String, String) {
    let Some(base) = case.get("base") else { return (text(case, "type").into(), text(case, "data").into()) };
    let (kind, data) = event_data(cases.iter().find(|other| other["name"] == *base).unwrap(), cases);
    let mut data: Value = serde_json::from_str(&data).unwrap();
    let [way @ .., last] = list(case, "at") else { panic!("a place in {case}") };
    let place = way.iter().fold(&mut data, |place, step| match step {
        Value::String(name) => &mut place[name.as_str()],
        step => &mut place[usize::try_from(step.as_u64().unwrap()).unwrap()],
    });
    match (case.get("set"), last) {
        (Some(value), Value::String(name)) => place[name.as_str()] = value.clone(),
        (Some(value), index) => place[usize::try_from(index.as_u64().unwrap()).unwrap()] = value.clone(),
        (None, name) => drop(place.as_object_mut().unwrap().remove(name.as_str().unwrap()).expect("the member")),
    }
    (kind, String::from_utf8(jcs::to_vec(&data).unwrap()).unwrap())
}

/// The payload of a case, or that of its base with one member of the predicate dropped or null.
fn statement_payload(case: &Value, cases: &[Value]) -> Vec<u8> {
    let Some(base) = case.get("base") else { return text(case, "payload").into() };
    let base = cases.iter().find(|other| other["name"] == *base).unwrap();
    let mut value: Value = serde_json::from_str(text(base, "payload")).unwrap();
    let predicate = value["predicate"].as_object_mut().unwrap();
    let before = predicate.len();
    match (case.get("drop"), case.get("null")) {
        (Some(name), None) => drop(predicate.remove(name.as_str().unwrap())),
        (None, Some(name)) => drop(predicate.insert(name.as_str().unwrap().into(), Value::Null)),
        _ => panic!("a case drops a member or makes it null"),
    }
    assert!(before - predicate.len() == usize::from(case.get("drop").is_some()), "no such member: {case}");
    jcs::to_vec(&value).unwrap()
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_else(|| panic!("{member} is a string in {case}"))
}

fn list<'a>(case: &'a Value, member: &str) -> &'a [Value] {
    case[member].as_array().unwrap_or_else(|| panic!("{member} is a list in {case}"))
}

fn number(case: &Value, member: &str) -> u64 {
    text(case, member).parse().unwrap()
}

fn digest(case: &Value, member: &str) -> Digest {
    text(case, member).parse().unwrap()
}

fn digests(case: &Value, member: &str) -> Vec<Digest> {
    list(case, member).iter().map(|d| d.as_str().unwrap().parse().unwrap()).collect()
}

fn head(value: &Value) -> TreeHead {
    TreeHead { size: number(value, "size"), root: digest(value, "root") }
}

fn heads(case: &Value) -> Vec<TreeHead> {
    list(case, "heads").iter().map(head).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn bytes_32(hex: &str) -> [u8; 32] {
    bytes(hex).try_into().unwrap()
}

fn keys_of(case: &Value) -> Vec<PublicKey> {
    list(case, "keys").iter().map(|key| serde_json::from_value(key.clone()).unwrap()).collect()
}

/// Keys of heads: 32 bytes in hex.
fn log_keys_of(case: &Value) -> Vec<Ed25519Key> {
    list(case, "keys").iter().map(|key| Ed25519Key::from_bytes(bytes_32(key.as_str().unwrap())).unwrap()).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Judged {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?}, not {expected:?}")) }
}

/// Whether core accepts exactly what the case calls valid.
fn valid<T, E: std::fmt::Display>(case: &Value, found: &Result<T, E>) -> Judged {
    match (case["valid"].as_bool().unwrap(), found) {
        (true, Ok(_)) | (false, Err(_)) => Ok(()),
        (true, Err(e)) => Err(format!("valid, but core says: {e}")),
        (false, Ok(_)) => Err("not valid, but core accepts it".into()),
    }
}

fn json(case: &Value) -> Judged {
    let document = match (case.get("json"), case.get("base64"), case.get("make")) {
        (Some(text), None, None) => text.as_str().unwrap().as_bytes().to_vec(),
        (None, Some(text), None) => text.as_str().unwrap().parse::<Base64>().unwrap().0,
        (None, None, Some(make)) => made(make),
        _ => panic!("a case has one document"),
    };
    let checked = jcs::check(&document);
    valid(case, &checked)?;
    valid(case, &jcs::parse_exact::<Value>(&document))?;
    if checked.is_ok() {
        same("sha256", &Digest::of(&document), &digest(case, "sha256"))?;
        let value: Value = serde_json::from_slice(&document).unwrap();
        same("JCS", &jcs::to_vec(&value).unwrap(), &document)?;
    }
    Ok(())
}

fn made(make: &Value) -> Vec<u8> {
    if let Some(n) = make.get("string") {
        return format!("\"{}\"", "a".repeat(usize::try_from(n.as_u64().unwrap()).unwrap() - 2)).into();
    }
    let members: Vec<_> = (0..make["members"].as_u64().unwrap()).map(|i| format!("\"{i:05}\":0")).collect();
    format!("{{{}}}", members.join(",")).into()
}

fn spellings(case: &Value) -> Judged {
    let spelt = text(case, "text");
    let again = match text(case, "kind") {
        "digest" => spelt.parse::<Digest>().map(|v| v.to_string()).map_err(|e| e.to_string()),
        "decimal" => spelt.parse::<Decimal>().map(|v| v.to_string()).map_err(|e| e.to_string()),
        "base64" => spelt.parse::<Base64>().map(|v| v.to_string()).map_err(|e| e.to_string()),
        "entry-id" => spelt.parse::<EntryId>().map(|v| v.to_string()).map_err(|e| e.to_string()),
        "origin" => spelt.parse::<Origin>().map(|v| v.to_string()).map_err(|e| e.to_string()),
        "time" => {
            let time = spelt.parse::<Time>();
            if let Ok(time) = time {
                same("microseconds", &time.micros().to_string().as_str(), &text(case, "micros"))?;
            }
            time.map(|v| v.to_string()).map_err(|e| e.to_string())
        }
        kind => panic!("no such kind: {kind}"),
    };
    valid(case, &again)?;
    again.map_or(Ok(()), |again| same("spelling", &again.as_str(), &spelt))
}

fn row(case: &Value) -> Judged {
    let columns: Vec<&str> = list(case, "columns").iter().map(|c| c.as_str().unwrap()).collect();
    let values: Vec<Option<&str>> = list(case, "values").iter().map(Value::as_str).collect();
    let key = RowKey::new(bytes_32(text(case, "key"))).unwrap();
    let mut out = Vec::new();
    Layout::new(&columns).unwrap().write(&values, &mut out).unwrap();
    let inner = RowKey::inner(&out);
    same("row", &std::str::from_utf8(&out).unwrap(), &text(case, "jcs"))?;
    same("commitment", &key.commitment(), &digest(case, "commitment"))?;
    same("inner", &inner, &digest(case, "inner"))?;
    same("opening", &key.opening(&inner), &digest(case, "opening"))?;
    same("leaf", &key.leaf(&inner), &digest(case, "leaf"))
}

fn tables(case: &Value) -> Judged {
    let key = RowKey::new(bytes_32(text(case, "key"))).unwrap();
    let order: Order = serde_json::from_value(case["order"].clone()).unwrap();
    let mut table = TableHasher::new(&key, order);
    list(case, "rows").iter().for_each(|row| table.push(row.as_str().unwrap().as_bytes()));
    same("count and root", &table.finish(), &(number(case, "count"), digest(case, "root")))
}

fn content(case: &Value) -> Judged {
    let list = text(case, "tables").as_bytes();
    jcs::check_up_to(list, limits::LIST_BYTES).unwrap();
    let parsed = serde_json::from_slice::<Vec<ContentLeaf>>(list).map_err(|e| e.to_string());
    let root = parsed.and_then(|leaves| Ok((rows::content_root(&leaves).map_err(|e| e.to_string())?, leaves)));
    valid(case, &root)?;
    let Ok((root, leaves)) = root else { return Ok(()) };
    let hashes: Vec<Digest> = leaves.iter().map(|leaf| merkle::leaf_hash(&jcs::to_vec(leaf).unwrap())).collect();
    same("leaf hashes", &hashes, &digests(case, "leaf_hashes"))?;
    same("content root", &root, &digest(case, "root"))
}

fn leaves(n: u64) -> Vec<Digest> {
    (0..n).map(|i| merkle::leaf_hash(i.to_string().as_bytes())).collect()
}

fn roots(case: &Value) -> Judged {
    let head = leaves(number(case, "size")).into_iter().collect::<Range>().head();
    same("head", &head, &self::head(case))
}

fn inclusion(case: &Value) -> Judged {
    let (index, proof) = (number(case, "index"), Proof(digests(case, "proof")));
    valid(case, &merkle::verify_inclusion(&proof, &digest(case, "leaf"), index, &head(case)))?;
    if case["valid"] == true {
        let made = merkle::inclusion(&leaves(number(case, "size")), usize::try_from(index).unwrap());
        same("proof", &made, &Some(proof))?;
    }
    Ok(())
}

fn consistency(case: &Value) -> Judged {
    let (old, new, proof) = (head(&case["old"]), head(&case["new"]), Proof(digests(case, "proof")));
    valid(case, &merkle::verify_consistency(&proof, &old, &new))?;
    let leaves = leaves(new.size.min(64));
    if case["valid"] == true && leaves.iter().copied().collect::<Range>().root() == new.root {
        same("proof", &merkle::consistency(&leaves, usize::try_from(old.size).unwrap()), &Some(proof))?;
    }
    Ok(())
}

fn fork(case: &Value) -> Judged {
    let pins =
        case["pins"].as_array().expect("pins").iter().map(|pin| pin.as_str().unwrap().parse().unwrap()).collect();
    let threshold = usize::try_from(case["threshold"].as_u64().unwrap()).unwrap();
    let found = Fork::parse(case["evidence"].as_str().unwrap().as_bytes(), &RootPins { pins, threshold });
    match (found, case["valid"].as_bool().unwrap()) {
        (Ok(_), true) | (Err(_), false) => Ok(()),
        (Ok(_), false) => Err("taken".into()),
        (Err(error), true) => Err(error.to_string()),
    }
}

fn genesis(case: &Value) -> Judged {
    let origin: Origin = text(case, "origin").parse().unwrap();
    same("prev", &chain::genesis_prev(&origin), &digest(case, "prev"))
}

fn lines(case: &Value) -> Judged {
    let line = text(case, "line").as_bytes();
    let entry = Entry::parse(line).map_err(|e| e.to_string())?;
    same("bytes", &entry.to_jcs().unwrap().as_slice(), &line)?;
    same("type", &entry.event().kind(), &text(case, "type"))?;
    same("entry hash", &chain::entry_hash(line), &digest(case, "entry_hash"))
}

fn entries(case: &Value) -> Judged {
    valid(case, &Entry::parse(text(case, "line").as_bytes()))
}

fn chains(case: &Value) -> Judged {
    let parsed = Entries::parse(text(case, "ndjson").as_bytes());
    same("parses", &parsed.is_ok(), &case["parses"].as_bool().unwrap())?;
    let Ok(entries) = parsed else { return Ok(()) };
    same("contiguous", &entries.contiguous().is_ok(), &case["contiguous"].as_bool().unwrap())?;
    same("rebuilds", &entries.rebuild(&heads(case)).is_ok(), &case["rebuilds"].as_bool().unwrap())
}

fn checkpoints(case: &Value) -> Judged {
    let (note, keys) = (text(case, "note"), log_keys_of(case));
    let hashes: Vec<String> =
        keys.iter().map(|key| walwarden_core::value::hex(&checkpoint::key_hash(text(case, "origin"), key))).collect();
    let expected: Vec<&str> = list(case, "key_hashes").iter().map(|h| h.as_str().unwrap()).collect();
    same("key hashes", &hashes.iter().map(String::as_str).collect(), &expected)?;
    let opened = Note::parse(note).and_then(|parsed| {
        if parsed.head.origin.as_str() != text(case, "origin") {
            return Err(checkpoint::NoteError::Form("another origin")); // whoever opens a note knows the chain
        }
        parsed.verify(&keys).map(|()| parsed)
    });
    valid(case, &opened)?;
    let Ok(opened) = opened else { return Ok(()) };
    same("note", &opened.to_text().as_str(), &note)?;
    same("head", &opened.head.tree, &head(case))
}

fn cosignatures(case: &Value) -> Judged {
    let note = Note::parse(text(case, "note")).map_err(|e| e.to_string())?;
    let witnesses = Witness::parse_file(text(case, "keys").as_bytes()).map_err(|e| e.to_string());
    let times = witnesses.and_then(|witnesses| {
        witnesses.iter().map(|one| one.cosigned(&note)).collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())
    });
    valid(case, &times)?;
    let Ok(times) = times else { return Ok(()) };
    let seconds = |times: Vec<Time>| times.into_iter().map(|time| time.micros() / 1_000_000).collect::<Vec<_>>();
    let times = serde_json::json!(times.into_iter().map(seconds).collect::<Vec<_>>());
    same("times", &times, &case["times"])
}

fn keys(case: &Value) -> Judged {
    let parsed = jcs::parse_exact::<PublicKey>(text(case, "jwk").as_bytes());
    valid(case, &parsed)?;
    let Ok(key) = parsed else { return Ok(()) };
    same("JWK", &jcs::to_vec(&key).unwrap().as_slice(), &text(case, "jwk").as_bytes())?;
    same("word", &key.to_word().as_str(), &text(case, "word"))?;
    same("algorithm", &key.algorithm(), &text(case, "algorithm"))?;
    same("key id", &key.id().as_str(), &text(case, "key_id"))?;
    same("SPKI", &key.spki(), &bytes(text(case, "spki")))?;
    same("fingerprint", &key.fingerprint(), &digest(case, "fingerprint"))
}

fn signatures(case: &Value) -> Judged {
    let holds = jcs::parse_exact::<PublicKey>(text(case, "jwk").as_bytes())
        .is_ok_and(|key| key.verifies(&bytes(text(case, "message")), &bytes(text(case, "signature"))));
    same("holds", &holds, &case["valid"].as_bool().unwrap())
}

fn pae(case: &Value) -> Judged {
    same("PAE", &dsse::pae(&bytes(text(case, "payload"))), &bytes(text(case, "pae")))
}

fn envelopes(case: &Value) -> Judged {
    let line = text(case, "envelope").as_bytes();
    let threshold = usize::try_from(case["threshold"].as_u64().unwrap()).unwrap();
    let parsed = Envelope::parse(line);
    let opened = parsed.and_then(|e| e.verify(&keys_of(case), threshold).map(|a| a.payload().to_vec()));
    valid(case, &opened)?;
    let Ok(payload) = opened else { return Ok(()) };
    same("payload digest", &Digest::of(&payload), &digest(case, "payload_sha256"))?;
    same("envelope digest", &Digest::of(line), &digest(case, "envelope_sha256"))?;
    same("bytes", &Envelope::parse(line).unwrap().to_jcs().unwrap().as_slice(), &line)
}

fn registry(case: &Value) -> Judged {
    let lines = bundle::lines(text(case, "ndjson").as_bytes()).map(|line| line.unwrap_or_default());
    let parsed = Versions::parse(lines);
    valid(case, &parsed)?;
    let Ok(versions) = parsed else { return Ok(()) };
    let payloads: Vec<Digest> = versions.all().iter().map(|version| version.payload).collect();
    same("payload digests", &payloads, &digests(case, "payloads"))?;
    let threshold = usize::try_from(case["threshold"].as_u64().unwrap()).unwrap();
    let pins = RootPins { pins: digests(case, "pins").into_iter().collect(), threshold };
    let anchored = versions.anchored_by(&pins).ok().map(|version| version as u64);
    same("anchored version", &anchored, &case["anchored"].as_u64())
}

fn handover(case: &Value) -> Judged {
    valid(case, &Handover::parse(text(case, "file").as_bytes()))
}

fn names(case: &Value) -> Judged {
    same("is a name", &bundle::is_name(text(case, "file")), &case["valid"].as_bool().unwrap())
}

fn proofs(case: &Value) -> Judged {
    let file: bundle::Proofs = jcs::parse_exact(text(case, "file").as_bytes()).map_err(|e| e.to_string())?;
    same("type", &file.r#type.as_str(), &bundle::PROOFS_TYPE)?;
    let heads = heads(case);
    same("proofs", &file.consistency.len(), &(heads.len() - 1))?;
    for (pair, proof) in heads.windows(2).zip(&file.consistency) {
        same("sizes", &(proof.from, proof.to), &(pair[0].size, pair[1].size))?;
        merkle::verify_consistency(&proof.proof, &pair[0], &pair[1]).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn policy(case: &Value) -> Judged {
    let policy = Policy::from_toml(text(case, "toml"));
    valid(case, &policy)?;
    let Ok(policy) = policy else { return Ok(()) };
    let resolved = policy.to_jcs().unwrap();
    same("resolved", &std::str::from_utf8(&resolved).unwrap(), &text(case, "resolved"))?;
    same("parsed again", &Policy::parse(&resolved).map_err(|e| e.to_string())?, &policy)?;
    same("digest", &policy.digest().unwrap(), &digest(case, "sha256"))
}

fn resolved(case: &Value) -> Judged {
    valid(case, &Policy::parse(text(case, "resolved").as_bytes()))
}

fn rules(case: &Value) -> Judged {
    let entries = Entries::parse(text(case, "ndjson").as_bytes()).unwrap();
    let anchored = entries.rebuild(&[]).unwrap();
    let policies = list(case, "policies").iter().map(|p| Policy::parse(p.as_str().unwrap().as_bytes()).unwrap());
    let signed = list(case, "signed").iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    let period = serde_json::from_value(case["period"].clone()).unwrap();
    let exhibits = Exhibits { policies: policies.collect(), signed, ..Exhibits::default() };
    let record = Record::new(&anchored, &entries, period, exhibits);
    let gate = match text(case, "gate") {
        "open" => Gate::Open,
        "closed" => Gate::Closed,
        "signer-not-established" => Gate::SignerNotEstablished,
        gate => panic!("no such gate: {gate}"),
    };
    let results = rules::evaluate(Some(&record), gate);
    // The reference knows the rules whose items need more than a look at one event.
    for (id, expected) in case["results"].as_object().unwrap() {
        let result = results.iter().find(|result| result.rule.id == id).ok_or_else(|| format!("no rule {id}"))?;
        same(result.rule.id, &result.status.word(), &text(expected, "status"))?;
        let items: Vec<Value> = result
            .items
            .iter()
            .map(|i| serde_json::json!({"id": i.id, "entry": i.entry, "deviates": i.deviation.is_some()}))
            .collect();
        same(result.rule.id, &items.as_slice(), &list(expected, "items"))?;
    }
    Ok(())
}

fn zone(case: &Value) -> Zone {
    let change = |change: &Value| (time(&change["at"]), change["offset_s"].as_i64().unwrap());
    Zone::new(case["offset_s"].as_i64().unwrap(), list(case, "changes").iter().map(change).collect()).unwrap()
}

fn time(value: &Value) -> Time {
    value.as_str().unwrap().parse().unwrap()
}

fn span(value: &Value) -> Period {
    serde_json::from_value(value.clone()).unwrap()
}

fn schedules(case: &Value) -> Judged {
    let schedule: Result<Schedule, _> = text(case, "schedule").parse();
    if case.get("valid").is_some() {
        return valid(case, &schedule);
    }
    let schedule = schedule.map_err(|error| error.to_string())?;
    let found: Vec<Time> = schedule.instants(&zone(&case["zone"]), span(&case["span"])).collect();
    let expected: Vec<Time> = list(case, "instants").iter().map(time).collect();
    same("instants", &found, &expected)
}

fn occurrences(case: &Value) -> Judged {
    let terms = list(case, "terms");
    let schedules: Vec<Option<Schedule>> =
        terms.iter().map(|term| term["schedule"].as_str().map(|text| text.parse().unwrap())).collect();
    let zones: Vec<Zone> = terms.iter().map(|term| zone(&term["zone"])).collect();
    let terms: Vec<Term<'_>> = terms
        .iter()
        .zip(schedules.iter().zip(&zones))
        .map(|(term, (schedule, zone))| Term {
            span: span(&term["span"]),
            schedule: schedule.as_ref(),
            zone,
            start_tolerance_s: term["start_tolerance_s"].as_i64().unwrap(),
            manual_counts: term["manual_counts"].as_bool().unwrap(),
        })
        .collect();
    let run = |run: &Value| Run {
        started: time(&run["started"]),
        manual: run["manual"].as_bool().unwrap(),
        end: match run["end"].as_str().unwrap() {
            "failed" => End::Failed,
            "open" => End::Open,
            _ => End::Completed(time(&run["end"])),
        },
    };
    let runs: Vec<Run> = list(case, "runs").iter().map(run).collect();
    let excused: Vec<Period> = list(case, "excused").iter().map(span).collect();
    let windows = occurrence::windows(&terms, span(&case["period"]));
    let filled = occurrence::fill(&windows, &terms, &runs, &excused, time(&case["covered"]));
    let found: Vec<Value> = filled
        .iter()
        .map(|o| serde_json::json!({"at": o.window.at, "end": o.window.end, "filled": o.filled.word(), "run": o.run}))
        .collect();
    same("occurrences", &found.as_slice(), &list(case, "occurrences"))
}

fn cadences(case: &Value) -> Judged {
    let paces = list(case, "paces");
    let zones: Vec<Zone> = paces.iter().map(|pace| zone(&pace["zone"])).collect();
    let pace = |(pace, zone)| {
        let pace: &Value = pace;
        let cadence = pace["cadence"].as_str().map(|text| text.parse().unwrap());
        Pace { span: span(&pace["span"]), cadence, from: time(&pace["from"]), zone }
    };
    let paces: Vec<Pace<'_>> = paces.iter().zip(&zones).map(pace).collect();
    let found: Vec<Value> = occurrence::due(&paces, span(&case["period"]))
        .iter()
        .map(|due| serde_json::json!({"start": due.window.start, "end": due.window.end, "pace": due.pace}))
        .collect();
    same("windows", &found.as_slice(), &list(case, "windows"))
}

fn exposures(case: &Value) -> Judged {
    let held = |backup: &Value| Held {
        snapshot_at: time(&backup["snapshot_at"]),
        at_hand: list(backup, "at_hand").iter().map(span).collect(),
    };
    let backups: Vec<Held> = list(case, "backups").iter().map(held).collect();
    let limit = |limit: &Value| Limit { span: span(&limit["span"]), rpo_s: limit["rpo_s"].as_i64().unwrap() };
    let limits: Vec<Limit> = list(case, "limits").iter().map(limit).collect();
    let entered = case["entered"].as_str().map(|at| at.parse().unwrap());
    let teeth = exposure::teeth(&backups, span(&case["span"]), entered);
    let tooth =
        |tooth: &Tooth| serde_json::json!({"start": tooth.span.start, "end": tooth.span.end, "newest": tooth.newest});
    same("teeth", &teeth.iter().map(tooth).collect::<Vec<_>>().as_slice(), &list(case, "teeth"))?;
    let breach = |b: &Breach| serde_json::json!({"start": b.span.start, "end": b.span.end, "most_s": b.most_s, "rpo_s": b.rpo_s});
    let breaches: Vec<Value> = exposure::breaches(&teeth, &limits).iter().map(breach).collect();
    same("breaches", &breaches.as_slice(), &list(case, "breaches"))
}

fn retentions(case: &Value) -> Judged {
    let promise = serde_json::from_value(case["retention"].clone()).unwrap();
    let there: Vec<_> = list(case, "there")
        .iter()
        .map(|backup| (time(&backup["snapshot_at"]), text(backup, "id").parse().unwrap()))
        .collect();
    let kept: Vec<Value> =
        retention::kept(&promise, &there, &zone(&case["zone"])).iter().map(|id| serde_json::json!(id)).collect();
    same("kept", &kept.as_slice(), &list(case, "kept"))
}

fn readme(case: &Value) -> Judged {
    same("text", &bundle::README_TEXT, &text(case, "text"))?;
    same("digest", &Digest::of(bundle::README_TEXT.as_bytes()), &digest(case, "sha256"))
}
