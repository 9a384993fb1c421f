// The page: takes files, hands them to workers (the program, and the second opinion), and shows what they say. Text
// of a bundle reaches the document as text only, with characters that cannot be seen made visible.
"use strict";

const byId = (id) => document.getElementById(id);
const source = (id) => byId(`source-${id}`).textContent;
const DEMO = JSON.parse(byId("data-demo").textContent);
const visible = (text) => String(text).replace(/\p{C}/gu, (char) => `[U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
const size = (bytes) => (bytes < 10_000 ? `${bytes} bytes` : bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`);

// An element: its children are elements, or text to be shown and never obeyed.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((child) => (child instanceof Node ? child : visible(child))));
  return element;
}

// ------------------------------------------------------------------------------------------------------------- Workers

// One task at a time; a worker that is stopped or that failed is thrown away.
class Hand {
  constructor(text) { this.text = text; }

  // `said` is told the stages of the work.
  ask(task, given, { transfer = [], said = progress } = {}) {
    this.worker ??= new Worker(URL.createObjectURL(new Blob([this.text], { type: "text/javascript" })));
    return new Promise((resolve, reject) => {
      this.reject = reject;
      this.worker.onmessage = ({ data }) => {
        if (data.stage) said(data.stage);
        else if ("fault" in data) { this.stop(); reject(new Error(data.fault)); } else resolve(data.answer);
      };
      this.worker.onerror = (event) => { event.preventDefault(); this.stop(); reject(new Error(event.message || "the worker could not be started")); };
      this.worker.postMessage({ task, ...given }, transfer);
    });
  }

  stop(why) {
    this.worker?.terminate();
    this.worker = null;
    this.loaded = null;
    this.judged = null;
    if (why) this.reject?.(new Error(why));
  }
}

const program = new Hand(`${source("unpack")}\n${source("judge")}`);
// `export` means nothing in a worker that is no module, and old browsers have no other.
const plain = `${source("unpack")}\n${source("second").replace(/^export /gm, "")}\n${source("breaking")}`;
const [second, clerk] = [new Hand(plain), new Hand(plain)]; // the clerk unpacks, breaks and packs while the second opinion thinks
const STOPPED = "stopped";

async function ready() {
  program.loaded ??= load();
  await program.loaded;
}

async function load() {
  const { digest, bytes } = await program.ask("load", { packed: byId("data-module").textContent });
  await knowsItsAnswers();
  byId("module").textContent = `WebAssembly without imports, ${size(bytes)}${digest ? `, SHA-256 ${digest.slice(0, 16)}…` : ""}, tested with known answers`;
}

// Before any answer is believed, two that are known: the demonstration verifies, with its exceptions, and with one byte
// changed it does not. A browser that runs the module wrongly says so here.
async function knowsItsAnswers() {
  await unpackDemo();
  const sound = demoOf("demo");
  const broken = { ...sound.files, bundle: await clerk.ask("broken", { how: "byte", bundle: unzipped.demo }) };
  for (const [expected, what] of [["exceptions", sound], ["rejected", { ...sound, files: broken }]]) {
    const { verdict, error } = await judged(what, () => progress("testing the verifier with known answers"));
    if (verdict?.word !== expected) throw new Error(`the verifier failed its test: ${verdict?.word ?? error} in place of ${expected}`);
  }
}

// ---------------------------------------------------------------------------------------------------------- What is given

const FILES = ["bundle", "handover", "previous", "witnesses", "tsaRoots"];
const chosen = {}; // what was dropped, in place of what a file input holds
const fileOf = (name) => chosen[name] ?? byId(name).files[0];

function given() {
  const files = Object.fromEntries(FILES.filter(fileOf).map((name) => [name, fileOf(name)]));
  const words = (id) => byId(id).value.toLowerCase().replace(/sha256|[:=]/g, " ").split(/\s*\n\s*/).map((line) => line.replace(/\s/g, "")).filter(Boolean);
  const head = byId("head").value;
  return {
    name: fileOf("bundle")?.name,
    files,
    request: { previous: fileOf("previous")?.name ?? "", roots: words("roots"), first_contact: byId("firstContact").checked, as_of: instant(byId("asOf").value.trim()),
      ...(head.trim() ? { known_head: head.includes("\u2014") ? head : head.trim() } : {}) },
  };
}

// `2026-10-05T08:00:00Z`, with or without six fractional digits; nothing: the clock.
function instant(text) {
  if (!text) return new Date().toISOString().replace("Z", "000Z");
  return /^[^.]{19}Z$/.test(text) ? text.replace("Z", ".000000Z") : text;
}

// ------------------------------------------------------------------------------------------------------------ Progress

let began = 0;
let ticking = null;
function progress(stage) {
  byId("status").textContent = stage ? `${stage} …` : "";
  byId("progress").hidden = byId("cancel").hidden = !stage;
  for (const button of document.querySelectorAll(".actions button, .breaks button")) button.disabled = Boolean(stage) && button.id !== "cancel";
  clearInterval(ticking);
  byId("elapsed").textContent = "";
  if (stage) ticking = setInterval(() => { byId("elapsed").textContent = `${Math.round((performance.now() - began) / 1000)} s`; }, 1000);
}

// Does a piece of work with the buttons off; what goes wrong is said, and is no verdict.
async function work(into, does) {
  began = performance.now();
  second.stop(STOPPED); // about a bundle that nobody asks about any more
  progress("beginning");
  into.hidden = true;
  into.replaceChildren();
  let said = "";
  try {
    await ready();
    said = await does();
    into.hidden = false;
  } catch (error) {
    if (error.message !== STOPPED) {
      into.replaceChildren(panel("quiet", "✕ Nothing was judged", `An internal error: ${error.message}. This is a fault of the page and says nothing about the bundle; walwarden-verify judges it outside a browser.`));
      into.hidden = false;
    }
    said = error.message === STOPPED ? "Stopped: nothing was judged." : "Nothing was judged: an internal error.";
  }
  progress("");
  byId("status").textContent = said;
  if (!into.hidden) into.focus({ preventScroll: true });
  if (!into.hidden) into.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

// ------------------------------------------------------------------------------------------------------------ Verdicts

const VERDICTS = { verified: ["●", "good"], exceptions: ["▲", "warn"], "not-established": ["○", "warn"], rejected: ["✕", "bad"] };
const OUTCOMES = { pass: ["● passed", "good"], fail: ["✕ failed", "bad"], "not-run": ["– not run", "quiet"], accepted: ["◇ accepted by the reader", "warn"] };
const plural = (number, one, many) => `${number} ${number === 1 ? one : many}`;

function panel(tone, verdict, ...lines) {
  return make("div", { class: `panel ${tone}` }, make("p", { class: "verdict" }, verdict), ...lines.map((line) => make("p", {}, line)));
}

function facts(all) {
  const rows = all.filter(([, value]) => value).map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value)));
  return make("dl", {}, ...rows);
}

const digest = (text) => text && make("code", { class: "digest" }, ...text.match(/.{8}/g).map((part) => make("span", {}, part)));

function mark(check) {
  const [words, tone] = OUTCOMES[check.outcome];
  const needed = check.outcome === "not-run" && check.required;
  return make("span", { class: `mark ${needed ? "warn" : tone}` }, needed ? `${words}, required` : words);
}

function table(caption, heads, rows) {
  // On a narrow screen the rows are laid out as blocks, which would take their roles from them.
  const cell = (tag, role) => (content) => make(tag, { role }, ...[content].flat());
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": caption }, make("table", { role: "table" }, make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads.map(cell("th", "columnheader")))),
    make("tbody", { role: "rowgroup" }, ...rows.map((row) => make("tr", { role: "row" }, ...row.map(cell("td", "cell")))))));
}

function saidOf(check) {
  if (check.outcome === "pass") return check.evidence;
  if (check.outcome === "accepted") return check.choice;
  if (check.outcome === "not-run") return check.reason === "needs" ? `needs ${check.detail}, which did not pass` : `${check.reason.replace("-", " ")}: ${check.detail}`;
  return check.finding.what;
}

function verdictPanel({ verdict, counts, rules }) {
  const [sign, tone] = VERDICTS[verdict.word];
  const line = [plural(counts.failed, "check failed", "checks failed"), `${counts.not_run} not run, of these ${counts.required_not_run} required`,
    `${counts.passed} checks passed`];
  // Where a check failed that the rules rest on, they found nothing because they were not asked.
  if (rules.every(({ status }) => status === "integrity-failure")) line.push("no rule was evaluated");
  else line.push(plural(counts.exceptions, "exception", "exceptions"), `${plural(counts.not_evidenced, "rule", "rules")} not evidenced`);
  if (counts.accepted) line.push(`${counts.accepted} accepted by the reader`);
  return panel(tone, `${sign} ${verdict.words}`, line.join(" · "));
}

// Failed checks in full: what, where, what it reads as.
function failures(checks) {
  const rows = checks.filter(({ outcome }) => outcome === "fail").map(({ id, title, finding }) => [
    make("code", {}, id), make("span", { class: "mark bad" }, finding.reads_as),
    [make("b", {}, title), ": ", finding.what, ...(finding.at ? [make("br"), make("span", { class: "hint" }, `at ${finding.at}`)] : []),
      ...(finding.expected || finding.found ? [["expected", finding.expected], ["found", finding.found]].flatMap(([word, what]) => [make("br"), make("span", { class: "hint" }, `${word} `, make("code", {}, what || "nothing"))]) : [])],
  ]);
  return rows.length ? [table("What was caught, by which check, and as what it reads", ["Check", "Reads as", "What is wrong"], rows)] : [];
}

// The second opinion, which takes longer: asked for when the verdict is there, and put in its place when it has come.
function opinion(report, { files, request }) {
  const state = make("p", { "aria-live": "polite" }, "Being asked for …");
  const place = make("div", { "data-opinion": "asked" }, make("h3", {}, "The second opinion"), state);
  secondOf({ files, request }, (check) => { state.textContent = `Being asked for: ${visible(check)} …`; }).then(
    (other) => { place.replaceChildren(...compared(report, other)); place.dataset.opinion = "given"; },
    (error) => { state.textContent = error.message === STOPPED ? "It was not waited for." : `It could not be had: ${visible(error.message)}`; place.dataset.opinion = "none"; });
  return place;
}

async function secondOf({ files, request }, said) {
  let head = request.known_head;
  if (files.previous && !head) head = await second.ask("headOf", { bundle: files.previous });
  const brought = { bundle: files.bundle, roots: request.roots ?? [], firstContact: request.first_contact };
  return second.ask("second", { ...brought, ...(head ? { head } : {}), ...(files.handover ? { handover: files.handover } : {}) }, { said });
}

// Checks that both have made, and whether they agree.
function compared(report, other) {
  const outcome = { pass: "pass", fail: "fail", "not run": "not-run", accepted: "accepted" };
  const first = new Map(report.checks.map((check) => [check.id, check]));
  const differs = other.checks.filter((check) => first.get(check.id)?.outcome !== outcome[check.outcome]);
  const words = differs.length ? `They differ on ${differs.map(({ id }) => id).join(", ")}.` : `On each of these ${other.checks.length} checks both say the same.`;
  const failed = other.checks.filter((check) => check.outcome === "fail").map(({ id }) => id);
  return [make("h3", {}, "The second opinion"),
    make("p", {}, `Plain JavaScript, written apart from the program: ${other.verdict}${failed.length ? `, by ${failed.join(", ")}` : ""}. ${words}`),
    make("details", {}, make("summary", {}, "What it has looked at, and what not"),
      table("Checks of the second opinion", ["Check", "Outcome", "What was looked at, or what is wrong"], other.checks.map((check) => [make("code", {}, check.id), mark({ ...check, outcome: outcome[check.outcome] }), check.detail])),
      make("p", {}, `Not looked at: ${other.outside.join(", ")}.`))];
}

function every(report) {
  const rows = report.checks.map((check) => [make("code", {}, check.id), mark(check), [make("b", {}, check.title), make("br"), saidOf(check)]]);
  return table("Every check, in order", ["Check", "Outcome", "What it asks, and what came of it"], rows);
}

function save(name, type, bytes) {
  const link = make("a", { href: URL.createObjectURL(new Blob([bytes], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const DOWNLOADS = [
  ["Report as PDF", "report.pdf", "application/pdf", 2], ["Report as HTML", "report.html", "text/html", 0], ["report.json", "report.json", "application/json", 1],
  ["Workpapers", "workpapers.zip", "application/zip", 7], ["OSCAL", "oscal-assessment-results.json", "application/json", 5], ["JUnit", "junit.xml", "application/xml", 4],
];

async function download(what, button, name, type, number) {
  button.disabled = true;
  try {
    let bytes = await rendered(what, number);
    if (number === 7) bytes = await clerk.ask("papers", { bytes }, { transfer: [bytes.buffer] });
    save(name, type, bytes);
    byId("status").textContent = `${name} is ready.`;
  } catch (error) {
    byId("status").textContent = `${name} could not be written: ${error.message}`;
  }
  progressOff();
  button.disabled = false;
}
const progressOff = () => { const text = byId("status").textContent; progress(""); byId("status").textContent = text; };

async function judged(what, said = progress) {
  const { name, files, request } = what;
  program.judged = null;
  const report = await program.ask("judge", { request: { ...request, bundle: name }, files }, { said });
  program.judged = what;
  return report;
}

// The program keeps one judgement: where that is of something else by now, it judges again.
async function rendered(what, number) {
  await ready();
  if (program.judged !== what) await judged(what);
  return program.ask("render", { number });
}

function refused(into, { error, hint }) {
  into.append(panel("quiet", "– Nothing was judged", error, hint));
  return `Nothing was judged: ${error}`;
}

async function show(into, what) {
  const report = await judged(what);
  if (report.code === 2) return refused(into, report);
  const { subject, claims } = report;
  into.append(verdictPanel(report),
    facts([["Organisation", claims?.organisation], ["Period", claims && `${claims.period.start} to ${claims.period.end}, half-open, UTC`], ["File", `${subject.name}, ${size(subject.bytes)}`],
      ["Bundle digest", digest(subject.bundle_digest)], ["SHA-256 of the file", digest(subject.file_sha256)], ["As of", what.request.as_of], ["Judged in", `${Math.round(report.millis)} ms`]]),
    ...failures(report.checks), opinion(report, what));
  const words = `${report.verdict.words}: ${plural(report.counts.failed, "check", "checks")} failed.`;
  into.hidden = false; // the verdict is there; its report is written now
  let html;
  try {
    html = new TextDecoder().decode(await rendered(what, 0));
  } catch (error) {
    into.append(make("h3", {}, "The report"), make("p", {}, error.message === STOPPED ? "Stopped before it was written." : `It could not be written: ${error.message}. This is a fault of the page.`));
    return words;
  }
  const buttons = DOWNLOADS.map(([label, name, type, number]) => {
    const button = make("button", { type: "button", class: "plain" }, label);
    button.addEventListener("click", () => download(what, button, name, type, number));
    return button;
  });
  into.append(make("h3", {}, "Take with you"), make("p", { class: "actions" }, ...buttons), make("h3", {}, "Every check"), every(report), make("h3", {}, "The report"));
  // Without scripts, without a connection, and as another origin: a report is a document.
  const frame = make("iframe", { sandbox: "", title: "The report", tabindex: "0" });
  frame.srcdoc = html;
  into.append(frame);
  return words;
}

// ------------------------------------------------------------------------------------------------------------ Break it

const BREAKS = [
  ["byte", "Change a byte", "One digit of one time, in the middle of the chain."],
  ["drop", "Drop an event", "A night without a backup was never told: its line is taken out."],
  ["signature", "Swap a signature", "Two statements of backups exchange their signatures. Both signatures are genuine."],
  ["tail", "Cut the tail", "The last lines are left away. The heads that were signed over them say how many there were."],
  ["heads", "Cut the tail, heads and all", "The last lines go together with the heads over them. What is left hangs together; the bundle still says where it ended."],
  ["key", "Sign again with another key", "The missed night is taken out, every hash is computed again, and the whole is signed, correctly, by somebody else."],
  ["restore", "Turn a failed restore into a passed one", "In its entry, in its statement, and in every hash over them."],
];

const encoded = (name) => new TextEncoder().encode(DEMO[name]);
const demoOf = (name) => ({ name: `${name}.zip`, files: { bundle: unzipped[name], handover: encoded("handover"), witnesses: encoded("witnesses"), tsaRoots: encoded("tsaRoots") }, request: { as_of: DEMO.as_of, previous: "", roots: [], first_contact: false } });
const unzipped = {};
async function unpackDemo() {
  for (const [name, text] of Object.entries(DEMO.bundles)) {
    unzipped[name] ??= await clerk.ask("unpacked", { packed: text });
  }
}

async function breakIt(into, [how, title]) {
  await unpackDemo();
  progress("tampering");
  const bundle = await clerk.ask("broken", { how, bundle: unzipped.demo });
  const demo = demoOf("demo");
  const what = { ...demo, name: `demo-${how}.zip`, files: { ...demo.files, bundle } };
  const report = await judged(what);
  into.append(make("h3", {}, title));
  if (report.code === 2) return refused(into, report);
  const keep = make("button", { type: "button", class: "plain" }, "Keep the broken bundle");
  keep.addEventListener("click", () => save(`demo-${how}.zip`, "application/zip", bundle));
  into.append(verdictPanel(report), ...failures(report.checks), opinion(report, what), make("p", { class: "actions" }, keep));
  return `${title}: ${report.verdict.words}, by ${report.checks.filter(({ outcome }) => outcome === "fail").map(({ id }) => id).join(", ")}.`;
}

// What no verifier can see in one bundle; and what whoever kept one line sees at once.
async function honest(into) {
  await unpackDemo();
  const line = await clerk.ask("headOf", { bundle: unzipped.kept });
  const told = { name: "remade.zip", files: { bundle: unzipped.remade }, request: { as_of: DEMO.as_of, previous: "", roots: DEMO.roots, first_contact: true } };
  const alone = await judged(told);
  const known = { ...told, request: { ...told.request, first_contact: false, known_head: line } };
  const held = await judged(known);
  if (alone.code === 2 || held.code === 2) return refused(into, alone.code === 2 ? alone : held);
  into.append(make("h3", {}, "The whole record made again, by who owns the keys"),
    make("p", {}, "In the record as it was first shown, a backup failed. Then whoever owns all keys wrote another one, in which it succeeded, and signed every line of it correctly. Judged by itself, by a reader who holds nothing else:"),
    verdictPanel(alone),
    make("p", {}, "Nothing is caught, and nothing could be: every signature is genuine. The report says so on its first page, as accepted by the reader. Now the same file, for a reader who kept one line of an earlier report:"),
    make("p", {}, make("code", {}, line)),
    verdictPanel(held), ...failures(held.checks), opinion(held, known),
    make("p", {}, "So keep that line, or the bundle before, or pin a witness: they are what an organisation cannot take back. An event that was left out before anything was signed leaves no trace at all; missed backups are computed from the policy for that reason, so that a night cannot be left out in silence."));
  return `Alone: ${alone.verdict.words}. With the head kept before: ${held.verdict.words}.`;
}

// -------------------------------------------------------------------------------------------------------------- The page

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!fileOf("bundle")) {
    byId("status").textContent = "Choose a bundle first: a .zip.";
    byId("bundle").focus();
    return;
  }
  work(byId("result"), () => show(byId("result"), given()));
});
byId("cancel").addEventListener("click", () => { program.stop(STOPPED); clerk.stop(STOPPED); });
byId("demo").addEventListener("click", () => work(byId("result"), async () => { await unpackDemo(); return show(byId("result"), demoOf("demo")); }));
for (const name of FILES) byId(name).addEventListener("change", () => { delete chosen[name]; });

addEventListener("dragover", (event) => { event.preventDefault(); byId("drop").classList.add("over"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("drop").classList.remove("over"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  const files = [...event.dataTransfer.files];
  const bundle = files.find(({ name }) => name.endsWith(".zip"));
  const handover = files.find(({ name }) => name.endsWith(".json"));
  for (const [name, file] of Object.entries({ bundle, handover })) {
    if (!file) continue;
    const transfer = new DataTransfer();
    transfer.items.add(file);
    chosen[name] = file;
    byId(name).files = transfer.files; // so that its name is shown
  }
  if (bundle && byId("verify").disabled) byId("status").textContent = "The bundle is taken. Press Verify when the button is ready.";
  else if (bundle) byId("form").requestSubmit();
  else if (!bundle) byId("status").textContent = handover ? "handover.json is taken; now the bundle." : "A bundle is a .zip.";
});

for (const entry of BREAKS) {
  const button = make("button", { type: "button", "data-break": entry[0] }, entry[1]);
  button.addEventListener("click", () => work(byId("broken"), () => breakIt(byId("broken"), entry)));
  byId("breaks").append(make("li", {}, button, make("p", {}, entry[2])));
}
const remade = make("button", { type: "button", "data-break": "remade" }, "Make the whole record again");
remade.addEventListener("click", () => work(byId("broken"), () => honest(byId("broken"))));
byId("breaks").append(make("li", { class: "wide" }, remade, make("p", {}, "By who owns all the keys. One bundle cannot show this, and this button does not pretend that it does; an earlier head shows it at once.")));

ready().then(() => progress(""), (error) => {
  progress("");
  if (error.message === STOPPED) {
    byId("module").textContent = "the verifier is not unpacked yet";
    return;
  }
  byId("module").textContent = "the verifier does not run as it should in this browser"; byId("status").textContent = visible(error.message);
});
