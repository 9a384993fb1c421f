// A second opinion on a walwarden evidence bundle, in plain JavaScript, from the pages of spec/ and without a library.
//
//     node verify.mjs BUNDLE --trust handover.json          root pins and a head, got by another channel than the bundle
//     node verify.mjs BUNDLE --root FINGERPRINT [--root ..] [--root-threshold N] [--known-head FILE | --first-contact] [--json]
//
// Exit codes: 1 rejected; 3 nothing failed, and a check that the verdict needs could not be run; 0 nothing failed and all
// of these checks were run, which is less than "verified": `OUTSIDE` says what nobody has looked at here. 2 nothing judged.
//
// Every rule is named by its slug in spec/ ("chain-3"). What is not as a rule demands throws `Refused`. WebCrypto does the
// arithmetic of signatures and nothing else; keys and signatures that it would take and the rules refuse never reach it.

class Refused extends Error {} // a rule is broken: the check fails
class NotRun extends Error {} // the check could not be asked
class NoInput extends NotRun {} // because the reader did not bring what it needs

const refuseUnless = (holds, why) => { if (!holds) throw new Refused(why); };
const needs = (check) => new NotRun(`needs ${check}`);
const nothing = (what) => new NotRun(`nothing to check: ${what}`);

// ---------------------------------------------------------------------------------------------------------------- Bytes
const utf8 = (text) => new TextEncoder().encode(text);
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hex = (bytes) => bytes.reduce((text, byte) => text + PAIRS[byte], "");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bigEndian = (bytes) => BigInt(`0x${hex(bytes) || "0"}`);
const littleEndian = (bytes) => bigEndian(Uint8Array.from(bytes).reverse());
const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

function join(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
  return all;
}

// bytes-4: canonical base64, and its bytes; null for any other spelling.
const isBase64 = (text) => isText(text) && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && btoa(atob(text)) === text;
const bytesOf = (chars) => { const bytes = new Uint8Array(chars.length); for (let at = 0; at < bytes.length; at += 1) bytes[at] = chars.charCodeAt(at); return bytes; };
const base64Bytes = (text) => (isBase64(text) ? bytesOf(atob(text)) : null);

// bytes-4: 32 bytes of base64url without padding.
const base64url32 = (text) => (isText(text) && /^[A-Za-z0-9_-]{43}$/.test(text) ? base64Bytes(`${text.replaceAll("-", "+").replaceAll("_", "/")}=`) : null);

// Bytes in the order that names of files and key ids have.
const byBytes = (one, other) => (hex(utf8(one)) < hex(utf8(other)) ? -1 : Number(one !== other));
const ascend = (items, order) => items.every((item, at) => at === 0 || order(items[at - 1], item) < 0);

// -------------------------------------------------------------------------------------------------------------- SHA-256
// FIPS 180-4. WebCrypto's is asynchronous, which a tree over every line of a chain would feel.
const primes = [];
for (let n = 2; primes.length < 64; n += 1) if (primes.every((prime) => n % prime)) primes.push(n);
const turned = (word, by) => (word >>> by) | (word << (32 - by));
const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUND = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const W = new Int32Array(64);

export function sha256(...parts) {
  const [data, state] = [parts.length === 1 ? parts[0] : join(...parts), Int32Array.from(START)];
  const whole = data.length - (data.length % 64);
  for (let at = 0; at < whole; at += 64) block(state, data, at);
  const tail = new Uint8Array(data.length - whole < 56 ? 64 : 128);
  tail.set(data.subarray(whole));
  tail[data.length - whole] = 0x80;
  new DataView(tail.buffer).setBigUint64(tail.length - 8, BigInt(data.length) * 8n);
  for (let at = 0; at < tail.length; at += 64) block(state, tail, at);
  return Uint8Array.from({ length: 32 }, (_, at) => state[at >> 2] >>> (24 - 8 * (at & 3)));
}

function block(state, data, at) {
  for (let i = 0; i < 16; i += 1, at += 4) W[i] = (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3];
  for (let i = 16; i < 64; i += 1) {
    const s0 = turned(W[i - 15], 7) ^ turned(W[i - 15], 18) ^ (W[i - 15] >>> 3);
    const s1 = turned(W[i - 2], 17) ^ turned(W[i - 2], 19) ^ (W[i - 2] >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i += 1) {
    const t1 = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + W[i]) | 0;
    const t2 = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

// ----------------------------------------------------------------------------------------------------------- Strict JSON
// RFC 8785 restricted to integers, within the limits of bytes-6. Names are sorted by UTF-16 code units, as strings compare.
function canonical(value, depth = 1) {
  if (typeof value === "number") refuseUnless(Number.isSafeInteger(value), "bytes-1: no integer up to 2^53 - 1");
  if (typeof value === "string") refuseUnless(value.isWellFormed(), "bytes-1: half a character");
  if (typeof value !== "object" || value === null) return JSON.stringify(value); // of -0 it is "0"
  refuseUnless(depth <= 16, "bytes-6: nested deeper than 16");
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join()}]`;
  const names = Object.keys(value).sort();
  refuseUnless(names.length <= 4096, "bytes-6: more than 4096 members");
  return `{${names.map((name) => `${canonical(name)}:${canonical(value[name], depth + 1)}`).join()}}`;
}

// bytes-1: the value of a document, which must be spelt in the one way. A name that occurs twice, white space, another
// spelling of a number or an escape: whatever the parser forgives, the comparison does not.
function parse(bytes) {
  refuseUnless(bytes.length <= 1_048_576, `bytes-6: a document of ${bytes.length} bytes`);
  let [text, value] = [];
  try { value = JSON.parse(text = strict.decode(bytes)); } catch (error) { throw new Refused(`bytes-1: ${error.message}`); }
  refuseUnless(canonical(value) === text, "bytes-1: not in canonical form");
  return value;
}

// bytes-6: the lines of NDJSON, each without its LF.
function linesOf(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    refuseUnless(end > at, "bytes-6: an empty line, or a last one that is not ended");
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

// --------------------------------------------------------------------------------------------------- Shapes of documents
const isText = (value) => typeof value === "string";
const isCount = (value) => Number.isInteger(value) && value >= 0;
const isDecimal = (value) => isText(value) && /^(0|[1-9][0-9]{0,19})$/.test(value) && BigInt(value) < 2n ** 64n;
const isDigest = (value) => isText(value) && /^[0-9a-f]{64}$/.test(value);
const isOrigin = (value) => isText(value) && value.length <= 100 && /^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9._-]*)*$/.test(value);

// bytes-5: microseconds since 1970; null for another spelling, and for a date that does not exist.
function micros(text) {
  const [, spelt, more] = (isText(text) && /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3})([0-9]{3})Z$/.exec(text)) || [];
  const millis = Date.parse(`${spelt}Z`);
  return Number.isNaN(millis) || new Date(millis).toISOString() !== `${spelt}Z` ? null : BigInt(millis) * 1000n + BigInt(more);
}

// Kinds of values by their letters in events-3; `shape` reads the notation of the tables of spec/, with `|` between
// alternatives. An object has exactly the members named; one marked `?` may be absent, none may be null: bytes-3.
const KINDS = {
  s: isText, i: Number.isInteger, c: isCount, n: isDecimal, h: isDigest, o: isOrigin,
  b: (value) => typeof value === "boolean", t: (value) => micros(value) !== null, null: (value) => value === null, any: () => true,
  u: (value) => isText(value) && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value),
  key: (value) => base64url32(value) !== null, base64: isBase64,
};
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function shape(text) {
  const tokens = text.match(/'[^']*'|[\w-]+|\S/g);
  const next = (token) => tokens[0] === token && Boolean(tokens.shift());
  function kind() {
    const kinds = [one()];
    while (next("|")) kinds.push(one());
    return (value) => kinds.some((holds) => holds(value));
  }
  function one() {
    if (next("[")) return closed((holds) => (value) => Array.isArray(value) && value.every(holds));
    if (!next("{")) return word(tokens.shift());
    if (next("*")) return closed((holds) => (value) => isObject(value) && Object.values(value).every(holds));
    const members = new Map();
    for (; !next("}"); next(",")) members.set(tokens.shift(), { optional: next("?"), holds: kind() });
    return (value) => isObject(value) && Object.keys(value).every((name) => members.get(name)?.holds(value[name]))
      && [...members].every(([name, { optional }]) => optional || Object.hasOwn(value, name));
  }
  const closed = (make) => { const holds = kind(); tokens.shift(); return make(holds); };
  const word = (token) => (token.startsWith("'") ? (value) => value === token.slice(1, -1) : KINDS[token]);
  return kind();
}
// The documents of chain-1, statements-1, statements-5, bundle-1, bundle-6 and keys-12, and the predicates of bundle-3 and keys-4.
const SHAPES = {
  actor: "{kind 'service'|'person', id s, auth 'os-user'|'oidc'|'key'|'none', host? s}",
  tool: "{name s, version s, sha256 h, clock_offset_ms? i, clock_source? s}",
  entry: `{_type 'https://walwarden.dev/spec/entry/v1', origin o, seq c, prev h, id u, at t, recorded_at t, type s, actor actor, tool tool,
    policy h|null, refs [u], statements [{payload h, envelope h}], blobs [{name s, sha256 h, bytes n, media s}], data any}`,
  cut: "{size c, root h}",
  genesis: "{org_name s, zone s, spec_version s, root_fingerprints [h], predecessor? {origin o, size c, root h}}",
  changed: `{registry_version i, reason? s,
    changes [{keyid key, action 'added'|'retired'|'revoked'|'custodian'|'storage'|'root'}]}`,
  envelope: "{payload base64, payloadType 'application/vnd.in-toto+json', signatures [{keyid key, sig base64}]}",
  statement: "{_type 'https://in-toto.io/Statement/v1', predicateType s, predicate any, subject [{name s, digest {sha256 h}}]}",
  note: "{note s, size c}",
  proofs: "{_type 'https://walwarden.dev/spec/proofs/v1', consistency [{from c, proof [h], to c}]}",
  handover: "{_type 'https://walwarden.dev/spec/handover/v1', origin o, roots [h], threshold i, head cut}",
  bundle: `{organisation s, origin o, period {start t, end t}, zone s, end cut, counts {* i}, policies [h], format i, sealed_at t,
    withheld [{sha256 h, reason s, entry u}]}`,
  "key-registry": `{origin o, version i, previous h|null, roots [any], threshold i, ceremony 'same-host'|'separate',
    keys [{jwk any, uses ['backup'|'bundle'|'evidence'|'log'|'restore-test'|'review'], custodian s, storage 'file'|'agent'|'kms'|'hsm',
    state 'active'|'retired'|'revoked', last_head? {origin o, size c, root h}, last_trusted? cut, kind? 'compromised'|'superseded', reason? s}]}`,
};
for (const [name, text] of Object.entries(SHAPES)) KINDS[name] = shape(text);

// ------------------------------------------------------------------------------------------------------------ Container
const [LOCAL, CENTRAL, END] = [[0x50, 0x4b, 3, 4], [0x50, 0x4b, 1, 2], [0x50, 0x4b, 5, 6]];
const crcOf = (n, bits) => (bits === 0 ? n : crcOf(n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1, bits - 1));
const CRC = Int32Array.from({ length: 256 }, (_, n) => crcOf(n, 8));
export function crc32(bytes) {
  let crc = -1;
  for (let at = 0; at < bytes.length; at += 1) crc = (crc >>> 8) ^ CRC[(crc ^ bytes[at]) & 255];
  return ~crc >>> 0;
}

// bundle-5 and bundle-10: the files that a zip shows (bytes, or null where they cannot be read), and what it may not have.
export function readZip(data) {
  const [files, names, violations] = [new Map(), [], []];
  const wrong = (what) => violations.push(what);
  // Beyond the end of the file every byte is zero.
  const number = (at, width) => { let n = 0; for (let i = width; i--;) n = n * 256 + (data[at + i] ?? 0); return n; };
  const has = (at, signature, length) => at >= 0 && at + length <= data.length && signature.every((byte, i) => data[at + i] === byte);
  const fields = (record, at, expected) => expected.forEach(([offset, width, value]) => {
    if (number(at + offset, width) !== value) wrong(`${record} at byte ${at}: another value at offset ${offset} than ${value}`);
  });
  const show = (name, bytes) => {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(name);
    names.push(text);
    if (!files.has(text)) files.set(text, bytes);
  };
  const checked = (bytes, crc) => { if (crc32(bytes) !== crc) wrong("a file has another checksum than stated"); return bytes; };

  const find = (signatures, at, step) => {
    while (at >= 0 && at < data.length && !signatures.some((signature) => has(at, signature, 4))) at += step;
    return at;
  };
  function directory(end) {
    const [size, claimed] = [number(end + 12, 4), number(end + 16, 4)];
    let start = Math.max(end - size, 0);
    if (claimed !== start) wrong("the directory is not where the end record says");
    let shift = Math.max(start - claimed, 0);
    if (!has(start, CENTRAL, 46) && has(claimed, CENTRAL, 46)) [start, shift] = [claimed, 0];
    let [listed, at] = [[], start];
    while (has(at, CENTRAL, 46)) {
      if (listed.length === 65_535) { wrong("more than 65535 files"); break; }
      fields("a central header", at, [[4, 2, 0x0314], [6, 2, 20], [8, 2, 0], [10, 2, 0], [12, 2, 0], [14, 2, 0x21], [24, 4, number(at + 20, 4)],
        [30, 2, 0], [32, 2, 0], [34, 2, 0], [36, 2, 0], [38, 4, 0x81a40000]]);
      const name = data.subarray(at + 46, at + 46 + number(at + 28, 2));
      if (name.length < number(at + 28, 2)) break;
      listed.push({ name, plain: number(at + 8, 4) === 0, crc: number(at + 16, 4), size: number(at + 20, 4), at: number(at + 42, 4) + shift });
      at += 46 + name.length + number(at + 30, 2) + number(at + 32, 2);
    }
    if (at !== end) wrong("bytes between the directory and the end record");
    fields("the end record", end, [[8, 2, listed.length], [10, 2, listed.length]]);
    if (listed.reduce((place, file) => entry(file, place, start), 0) !== start) wrong("bytes before the directory belong to no file");
  }
  // Reads one listed file; returns where the next one should begin.
  function entry(file, place, directoryAt) {
    const { at } = file;
    if (at !== place) wrong("a file does not begin where the one before it ends");
    if (!has(at, LOCAL, 30)) { wrong("a listed file has no local header"); show(file.name, null); return place; }
    fields("a local header", at, [[4, 2, 20], [6, 2, 0], [8, 2, 0], [10, 2, 0], [12, 2, 0x21], [14, 4, file.crc], [18, 4, file.size],
      [22, 4, file.size], [26, 2, file.name.length], [28, 2, 0]]);
    const from = at + 30 + number(at + 26, 2) + number(at + 28, 2);
    const to = from + file.size;
    if (!equal(data.subarray(at + 30, at + 30 + number(at + 26, 2)), file.name)) wrong("the two headers of a file name it differently");
    if (at < place || to > directoryAt) wrong("a file overlaps what lies beside it");
    const readable = file.plain && at >= place && to <= Math.min(directoryAt, data.length);
    show(file.name, readable ? checked(data.subarray(from, to), file.crc) : null);
    return to <= directoryAt ? Math.max(to, place) : place;
  }
  function localHeaders() {
    let at = find([LOCAL], 0, 1);
    while (has(at, LOCAL, 30) && names.length < 65_535) {
      const name = data.subarray(at + 30, at + 30 + number(at + 26, 2));
      if (name.length < number(at + 26, 2)) break;
      const from = at + 30 + name.length + number(at + 28, 2);
      const to = from + number(at + 18, 4);
      show(name, number(at + 6, 4) === 0 && to <= data.length ? checked(data.subarray(from, to), number(at + 14, 4)) : null);
      at = to;
    }
  }

  const end = find([END], data.length - 22, -1);
  if (end >= 0) {
    if (end !== data.length - 22) wrong("bytes follow the end record");
    fields("the end record", end, [[4, 2, 0], [6, 2, 0], [20, 2, 0]]);
    directory(end);
  } else {
    if (find([LOCAL, CENTRAL, END], 0, 1) === data.length) throw new Error("this is no zip: it has no zip record anywhere");
    wrong("there is no end record");
    localHeaders();
  }
  const good = (name) => /^[a-z0-9._/-]{1,128}$/.test(name) && !name.split("/").some((part) => ["", ".", ".."].includes(part));
  if (!names.every(good) || new Set(names).size !== names.length) wrong("a name that no bundle has, or one that occurs twice");
  if (names[0] !== STATEMENT || !ascend(names.slice(1), byBytes)) wrong("the files are not in order");
  return { files, violations };
}

// ----------------------------------------------------------------------------------------------------------------- Trees
const leafHash = (bytes) => sha256(Uint8Array.of(0), bytes);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

// merkle-4: the root over the first n leaves, for each of these n that there are leaves for.
function rootsAt(leaves, sizes) {
  const [found, wanted, peaks] = [new Map(), new Set(sizes), []];
  const root = () => (peaks.length ? peaks.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right)) : sha256(new Uint8Array()));
  const note = (n) => wanted.has(n) && found.set(n, root());
  note(0);
  leaves.forEach((hash, at) => {
    let height = 0;
    for (; peaks.at(-1)?.height === height; height += 1) hash = nodeHash(peaks.pop().hash, hash);
    peaks.push({ height, hash });
    note(at + 1);
  });
  return found;
}

// merkle-6, as RFC 9162 2.1.4.2 says: whether the tree of `to` leaves begins with that of `from` leaves.
function extendsTree(proof, from, fromRoot, to, toRoot) {
  if (!(from > 0 && from <= to)) return false;
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot);
  const path = Number.isInteger(Math.log2(from)) ? [fromRoot, ...proof] : [...proof];
  if (!path.length) return false;
  let [fn, sn] = [BigInt(from) - 1n, BigInt(to) - 1n];
  const up = () => { [fn, sn] = [fn >> 1n, sn >> 1n]; };
  while (fn & 1n) up();
  let [fr, sr] = [path[0], path[0]];
  for (const digest of path.slice(1)) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      [fr, sr] = [nodeHash(digest, fr), nodeHash(digest, sr)];
      while (!(fn & 1n) && fn) up();
    } else {
      sr = nodeHash(sr, digest);
    }
    up();
  }
  return sn === 0n && equal(fr, fromRoot) && equal(sr, toRoot);
}

// -------------------------------------------------------------------------------------------------- Keys and signatures
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B256 = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const N256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const mod = (number, by) => ((number % by) + by) % by;
const power = (base, exponent) => (exponent === 0n ? 1n : mod(power(base * base % P, exponent >> 1n) * (exponent & 1n ? base : 1n), P));
const D = mod(-121665n * power(121666n, P - 2n), P);

// keys-2: whether these 32 bytes are the canonical encoding of a point of the curve.
function isCanonicalPoint(bytes) {
  const number = littleEndian(bytes);
  const y = number & (2n ** 255n - 1n);
  if (y >= P) return false;
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n), P);
  return square === 0n ? number >> 255n === 0n : power(square, (P - 1n) / 2n) === 1n;
}

// keys-2, keys-3: of order 1, 2, 4 or 8, which are y = 1, -1, 0 and the four with y^4 D + 2 y^2 - 1 = 0: there 2 P has y = 0.
function isOfSmallOrder(bytes) {
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  return y === 1n || y === P - 1n || y === 0n || mod(D * y ** 4n + 2n * y * y - 1n, P) === 0n;
}

// keys-3: R and S; null where a verifier somewhere might take what another refuses.
function ed25519Numbers(bytes) {
  const [r, s] = [bytes.subarray(0, 32), bytes.subarray(32)];
  return bytes.length === 64 && littleEndian(s) < L && isCanonicalPoint(r) && !isOfSmallOrder(r) ? bytes : null;
}

// keys-3: r and s, each in 32 bytes, of strict DER with the smaller s; null for anything else.
function es256Numbers(bytes) {
  if (bytes.length < 8 || bytes.length > 72 || bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) return null;
  const numbers = [];
  for (let at = 2; at < bytes.length;) {
    const digits = bytes.subarray(at + 2, at + 2 + bytes[at + 1]);
    if (bytes[at] !== 2 || !digits.length || digits.length !== bytes[at + 1] || digits[0] >= 0x80) return null;
    if (digits.length > 1 && digits[0] === 0 && digits[1] < 0x80) return null;
    numbers.push(bigEndian(digits));
    at += 2 + digits.length;
  }
  const [r, s] = numbers;
  if (numbers.length !== 2 || r <= 0n || r >= N256 || s <= 0n || s > (N256 - 1n) / 2n) return null;
  return unhex(numbers.map((number) => number.toString(16).padStart(64, "0")).join(""));
}

const ALGORITHMS = { // keys-1: the JWK in canonical JSON, the DER before the key, and WebCrypto's names
  Ed25519: { jwk: ["crv", "kty", "x"], kty: "OKP", der: "302a300506032b6570032100", import: { name: "Ed25519" }, verify: { name: "Ed25519" } },
  "P-256": { jwk: ["crv", "kty", "x", "y"], kty: "EC", der: "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
    import: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
};

// keys-1, keys-2: a public key that may stand in a registry.
class Key {
  constructor(jwk) {
    const algorithm = isObject(jwk) && Object.hasOwn(ALGORITHMS, jwk.crv) ? ALGORITHMS[jwk.crv] : null;
    refuseUnless(algorithm && jwk.kty === algorithm.kty && Object.keys(jwk).sort().join() === algorithm.jwk.join(), "keys-1: not the members of a key");
    const coordinates = algorithm.jwk.slice(2).map((name) => base64url32(jwk[name]));
    refuseUnless(!coordinates.includes(null), "keys-1: a coordinate is not 32 bytes of base64url");
    Object.assign(this, { edwards: jwk.crv === "Ed25519", algorithm, public: join(...coordinates) });
    const [x, y] = coordinates.map(bigEndian);
    const good = this.edwards ? isCanonicalPoint(this.public) && !isOfSmallOrder(this.public)
      : x < P256 && y < P256 && mod(y * y - x * x * x + 3n * x - B256, P256) === 0n;
    refuseUnless(good, "keys-2: not the canonical encoding of a point, or one of small order");
    this.id = base64url(sha256(utf8(canonical(jwk))));
    this.spki = join(unhex(algorithm.der), this.public);
    this.fingerprint = hex(sha256(this.spki));
  }
  is(other) { return this.fingerprint === other.fingerprint; }
  // keys-3.
  async verifies(message, signature) {
    const spelt = this.edwards ? ed25519Numbers(signature) : es256Numbers(signature);
    if (!spelt) return false;
    this.imported ??= crypto.subtle.importKey("spki", this.spki, this.algorithm.import, false, ["verify"]);
    return crypto.subtle.verify(this.algorithm.verify, await this.imported, spelt, message);
  }
  // chain-7: what a signature line of this key begins with.
  noteHash(name) { return sha256(utf8(`${name}\n\x01`), this.public).subarray(0, 4); }
}

// ------------------------------------------------------------------------------------------- Envelopes, entries, notes
// statements-1 to statements-4.
class Envelope {
  constructor(value) {
    refuseUnless(KINDS.envelope(value), "statements-1: not the members of an envelope");
    this.signatures = value.signatures.map(({ keyid, sig }) => [keyid, base64Bytes(sig)]);
    refuseUnless(this.signatures.length >= 1 && this.signatures.length <= 16, "statements-1: no signature, or too many");
    refuseUnless(ascend(this.signatures, ([one], [other]) => byBytes(one, other)), "statements-1: key ids out of order, or one twice");
    const [kind, payload] = [value.payloadType, base64Bytes(value.payload)];
    Object.assign(this, { payload, digest: hex(sha256(payload)) });
    this.signed = join(utf8(`DSSEv1 ${kind.length} ${kind} ${payload.length} `), payload); // statements-2
  }
  // statements-3: every signature must hold under one of these keys.
  async verify(keys) {
    for (const [keyid, signature] of this.signatures) {
      const key = keys.find(({ id }) => id === keyid);
      refuseUnless(key, `statements-3: key ${keyid} may not sign this`);
      refuseUnless(await key.verifies(this.signed, signature), `statements-3: the signature by ${keyid} fails`);
    }
  }
  // statements-4: how many of these distinct keys have signed.
  async signers(keys) {
    const signed = new Map(this.signatures);
    const distinct = [...new Map(keys.map((key) => [key.fingerprint, key])).values()];
    const held = distinct.map(async (key) => signed.has(key.id) && key.verifies(this.signed, signed.get(key.id)));
    return (await Promise.all(held)).filter(Boolean).length;
  }
  // statements-5: the predicate of a statement of this kind, and its subjects.
  statement(kind) {
    const value = parse(this.payload);
    const shaped = KINDS.statement(value) && value.subject.length && value.predicateType === `https://walwarden.dev/spec/${kind}/v1`;
    refuseUnless(shaped && (KINDS[kind] ?? isObject)(value.predicate), `statements-5: not the members of a ${kind} statement`);
    return { predicate: value.predicate, subjects: value.subject.map(({ name, digest }) => [name, digest.sha256]) };
  }
}

// chain-7: a checkpoint in its one form; no signature is verified yet.
class Note {
  constructor(text) {
    const split = text.indexOf("\n\n");
    const [origin, size, root, ...more] = text.slice(0, split).split("\n");
    refuseUnless(split >= 0 && root && !more.length && text.endsWith("\n"), "chain-7: not the form of a checkpoint");
    refuseUnless(isOrigin(origin) && isDecimal(size), "chain-7: not the origin or the size of a checkpoint");
    [this.origin, this.size, this.root] = [origin, Number(size), base64Bytes(root)];
    refuseUnless(this.root?.length === 32, "chain-7: the root is not 32 bytes of base64");
    this.text = utf8(text.slice(0, split + 1));
    this.signatures = text.slice(split + 2, -1).split("\n").map((line) => {
      const [, name, encoded] = /^\u2014 ([^\s+\x00-\x20\x7f-\x9f]+) (\S+)$/.exec(line) ?? [];
      const bytes = base64Bytes(encoded);
      refuseUnless(bytes?.length > 4, "chain-7: not the form of a signature line");
      return { name, hash: bytes.subarray(0, 4), signature: bytes.subarray(4) };
    });
    refuseUnless(this.signatures.length <= 64, "bytes-6: too many signature lines");
  }
  // chain-7: how many of these keys have signed; a line that claims one of them and does not hold fails the note.
  async signers(keys) {
    const keyOf = ({ name, hash }) => name === this.origin && keys.findLast((one) => equal(one.noteHash(name), hash));
    const claims = this.signatures.filter(keyOf);
    const held = await Promise.all(claims.map((claim) => keyOf(claim).verifies(this.text, claim.signature)));
    refuseUnless(held.every(Boolean), "chain-7: a signature of a log key does not hold");
    return held.length;
  }
}

// ------------------------------------------------------------------------------------------------------------- Registry
// keys-4, keys-5: one version.
class Version {
  constructor(value) {
    this.envelope = new Envelope(value);
    const { predicate, subjects } = this.envelope.statement("key-registry");
    this.said = predicate;
    this.roots = predicate.roots.map((jwk) => new Key(jwk));
    this.keys = predicate.keys.map((listed) => {
      const key = new Key(listed.jwk);
      const log = listed.uses.includes("log");
      const cut = log ? "last_head" : "last_trusted";
      refuseUnless(!log || key.edwards, "keys-5: a log key is an Ed25519 key");
      const alone = log || listed.uses.includes("review");
      refuseUnless(ascend(listed.uses, byBytes) && (alone ? listed.uses.length === 1 : listed.uses.length), "keys-5: uses that no key has together");
      refuseUnless(!((log ? "last_trusted" : "last_head") in listed) && (cut in listed) === (listed.state !== "active"), "keys-5: not the cut of its state");
      refuseUnless(("kind" in listed) === (listed.state === "revoked"), "keys-5: kind stands with revoked keys, and only there");
      return { key, log, uses: listed.uses, state: listed.state, cut: listed[cut] };
    });
    const everyone = [...this.roots, ...this.keys.map(({ key }) => key)];
    refuseUnless(subjects.length === everyone.length && everyone.every((key, at) => subjects[at][0] === key.id && subjects[at][1] === key.fingerprint), "keys-4: its subjects are not its keys");
    refuseUnless(new Set(everyone.map(({ fingerprint }) => fingerprint)).size === everyone.length, "keys-5: a public key occurs twice");
    refuseUnless(predicate.threshold >= 1 && predicate.threshold <= this.roots.length, "keys-5: a threshold that its roots cannot reach");
  }
  find(keyid) { return this.keys.find(({ key }) => key.id === keyid); }
}

// keys-6: all versions, each following from the one before.
async function parseVersions(values) {
  const versions = [];
  for (const value of values) {
    const [version, before] = [new Version(value), versions.at(-1)];
    refuseUnless(version.said.version === versions.length + 1, "keys-6: a version is not in its place");
    const follows = version.said.previous === (before?.envelope.digest ?? null) && version.said.origin === (before ?? version).said.origin;
    refuseUnless(follows, "keys-6: previous is not the version before, or that is of another chain");
    const sides = before ? [version, before] : [version];
    await version.envelope.verify(sides.flatMap(({ roots }) => roots));
    const enough = await Promise.all(sides.map(async ({ roots, said }) => await version.envelope.signers(roots) >= said.threshold));
    refuseUnless(enough.every(Boolean), "keys-6: not signed by enough roots");
    versions.push(version);
  }
  refuseUnless(versions.length, "keys-6: no version");
  return versions;
}

// keys-7: the versions, and from which line each is in force.
class Registry {
  constructor(versions, entries) {
    Object.assign(this, { versions, origin: versions[0].said.origin, entered: [] });
    entries.forEach((entry, place) => {
      if (!["chain.genesis", "key.changed"].includes(entry.type)) return;
      const first = entry.type === "chain.genesis";
      refuseUnless((first ? KINDS.genesis : KINDS.changed)(entry.data), "keys-7: an entry that should enter a version is not interpreted");
      const version = versions[this.entered.length];
      refuseUnless(version && (first ? 1 : entry.data.registry_version) === this.entered.length + 1, "keys-7: versions enter in order, each once");
      const referenced = entry.statements.length === 1 && entry.statements[0].payload === version.envelope.digest;
      refuseUnless(referenced && entry.origin === this.origin, "keys-7: an entry does not reference the version that it enters");
      this.entered.push({ place, entry });
    });
    refuseUnless(this.entered.length === versions.length, "keys-7: a version that no entry references");
  }
  // The version in force at a line.
  at(seq) { return this.versions[this.entered.findLastIndex(({ place }) => place <= seq)]; }
  // chain-7: log keys in force at the last line under a head, whatever their cuts.
  logKeys(size) { return (size ? this.at(size - 1)?.keys ?? [] : []).filter(({ log }) => log).map(({ key }) => key); }
  // keys-9: log keys that a version retires, each with the line from which it does.
  * retired() {
    for (let at = 1; at < this.versions.length; at += 1) {
      const [before, version, { place }] = [this.versions[at - 1], this.versions[at], this.entered[at]];
      const revoked = (key) => this.versions.some(({ keys }) => keys.some((one) => one.key.is(key) && one.state === "revoked" && one.cut.size <= place));
      if (version.keys.filter(({ log, state }) => log && state === "active").every(({ key }) => revoked(key))) continue;
      for (const { key, log, state } of version.keys) {
        if (log && state === "retired" && before.find(key.id)?.state === "active") yield { place, key };
      }
    }
  }
  // keys-9: the key, if it may sign this use at a line.
  keyAt(keyid, use, seq) {
    const there = this.at(seq)?.find(keyid);
    refuseUnless(there?.uses.includes(use), `keys-9: key ${keyid} has not the use ${use} at line ${seq}`);
    const newest = this.versions.findLast((version) => version.find(keyid)).find(keyid);
    const cuts = [there, newest].filter(({ cut }) => cut).map(({ cut }) => cut.size);
    refuseUnless(cuts.every((cut) => seq < cut), `keys-9: key ${keyid} does not count at line ${seq}`);
    return there.key;
  }
}

// --------------------------------------------------------------------------------------------------------------- Checks
const [STATEMENT, ENTRIES, CHECKPOINTS, PROOFS, REGISTRY] = ["bundle.dsse.json",
  "chain/entries.ndjson", "chain/checkpoints.ndjson", "chain/proofs.json", "keys/registry.ndjson"];
const ALWAYS = [ENTRIES, CHECKPOINTS, PROOFS, REGISTRY, "keys/keys.csv", "readme.txt"];
const STATEMENTS = new Map(["backup", "evidence", "restore-test", "review"].map((kind) => [`statements/${kind}.ndjson`, kind]));
const isKnown = (name) => ALWAYS.includes(name) || STATEMENTS.has(name) || /^blobs\/[0-9a-f]{64}$/.test(name)
  || (/^chain\/timestamps\/.*\.tsr$/.test(name) && isDecimal(name.slice(17, -4)));

// verification-4: of its checks those that are made here, in order: id, whether the verdict needs it, what it asks. A check
// returns what it has looked at. `have` holds what earlier checks have established (verification-7).
const CHECKS = [
  ["zip.profile", false, ({ files, violations: [wrong] }) => { refuseUnless(!wrong, `bundle-5: ${wrong}`); return `${files.size} files`; }],
  ["bundle.listed", true, (have) => {
    refuseUnless(have.files.has(STATEMENT), "bundle-1: the bundle has no statement of its own");
    const envelope = new Envelope(have.documents(STATEMENT)[0].value);
    const names = have.give("bundle.listed", { envelope, ...envelope.statement("bundle") }).subjects.map(([name]) => name);
    refuseUnless(ascend(names, byBytes), "bundle-3: subjects out of order, or one twice");
    const listed = new Set([...names, STATEMENT]);
    const other = names.find((name) => !have.files.has(name)) ?? [...have.files.keys()].find((name) => !listed.has(name));
    refuseUnless(other === undefined, `bundle-3: the files are not the subjects: ${other}`);
    const wrong = ALWAYS.find((name) => !have.files.has(name)) ?? names.find((name) => !isKnown(name));
    refuseUnless(wrong === undefined, `bundle-1: a file that is missing, or that the format does not know: ${wrong}`);
    return `${names.length} files`;
  }],
  ["bundle.digests", true, async (have) => {
    const subjects = have.need("bundle.listed").subjects.filter(([name]) => have.files.has(name));
    const found = await Promise.all(subjects.map(([name]) => have.files.get(name) && crypto.subtle.digest("SHA-256", have.files.get(name))));
    const wrong = subjects.find(([, digest], at) => found[at] && hex(new Uint8Array(found[at])) !== digest);
    refuseUnless(!wrong, `bundle-3: ${wrong?.[0]} was changed after sealing`);
    if (subjects.some(([name]) => !have.files.get(name))) throw needs("zip.profile");
    return `SHA-256 of ${subjects.length} files`;
  }],
  ["json.canonical", true, ({ misspelt: [wrong] }) => { refuseUnless(!wrong, wrong?.join(": ")); return "every document"; }],
  ["chain.canonical", true, (have) => {
    const entries = have.give("chain.canonical", have.documents(ENTRIES).map(({ bytes, value }) => {
      refuseUnless(KINDS.entry(value), "chain-1: not the members of an entry");
      return Object.assign(value, { hash: leafHash(bytes), recorded: micros(value.recorded_at) });
    }));
    return `${entries.length} lines`;
  }],
  ["chain.not-empty", true, (have) => {
    const [entries, { start, end }] = [have.need("chain.canonical"), have.need("bundle.listed").predicate.period];
    const inside = entries.filter(({ recorded }) => recorded >= micros(start) && recorded < micros(end)).length;
    if (!inside) throw nothing("no entry was recorded in the period");
    return `${inside} of ${entries.length} entries`;
  }],
  ["chain.contiguous", true, (have) => {
    const [entries, ids] = [have.need("chain.canonical"), new Set()];
    entries.forEach((entry, seq) => {
      const before = entries[seq - 1];
      const prev = hex(before ? before.hash : sha256(utf8(`walwarden/genesis/v1\0${entry.origin}`)));
      refuseUnless(entry.seq === seq && entry.prev === prev, `chain-3: the line in the place of entry ${seq} does not follow the one before`);
      refuseUnless(!ids.has(entry.id), `chain-5: the id of entry ${seq} occurs twice`);
      refuseUnless(!before || entry.origin === before.origin, `chain-2: entry ${seq} is of another chain`);
      refuseUnless(!before || entry.recorded >= before.recorded, `chain-5: entry ${seq} was recorded before the last`);
      ids.add(entry.id);
    });
    return `${entries.length} entries`;
  }],
  ["keys.registry-versions", true, async (have) => {
    const versions = have.give("versions", await parseVersions(have.documents(REGISTRY).map(({ value }) => value)));
    have.give("keys.registry-versions", new Registry(versions, have.need("chain.canonical")));
    return `${versions.length} versions`;
  }],
  ["keys.root-pinned", true, async (have) => {
    const [versions, { roots, threshold }] = [have.need("versions", "keys.registry-versions"), have.trust];
    if (!roots.length) throw new NoInput("no root key is pinned");
    for (const [at, version] of versions.entries()) {
      const pinned = version.roots.filter(({ fingerprint }) => roots.includes(fingerprint));
      if (await version.envelope.signers(pinned) >= threshold) return `version ${at + 1}`;
    }
    throw new Refused(`keys-8: no version is signed by ${threshold} of the pinned roots`);
  }],
  ["chain.checkpoints-signed", true, async (have) => {
    const [lines, registry] = [have.documents(CHECKPOINTS), have.need("keys.registry-versions")];
    const notes = lines.map(({ value }) => {
      refuseUnless(KINDS.note(value), "bundle-1: not the members of a line of checkpoints");
      const note = new Note(value.note);
      refuseUnless(note.size === value.size, "bundle-1: the size beside a checkpoint is not its own");
      return note;
    });
    refuseUnless(notes.length, "chain-7: no checkpoint is carried");
    refuseUnless(ascend(notes, (one, other) => one.size - other.size), "bundle-1: checkpoints do not ascend");
    for (const note of notes) {
      refuseUnless(note.origin === registry.origin, "chain-7: a checkpoint of another chain");
      refuseUnless(await note.signers(registry.logKeys(note.size)), "chain-7: not signed by a log key in force");
    }
    for (const { place, key } of registry.retired()) {
      const first = notes.find(({ size }) => size > place);
      refuseUnless(!first || await first.signers([key]), "keys-9: not signed by the log key that was retired");
    }
    return `${have.give("chain.checkpoints-signed", notes).length} checkpoints`;
  }],
  ["chain.roots", true, (have) => {
    const [notes, entries] = [have.need("chain.checkpoints-signed"), have.need("chain.canonical")];
    const found = rootsAt(entries.map(({ hash }) => hash), [...notes, ...have.trust.heads].map(({ size }) => size));
    for (const { size, root } of notes) {
      refuseUnless(found.has(size), `chain-6: a head covers ${size} lines, and ${entries.length} are shown`);
      refuseUnless(equal(found.get(size), root), `chain-6: the first ${size} lines are not those signed`);
    }
    have.give("chain.roots", found);
    return `${notes.length} roots over ${entries.length} lines`;
  }],
  ["chain.proofs", true, (have) => {
    const [[{ value }], notes] = [have.documents(PROOFS), have.need("chain.checkpoints-signed")];
    refuseUnless(KINDS.proofs(value) && value.consistency.length === notes.length - 1, "bundle-6: not one proof for each pair of checkpoints");
    value.consistency.forEach(({ from, proof, to }, at) => {
      const [old, next] = notes.slice(at);
      const holds = from === old.size && to === next.size && extendsTree(proof.map(unhex), from, old.root, to, next.root);
      refuseUnless(holds, `merkle-6: the proof from ${from} to ${to} does not hold between checkpoints ${at} and ${at + 1}`);
    });
    return `${notes.length - 1} proofs`;
  }],
  ["chain.ends-at-checkpoint", true, (have) => {
    const [, last, shown] = [have.need("chain.roots"), have.need("chain.checkpoints-signed").at(-1), have.need("chain.canonical").length];
    const { end } = have.need("bundle.listed").predicate;
    refuseUnless(last.size === shown, `chain-7: ${shown} lines, and the last checkpoint covers ${last.size}`);
    refuseUnless(end.size === last.size && end.root === hex(last.root), "bundle-3: the end is not the last checkpoint");
    return `${last.size} lines, root ${hex(last.root)}`;
  }],
  ["bundle.signed", true, async (have) => {
    const [{ envelope, predicate }, registry] = [have.need("bundle.listed"), have.need("keys.registry-versions")];
    const seq = predicate.end.size - 1;
    if (seq < 0) throw nothing("it ends before its first entry");
    await envelope.verify(envelope.signatures.map(([keyid]) => registry.keyAt(keyid, "bundle", seq)));
    return `payload ${envelope.digest}`;
  }],
  ["chain.known", true, (have) => {
    const [roots, entries, { heads }] = [have.need("chain.roots"), have.need("chain.canonical"), have.trust];
    if (!heads.length) throw new NoInput("no head held before");
    for (const { origin, size, root } of heads) {
      refuseUnless(!entries.length || origin === entries[0].origin, "time-4: the head that you hold is of another chain");
      refuseUnless(roots.has(size), `time-4: the head that you hold covers ${size} lines, ${entries.length} are shown`);
      refuseUnless(hex(roots.get(size)) === root, "time-4: the lines are not those under the head that you hold");
    }
    const latest = Math.max(...heads.map(({ size }) => size));
    return `the head of ${latest} lines, and ${entries.length - latest} lines after it`;
  }],
  ["statements.signed", false, async (have) => {
    const lines = [...STATEMENTS].filter(([name]) => have.files.has(name)).map(([name, kind]) => [kind, have.documents(name)]);
    const envelopes = lines.flatMap(([kind, all]) => all.map(({ value }) => [kind, new Envelope(value)]));
    for (const [kind, envelope] of envelopes) envelope.statement(kind);
    if (!envelopes.length) throw nothing("no statement is carried");
    const keys = have.need("keys.registry-versions").versions.flatMap((version) => version.keys.map(({ key }) => key));
    for (const [, envelope] of envelopes) await envelope.verify(keys);
    return `${envelopes.length} statements, their signatures`;
  }],
];
// What is not looked at here. The program looks at all of it, and spec/reference/verify.py at what is neither time stamp nor rule.
export const OUTSIDE = ["keys.not-rolled-back", "chain.witnessed", "time.timestamps", "statements.referenced", "keys.in-span",
  "keys.last-head", "keys.csv", "keys.no-private-material", "blobs.digests", "policy.in-force", "bundle.agrees", "bundle.complete",
  "rows.roots", "restore.names-backup", "restore.outcome-follows", "artifacts.digests", "the control rules",
  "of statements.signed: the members that each kind of statement has"];

// The bundle, what the reader brings, and what checks have established (verification-7).
class Have extends Map {
  constructor(zip, trust) {
    Object.assign(super(), zip, { trust, read: new Map(), misspelt: new Map() });
    for (const [name, file] of this.files) {
      try { // bytes-1: what documents say, and those that are not canonical, with what is wrong
        const documents = file && /\.(json|ndjson)$/.test(name) ? (name.endsWith(".ndjson") ? linesOf(file) : [file]) : [];
        this.read.set(name, documents.map((bytes) => ({ bytes, value: parse(bytes) })));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.misspelt.set(name, error.message);
      }
    }
  }
  give(check, fact) { return this.set(check, fact).get(check); }
  need(fact, check = fact) { if (!this.has(fact)) throw needs(check); return this.get(fact); }
  documents(name) {
    if (!this.files.get(name)) throw needs(this.files.has(name) ? "zip.profile" : "bundle.listed");
    if (this.misspelt.has(name)) throw needs("json.canonical");
    return this.read.get(name);
  }
}

// What the reader brings: root fingerprints, how many must have signed, a head held before.
export function trustOf({ handover, roots = [], threshold = roots.length, head, firstContact = false }) {
  const trust = { roots, threshold, heads: [], firstContact };
  if (handover) { // keys-12: it need not be canonical, but no name may occur twice, which its length shows
    const text = strict.decode(handover).replace(/[ \t\r\n]/g, "");
    const value = JSON.parse(text);
    const spelt = KINDS.handover(value) && JSON.stringify(value).length === text.length && handover.length <= 65_536;
    refuseUnless(spelt && value.head.size > 0 && value.roots.length && !roots.length, "keys-12: this is no handover, or roots were given beside it");
    Object.assign(trust, { roots: value.roots, threshold: value.threshold, heads: [{ origin: value.origin, ...value.head }] });
  }
  if (head) { // time-4: a checkpoint, or one line `origin size root`
    const [origin, size, root, ...more] = head.trim().split(" ");
    const line = !more.length && isOrigin(origin) && isDecimal(size) && isDigest(root);
    const held = line ? { origin, size: Number(size), root: unhex(root) } : new Note(head);
    refuseUnless(held.size > 0, "time-4: a head of nothing");
    trust.heads.push({ origin: held.origin, size: held.size, root: hex(held.root) });
  }
  const { length } = trust.roots;
  refuseUnless(trust.roots.every(isDigest) && new Set(trust.roots).size === length, "keys-1: a fingerprint is 64 lower-case hex digits, none given twice");
  refuseUnless(!length || (trust.threshold >= 1 && trust.threshold <= length), "keys-8: a threshold that the roots cannot reach");
  return trust;
}

// Judges a zip: `verdict` (`rejected`, `not-established`, or `nothing wrong in scope`), and each check with its outcome.
// `said` is told what is looked at next.
export async function verify(bytes, trust, said = () => {}) {
  const [have, checks] = [new Have(readZip(bytes), trust), []];
  for (const [id, required, ask] of CHECKS) {
    said(id);
    try { checks.push({ id, required, outcome: "pass", detail: await ask(have) }); } catch (error) {
      if (!(error instanceof Refused || error instanceof NotRun)) throw error;
      const chosen = error instanceof NoInput && id === "chain.known" && trust.firstContact ? "accepted" : "not run";
      checks.push({ id, required, outcome: error instanceof Refused ? "fail" : chosen, detail: error.message });
    }
  }
  const some = (what, which = () => true) => checks.some((check) => check.outcome === what && which(check));
  const verdict = some("fail") ? "rejected" : some("not run", ({ required }) => required) ? "not-established" : "nothing wrong in scope";
  return { verdict, checks, outside: OUTSIDE };
}

// Text from a bundle is shown, never obeyed.
export const shown = (text) => text.slice(0, 400).replace(/\p{C}/gu, (char) => `[U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);

async function main(args) {
  const [{ readFileSync }, { parseArgs }] = await Promise.all([import("node:fs"), import("node:util")]);
  const [text, flag] = [{ type: "string" }, { type: "boolean" }];
  const options = { root: { type: "string", multiple: true }, "root-threshold": text, trust: text, "known-head": text, "first-contact": flag, json: flag };
  const { values, positionals: [bundle] } = parseArgs({ args, options, allowPositionals: true });
  const read = (path) => path && new Uint8Array(readFileSync(path));
  const trust = trustOf({ handover: read(values.trust), roots: values.root, firstContact: values["first-contact"],
    threshold: values["root-threshold"] && Number(values["root-threshold"]), head: values["known-head"] && strict.decode(read(values["known-head"])) });
  const judged = await verify(read(bundle ?? ""), trust);
  const lines = judged.checks.map(({ outcome, id, detail }) => `  ${outcome.padEnd(8)}  ${id.padEnd(24)}  ${shown(detail)}`);
  lines.unshift(judged.verdict.toUpperCase()) && lines.push("Not looked at here:", ...judged.outside.map((what) => `  ${what}`));
  console.log(values.json ? JSON.stringify(judged, null, 1) : lines.join("\n"));
  return { rejected: 1, "not-established": 3 }[judged.verdict] ?? 0;
}

if (globalThis.process?.argv?.[1]?.endsWith("verify.mjs")) {
  main(process.argv.slice(2)).then((code) => { process.exitCode = code; }, (error) => {
    console.error(`error: ${shown(String(error.message))}\nhint: node verify.mjs BUNDLE --trust handover.json`);
    process.exitCode = 2;
  });
}
