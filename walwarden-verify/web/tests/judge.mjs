// Judges cases by the module and by the second opinion, for a test that compares: reads jobs as JSON from standard input,
// prints a line of JSON for each. node judge.mjs MODULE.wasm
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { trustOf, verify } from "../verify.mjs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
if (WebAssembly.Module.imports(module).length) throw new Error("the module has imports");
const INPUTS = ["request", "bundle", "handover", "previous", "tsa_roots", "witnesses", "digests"];
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// `ahead`: with every digest computed here, as the page does it with those of long parts.
function byModule({ request, files, tsa_roots: roots, render, ahead }) {
  const { place, long_parts: longParts, read, judge, rendering, output, output_length: length, memory } = new WebAssembly.Instance(module).exports;
  const put = (name, bytes) => {
    const at = place(INPUTS.indexOf(name), bytes.length); // the memory may grow
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
  };
  const out = () => Buffer.from(memory.buffer, output(), length());
  put("request", Buffer.from(JSON.stringify(request)));
  for (const [name, path] of Object.entries(files)) put(name, readFileSync(path));
  put("tsa_roots", Buffer.concat(roots.map((path) => readFileSync(path))));
  if (ahead) {
    longParts(1);
    const parts = JSON.parse(out().toString());
    read();
    const bundle = readFileSync(files.bundle);
    put("digests", Buffer.from(JSON.stringify(parts.map((part) => ({ ...part, sha256: sha256(bundle.subarray(part.start, part.end)) })))));
  }
  const code = judge();
  const brief = JSON.parse(out().toString());
  if (code === 2) return { ...brief, code };
  const report = rendering(1) === 0 ? JSON.parse(out().toString()) : {};
  for (const member of ["verdict", "counts", "subject", "claims", "checks"]) assert.deepEqual(brief[member], report[member]);
  assert.deepEqual(brief.rules, report.rules.map(({ id, title, status, reason }) => ({ id, title, status, reason })));
  const of = (outcome) => report.checks.filter((check) => check.outcome === outcome).map(({ id }) => id);
  const renderings = (render ? [0, 1, 2, 3, 4, 5, 6, 7] : []).map((number) => (rendering(number) === 0 ? sha256(out()) : ""));
  return { code, verdict: report.verdict.word, fails: of("fail"), not_run: of("not-run"), renderings };
}

async function bySecond({ files, roots, threshold, head, first_contact: firstContact }) {
  const handover = files.handover && new Uint8Array(readFileSync(files.handover));
  const brought = { handover, roots, head, firstContact, ...(threshold ? { threshold } : {}) };
  const { verdict, checks, outside } = await verify(new Uint8Array(readFileSync(files.bundle)), trustOf(brought));
  const of = (outcome) => checks.filter((check) => check.outcome === outcome).map(({ id }) => id);
  return { verdict, fails: of("fail"), not_run: of("not run"), made: checks.map(({ id }) => id), outside };
}

for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  console.log(JSON.stringify({ name: job.name, module: byModule(job), ahead: byModule({ ...job, ahead: true }), second: await bySecond(job) }));
}
