// The program itself: the WebAssembly module, in a worker, so that the page stays responsive. It has no imports, which is
// checked before it runs: it can reach nothing but the bytes that it is given. Runs after unpack.js.
"use strict";

const PLACES = ["request", "bundle", "handover", "previous", "tsaRoots", "witnesses"];
let module; // compiled once
let instance; // anew for each judgement: no state of one bundle is left when another is judged
let digest; // of the module's bytes
const say = (stage) => postMessage({ stage });

async function load(packed) {
  say("unpacking the verifier");
  const bytes = fromLzma(fromText(packed));
  const hash = globalThis.crypto?.subtle ? new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)) : null;
  digest = hash && Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
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

async function judge({ request, files }) {
  say("reading the bundle");
  instance = await WebAssembly.instantiate(module, {});
  place(0, new TextEncoder().encode(JSON.stringify({ ...request, ...(digest ? { program: digest } : {}) })));
  for (const [name, bytes] of Object.entries(files)) place(PLACES.indexOf(name), new Uint8Array(bytes));
  say("judging: every check and every rule");
  const began = performance.now();
  const code = instance.exports.judge();
  const millis = performance.now() - began;
  const said = JSON.parse(new TextDecoder().decode(output()));
  // What the page shows; the whole report is a rendering away.
  return code === 2 ? { code, ...said } : { code, millis, verdict: said.verdict, counts: said.counts, subject: said.subject, claims: said.claims, checks: said.checks,
    rules: said.rules.map(({ id, title, status, reason }) => ({ id, title, status, reason })) };
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
