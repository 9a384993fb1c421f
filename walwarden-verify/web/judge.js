// The program itself: the WebAssembly module, in a worker, so that the page stays responsive. It has no imports, which is
// checked before it runs: it can reach nothing but the bytes that it is given. Runs after unpack.js.
"use strict";

const PLACES = ["request", "bundle", "handover", "previous", "tsaRoots", "witnesses", "digests"];
const LONG = 1 << 20; // from here on a digest by the browser is worth the asking
let module; // compiled once
let instance; // anew for each judgement: no state of one bundle is left when another is judged
let digest; // of the module's bytes
let hasher = null; // a worker, once it runs
const hex = (hash) => Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
const say = (stage) => postMessage({ stage });

async function load(packed) {
  say("unpacking the verifier");
  const bytes = fromLzma(fromText(packed));
  digest = globalThis.crypto?.subtle ? hex(await crypto.subtle.digest("SHA-256", bytes)) : null;
  startHasher();
  module = await WebAssembly.compile(bytes);
  const imports = WebAssembly.Module.imports(module);
  if (imports.length) throw new Error(`the module asks for ${imports.length} imports, and must have none`);
  return { digest, bytes: bytes.byteLength };
}

// Copies: the module's memory may move when it grows.
function place(number, bytes) {
  const at = instance.exports.place(number, bytes.length);
  new Uint8Array(instance.exports.memory.buffer, at, bytes.length).set(bytes);
}

function output() {
  return new Uint8Array(instance.exports.memory.buffer, instance.exports.output(), instance.exports.output_length()).slice();
}

// Hashes parts of a bundle by the browser's own SHA-256. Runs in a worker of its own: what WebCrypto is given it copies
// first, and the program need not wait for that.
function hashing() {
  onmessage = async ({ data: { bundle, parts } }) => {
    try {
      postMessage(await Promise.all(parts.map(({ start, end }) => crypto.subtle.digest("SHA-256", bundle.subarray(start, end)))));
    } catch {
      postMessage([]);
    }
  };
  postMessage("ready");
}

// Starts that worker, where the browser hashes and lets a worker have one. It is asked nothing before it says that it runs.
function startHasher() {
  if (!globalThis.crypto?.subtle) return;
  try {
    const worker = new Worker(URL.createObjectURL(new Blob([`(${hashing})()`], { type: "text/javascript" })));
    worker.onmessage = () => { hasher = worker; };
    worker.onerror = (event) => event.preventDefault();
  } catch {
    // The module hashes all parts itself.
  }
}

// Digests of the long parts of the bundle, which is given away: on their way when this returns. Without them the module
// hashes these parts itself.
function digestsOf(bundle) {
  if (!hasher) return [];
  instance.exports.long_parts(LONG);
  const parts = JSON.parse(new TextDecoder().decode(output()));
  if (!parts.length) return [];
  return new Promise((resolve) => {
    hasher.onmessage = ({ data }) => resolve(data.map((hash, at) => ({ ...parts[at], sha256: hex(hash) })));
    hasher.onerror = hasher.onmessageerror = (event) => { event.preventDefault(); hasher = null; resolve([]); };
    hasher.postMessage({ bundle, parts }, [bundle.buffer]);
  });
}

async function judge({ request, files }) {
  say("reading the bundle");
  const bytes = await readAll(files);
  instance = await WebAssembly.instantiate(module, {});
  place(0, new TextEncoder().encode(JSON.stringify({ ...request, ...(digest ? { program: digest } : {}) })));
  for (const name of Object.keys(bytes)) place(PLACES.indexOf(name), bytes[name]);
  const began = performance.now();
  const hashed = digestsOf(bytes.bundle);
  say("judging: every check and every rule");
  instance.exports.read(); // while the browser hashes
  const digests = await hashed;
  if (digests.length) place(PLACES.indexOf("digests"), new TextEncoder().encode(JSON.stringify(digests)));
  const code = instance.exports.judge();
  const millis = performance.now() - began;
  // What the page shows; the whole report is a rendering away.
  return { code, millis, ...JSON.parse(new TextDecoder().decode(output())) };
}

function render({ number }) {
  say("writing the report");
  if (instance.exports.rendering(number)) throw new Error(new TextDecoder().decode(output()));
  return output();
}

onmessage = async ({ data: { task, ...given } }) => {
  try {
    const answer = await { load: ({ packed }) => load(packed), judge, render }[task](given);
    postMessage({ answer });
  } catch (error) {
    // A trap is a fault of the program, never a verdict.
    postMessage({ fault: String(error?.message ?? error) });
  }
};
