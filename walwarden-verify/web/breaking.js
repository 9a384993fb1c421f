// Ways to break a bundle, as somebody would who has the file and no key but their own. Each takes the files of the bundle
// and returns them changed; the zip around them is made anew, without a fault of its own, so that nothing is caught only
// because the tampering was careless. Runs after unpack.js and verify.mjs, whose functions it uses.
"use strict";

const [LINES, HEADS, SEAL] = ["chain/entries.ndjson", "chain/checkpoints.ndjson", "bundle.dsse.json"];
const read = (files, name) => strict.decode(files.get(name));
const put = (files, name, text) => files.set(name, utf8(text));
const linesIn = (files, name) => read(files, name).slice(0, -1).split("\n");
const putLines = (files, name, lines) => put(files, name, lines.map((line) => `${line}\n`).join(""));
const digestOf = (bytes) => hex(sha256(bytes));
const said = (envelope) => strict.decode(base64Bytes(JSON.parse(envelope).payload));

// bundle-5: a stored zip in the one profile.
function writeZip(files, names = [SEAL, ...[...files.keys()].filter((name) => name !== SEAL).sort(byBytes)]) {
  const record = (length, ...fields) => {
    const view = new DataView(new ArrayBuffer(length));
    for (const [at, width, value] of fields) width === 2 ? view.setUint16(at, value, true) : view.setUint32(at, value, true);
    return new Uint8Array(view.buffer);
  };
  const [locals, central] = [[], []];
  let at = 0;
  for (const name of names) {
    const [label, bytes] = [utf8(name), files.get(name)];
    const shared = (from) => [[from, 2, 20], [from + 8, 2, 0x21], [from + 10, 4, crc32(bytes)], [from + 14, 4, bytes.length],
      [from + 18, 4, bytes.length], [from + 22, 2, label.length]];
    locals.push(record(30, [0, 4, 0x04034b50], ...shared(4)), label, bytes);
    central.push(record(46, [0, 4, 0x02014b50], [4, 2, 0x0314], ...shared(6), [38, 4, 0x81a40000], [42, 4, at]), label);
    at += 30 + label.length + bytes.length;
  }
  const directory = join(...central);
  return join(...locals, directory, record(22, [0, 4, 0x06054b50], [8, 2, names.length], [10, 2, names.length], [12, 4, directory.length], [16, 4, at]));
}

// Everything that whoever has no key can compute again: hashes that link the lines, and the list of files with their digests.
function relink(lines) {
  let prev = null;
  return lines.map((line, seq) => {
    const entry = JSON.parse(line);
    const text = canonical({ ...entry, seq, prev: prev ?? entry.prev });
    prev = hex(leafHash(utf8(text)));
    return text;
  });
}

// The bundle's own statement, made to fit the files; its signature stays, or is made by `key`, of no registry.
async function restate(files, key) {
  const envelope = JSON.parse(read(files, SEAL));
  const statement = JSON.parse(strict.decode(base64Bytes(envelope.payload)));
  for (const subject of statement.subject) subject.digest.sha256 = digestOf(files.get(subject.name));
  const entries = linesIn(files, LINES).map((line) => JSON.parse(line));
  const { start, end } = statement.predicate.period;
  statement.predicate.counts = {};
  for (const { type, recorded_at: at } of entries) {
    if (at >= start && at < end) statement.predicate.counts[type] = (statement.predicate.counts[type] ?? 0) + 1;
  }
  const head = JSON.parse(linesIn(files, HEADS).at(-1));
  statement.predicate.end = { root: hex(base64Bytes(head.note.split("\n")[2])), size: head.size };
  const payload = utf8(canonical(statement));
  envelope.payload = base64(payload);
  if (key) {
    const x = base64url(new Uint8Array(await crypto.subtle.exportKey("raw", key.publicKey)));
    const message = join(utf8(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `), payload);
    const sig = base64(new Uint8Array(await crypto.subtle.sign("Ed25519", key.privateKey, message)));
    envelope.signatures = [{ keyid: base64url(sha256(utf8(canonical({ crv: "Ed25519", kty: "OKP", x })))), sig }];
  }
  put(files, SEAL, canonical(envelope));
}

const BREAKS = {
  // One digit of one time.
  byte(files) {
    const text = read(files, LINES);
    const at = text.indexOf('"recorded_at":"', Math.floor(text.length / 2)) + '"recorded_at":"2026-07-20T01:0'.length;
    const other = text[at] === "7" ? "8" : "7";
    put(files, LINES, text.slice(0, at) + other + text.slice(at + 1));
  },
  // The missed night was never told.
  drop(files) {
    const lines = linesIn(files, LINES);
    const missed = lines.findIndex((line) => line.includes('"type":"occurrence.missed"'));
    if (missed < 0) throw new Error("this bundle tells of no missed night");
    putLines(files, LINES, lines.filter((_, at) => at !== missed));
  },
  // Two statements of backups exchange their signatures.
  signature(files) {
    const [one, other, ...rest] = linesIn(files, "statements/backup.ndjson").map((line) => JSON.parse(line));
    [one.signatures, other.signatures] = [other.signatures, one.signatures];
    putLines(files, "statements/backup.ndjson", [one, other, ...rest].map((envelope) => canonical(envelope)));
  },
  // The last lines are left away; the heads over them stay.
  tail(files) {
    putLines(files, LINES, linesIn(files, LINES).slice(0, JSON.parse(linesIn(files, HEADS).at(-3)).size));
  },
  // With the lines go their heads and proofs; the bundle's own statement cannot be made to fit without its key.
  heads(files) {
    const heads = linesIn(files, HEADS).slice(0, -2);
    putLines(files, HEADS, heads);
    putLines(files, LINES, linesIn(files, LINES).slice(0, JSON.parse(heads.at(-1)).size));
    const proofs = JSON.parse(read(files, "chain/proofs.json"));
    put(files, "chain/proofs.json", canonical({ ...proofs, consistency: proofs.consistency.slice(0, -2) }));
  },
  // A line is left away, all hashes are computed again, and the whole is signed by somebody else.
  async key(files) {
    BREAKS.drop(files);
    putLines(files, LINES, relink(linesIn(files, LINES)));
    await restate(files, await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]));
  },
  // A failed restore test has passed: in its entry, in its statement, and in every hash over them.
  async restore(files) {
    const name = "statements/restore-test.ndjson";
    const swapped = new Map();
    putLines(files, name, linesIn(files, name).map((line) => {
      const payload = said(line);
      if (!payload.includes('"outcome":"failed"')) return line;
      const statement = JSON.parse(payload);
      const told = passed(statement.predicate);
      const bytes = utf8(canonical({ ...statement, predicate: { ...told, table_mismatches: [], steps: told.steps.map((step) => ({ ...step, outcome: "ok" })) } }));
      const envelope = utf8(canonical({ ...JSON.parse(line), payload: base64(bytes) }));
      swapped.set(digestOf(base64Bytes(JSON.parse(line).payload)), { payload: digestOf(bytes), envelope: digestOf(envelope) });
      return strict.decode(envelope);
    }));
    const lines = linesIn(files, LINES).map((line) => {
      const entry = JSON.parse(line);
      const statements = entry.statements.map((reference) => swapped.get(reference.payload) ?? reference);
      const data = entry.type === "restore.tested" && entry.data.outcome === "failed" ? passed(entry.data) : entry.data;
      return canonical({ ...entry, statements, data });
    });
    putLines(files, LINES, relink(lines));
    await restate(files);
  },
};

// The numbers of a restore that came back equal.
function passed(data) {
  const equal = { outcome: "passed", tables_equal: data.tables_expected, rows_actual: data.rows_expected };
  if (data.root_expected) equal.root_actual = data.root_expected;
  return { ...data, ...equal };
}

// The papers that the module writes one after the other: length of a name, the name, length of its bytes, the bytes.
function papersOf(bytes) {
  const [files, view] = [new Map(), new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)];
  const part = (at) => bytes.subarray(at + 4, at + 4 + view.getUint32(at, true));
  for (let at = 0; at < bytes.length;) {
    const name = part(at);
    const content = part(at + 4 + name.length);
    files.set(strict.decode(name), content);
    at += 8 + name.length + content.length;
  }
  return files;
}

async function broken({ how, bundle }) {
  const files = new Map(readZip(new Uint8Array(bundle)).files);
  await BREAKS[how](files);
  return writeZip(files);
}

// The head that a bundle ends in, as `walwarden head` prints it.
function headOf({ bundle }) {
  const { predicate } = JSON.parse(said(strict.decode(readZip(new Uint8Array(bundle)).files.get(SEAL))));
  return `${predicate.origin} ${predicate.end.size} ${predicate.end.root}`;
}

onmessage = async ({ data: { task, ...given } }) => {
  try {
    const tasks = { broken, headOf, unpacked: ({ packed }) => fromLzma(fromText(packed)), papers: ({ bytes }) => writeZip(papersOf(bytes), [...papersOf(bytes).keys()]), second: ({ bundle, ...brought }) => verify(bundle, trustOf(brought), (stage) => postMessage({ stage })) };
    postMessage({ answer: await tasks[task](await readAll(given)) });
  } catch (error) {
    postMessage({ fault: String(error?.message ?? error) });
  }
};
