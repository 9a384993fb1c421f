// The second opinion over the vectors of spec/: what each says is valid, and nothing else, is taken. node vectors.mjs SPEC
import { readFileSync } from "node:fs";
import { join } from "node:path";

// What the page and Node use is exported; what the vectors ask about stands in the same text.
const text = readFileSync(new URL("../verify.mjs", import.meta.url), "utf8").replace(/^export /gm, "");
const names = "Key, Envelope, Note, KINDS, canonical, parse, parseVersions, readZip, extendsTree, trustOf, sha256, hex, unhex, utf8, linesOf";
const module = await import(`data:text/javascript;base64,${Buffer.from(`${text}\nexport { ${names} };`).toString("base64")}`);
const { Key, Envelope, Note, KINDS, canonical, parse, parseVersions, readZip, extendsTree, trustOf, sha256, hex, unhex, utf8, linesOf } = module;

const bytesOf = ({ base64, json }) => new Uint8Array(base64 === undefined ? utf8(json) : Buffer.from(base64, "base64"));
const refuse = () => { throw new Error("refused"); };
const FILES = {
  json: (one) => hex(sha256(utf8(canonical(parse(bytesOf(one)))))) === one.sha256 || refuse(),
  keys: (one) => { const key = new Key(JSON.parse(one.jwk)); return (key.id === one.key_id && key.fingerprint === one.fingerprint) || refuse(); },
  signatures: async (one) => (await new Key(JSON.parse(one.jwk)).verifies(unhex(one.message), unhex(one.signature))) || refuse(),
  consistency: (one) => extendsTree(one.proof.map(unhex), Number(one.old.size), unhex(one.old.root), Number(one.new.size), unhex(one.new.root)) || refuse(),
  entries: (one) => KINDS.entry(parse(utf8(one.line))) || refuse(),
  zip: (one) => readZip(new Uint8Array(Buffer.from(one.zip, "base64"))).violations.length === 0 || refuse(),
  handover: (one) => trustOf({ handover: utf8(one.file) }),
  checkpoints: async (one) => {
    const note = new Note(one.note);
    const keys = one.keys.map((key) => new Key({ crv: "Ed25519", kty: "OKP", x: Buffer.from(key, "hex").toString("base64url") }));
    return (note.origin === one.origin && (await note.signers(keys)) > 0) || refuse();
  },
  envelopes: async (one) => {
    const [envelope, keys] = [new Envelope(parse(utf8(one.envelope))), one.keys.map((jwk) => new Key(jwk))];
    await envelope.verify(keys);
    return (await envelope.signers(keys)) >= one.threshold || refuse();
  },
  registry: async (one) => {
    const versions = await parseVersions(linesOf(utf8(one.ndjson)).map(parse));
    let anchored = null;
    for (const [at, version] of versions.entries()) {
      const pinned = version.roots.filter(({ fingerprint }) => one.pins.includes(fingerprint));
      if (anchored === null && one.threshold > 0 && await version.envelope.signers(pinned) >= one.threshold) anchored = at + 1;
    }
    return anchored === one.anchored || refuse();
  },
};

let [read, wrong] = [0, 0];
for (const [file, takes] of Object.entries(FILES)) {
  const { cases } = JSON.parse(readFileSync(join(process.argv[2], "vectors", `${file}.json`), "utf8"));
  for (const one of cases.filter(({ make }) => !make)) { // those that are made by a program are for others
    read += 1;
    let [valid, why] = [true, ""];
    try { await takes(one); } catch (error) { [valid, why] = [false, error.message]; }
    if (valid === one.valid) continue;
    wrong += 1;
    console.error(`${file}/${one.name}: ${valid ? "taken" : `refused: ${why}`}`);
  }
}
console.log(`${read} vectors, ${wrong} otherwise than they say`);
process.exitCode = wrong ? 1 : 0;
