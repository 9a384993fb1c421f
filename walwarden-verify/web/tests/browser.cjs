// The page in a browser: every verdict, every button, and what must never happen; and the site around it.
// node browser.cjs PAGE FIXTURES PICTURES SITE
// Prints what is wrong, and ends with 1 where anything is.
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [page_, fixtures, pictures, site_] = process.argv.slice(2).map((one) => path.resolve(one));
const url = `file://${page_}`;
const golden = (name) => path.join(fixtures, "golden", name);
const tampered = (name) => path.join(fixtures, "tampered", name);
let wrong = 0;
const say = (line) => { wrong += 1; console.error(line); };
const expect = (what, holds) => { if (!holds) say(what); };

// What came of a bundle, by what its reader brings.
const CASES = [
  { bundle: golden("minimal.zip"), handover: golden("minimal.json"), verdict: "Verified", fails: [] },
  { bundle: golden("es256.zip"), handover: golden("es256.json"), verdict: "Verified", fails: [] },
  { bundle: golden("quarter.zip"), handover: golden("quarter.json"), verdict: "Verified, with exceptions", fails: [] },
  { bundle: golden("next.zip"), handover: golden("previous.json"), previous: golden("previous.zip"), verdict: "Verified", fails: [] },
  { bundle: golden("minimal.zip"), verdict: "Not established", fails: [] },
  { bundle: tampered("file_changed_readme.zip"), handover: golden("minimal.json"), verdict: "Rejected", fails: ["bundle.digests", "bundle.agrees"] },
  { bundle: tampered("chain_middle_entry_removed.zip"), handover: golden("minimal.json"), verdict: "Rejected" },
  { bundle: golden("minimal.json"), handover: golden("minimal.json"), verdict: "Nothing was judged", fails: [] },
];

// Which checks catch which way of breaking the demonstration bundle, and as what it reads there; others may fail besides.
const BREAKS = {
  byte: ["bundle.digests", "chain.contiguous", "chain.roots"],
  drop: ["bundle.digests", "chain.contiguous", "chain.roots"],
  signature: ["bundle.digests", "statements.signed", "statements.referenced"],
  tail: ["bundle.digests", "chain.roots truncation"],
  heads: ["bundle.digests", "chain.ends-at-checkpoint truncation"],
  key: ["bundle.signed", "chain.roots"],
  restore: ["chain.roots", "bundle.signed", "statements.signed"],
};

async function open(browser, { width = 1200, colorScheme = "light", bypassCSP = false, address = url } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP, acceptDownloads: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  const log = { requests: [], console: [] };
  page.on("console", (message) => log.console.push(message.text()));
  page.on("pageerror", (error) => log.console.push(String(error)));
  page.on("request", (request) => log.requests.push(request.url()));
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  devtools.on("Network.requestWillBeSent", ({ request }) => log.requests.push(request.url));
  devtools.on("Network.webSocketCreated", ({ url: socket }) => log.requests.push(socket));
  await page.goto(address);
  if (address === url) await page.waitForFunction(() => document.getElementById("module").textContent.includes("known answers"), null, { timeout: 60_000 });
  return { context, page, log };
}

// Blobs are the workers and the downloads that the page makes of itself.
const leaves = (address) => address !== url && !/^(blob:|data:|about:)/.test(address);

async function closed(where, { context, log }) {
  const left = log.requests.filter(leaves);
  expect(`${where}: requests left the page: ${left.slice(0, 3)}`, left.length === 0);
  expect(`${where}: the console is not clean: ${log.console.slice(0, 3).join(" | ")}`, log.console.length === 0);
  await context.close();
}

const done = (page) => page.waitForFunction(() => document.getElementById("progress").hidden && document.getElementById("status").textContent && !document.getElementById("verify").disabled, null, { timeout: 120_000 });
// The second opinion comes after the verdict; when it has come, it has to be the same.
async function agrees(page, where, name) {
  await page.waitForFunction((id) => document.querySelector(`${id} [data-opinion]`)?.dataset.opinion !== "asked", where, { timeout: 120_000 });
  const text = await page.innerText(`${where} [data-opinion]`);
  expect(`${name}: the second opinion differs: ${text.slice(0, 300)}`, text.includes("both say the same"));
}
const caught = (page, where) => page.$$eval(`${where} .table`, (tables) => tables.filter((table) => table.getAttribute("aria-label").startsWith("What was caught"))
  .flatMap((table) => [...table.querySelectorAll("tbody tr")].map((row) => ({ id: row.cells[0].innerText.trim(), reads: row.cells[1].innerText.trim() }))));
const verdictIn = (page, where) => page.$$eval(`${where} .verdict`, (all) => all.map((one) => one.innerText.replace(/^\S+ /, "").trim()));

async function choose(page, { bundle, handover, previous }) {
  await page.setInputFiles("#bundle", bundle);
  await page.setInputFiles("#handover", handover ?? []);
  await page.setInputFiles("#previous", previous ?? []);
  await page.fill("#asOf", "2026-12-15T12:00:00Z", { force: true }).catch(() => {});
}

async function judges(browser) {
  const opened = await open(browser);
  const { page } = opened;
  await page.click("summary");
  for (const one of CASES) {
    const name = path.basename(one.bundle);
    await choose(page, one);
    await page.click("#verify");
    await done(page);
    const [verdict] = await verdictIn(page, "#result");
    expect(`${name}: ${verdict} instead of ${one.verdict}`, verdict === one.verdict);
    const found = (await caught(page, "#result")).map(({ id }) => id);
    if (one.fails) expect(`${name}: fails ${found} instead of ${one.fails}`, found.join() === one.fails.join());
    else expect(`${name}: nothing was caught`, found.length > 0);
    if (one.verdict === "Nothing was judged") continue;
    expect(`${name}: the focus is not on the result`, await page.evaluate(() => document.activeElement.id === "result"));
    await agrees(page, "#result", name);
    const frame = page.frames().find((other) => other.parentFrame());
    expect(`${name}: the report does not show the verdict`, (await frame.locator(".panel .verdict").innerText()).includes(one.verdict));
    expect(`${name}: the report has lost its style`, await frame.locator(".panel").evaluate((panel) => getComputedStyle(panel).borderLeftWidth) === "6px");
  }
  await closed("verdicts", opened);
}

// Dropped, as a person would, bundle and handover together.
async function drops(browser) {
  const opened = await open(browser);
  const { page } = opened;
  const files = [["minimal.zip", golden("minimal.zip")], ["handover.json", golden("minimal.json")]].map(([name, from]) => ({ name, text: fs.readFileSync(from).toString("base64") }));
  await page.evaluate((given) => {
    const transfer = new DataTransfer();
    for (const { name, text } of given) transfer.items.add(new File([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))], name));
    document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, files);
  await done(page);
  const [verdict] = await verdictIn(page, "#result");
  expect(`dropped: ${verdict}`, verdict === "Verified");
  const saved = async (label) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#result .actions button:text-is("${label}")`)]);
    await page.waitForFunction(() => !document.querySelector("#result .actions button:disabled"));
    return fs.readFileSync(await download.path());
  };
  expect("the PDF is none", (await saved("Report as PDF")).subarray(0, 5).toString() === "%PDF-");
  expect("the HTML is none", (await saved("Report as HTML")).toString().includes("Content-Security-Policy"));
  const report = JSON.parse((await saved("report.json")).toString());
  expect("report.json says otherwise", report.verdict.word === "verified" && report.run.sandbox.includes("without imports"));
  const papers = await saved("Workpapers");
  expect("the workpapers are no zip", papers.subarray(0, 2).toString() === "PK" && papers.includes("workpapers.xlsx") && papers.includes("SHA256SUMS"));
  for (const label of ["OSCAL", "JUnit"]) expect(`${label} is empty`, (await saved(label)).length > 100);
  // What was judged since then is another bundle: the buttons of this one are of this one all the same.
  await page.click('[data-break="byte"]');
  await done(page);
  expect("a report of another bundle", JSON.parse((await saved("report.json")).toString()).subject.bundle_digest === report.subject.bundle_digest);
  // By keyboard alone.
  await page.focus("#demo");
  await page.keyboard.press("Enter");
  await done(page);
  expect("the demonstration bundle is not verified", (await verdictIn(page, "#result"))[0].startsWith("Verified"));
  await closed("drop", opened);
}

async function breaks(browser) {
  const opened = await open(browser);
  const { page } = opened;
  const buttons = await page.$$eval("[data-break]", (all) => all.map((one) => one.dataset.break));
  expect(`the buttons are ${buttons}`, buttons.join() === [...Object.keys(BREAKS), "remade"].join());
  for (const [how, ids] of Object.entries(BREAKS)) {
    await page.click(`[data-break="${how}"]`);
    await done(page);
    const [verdict] = await verdictIn(page, "#broken");
    const found = await caught(page, "#broken");
    expect(`${how}: ${verdict}`, verdict === "Rejected");
    for (const [id, reads] of ids.map((wanted) => wanted.split(" "))) {
      const held = found.some((one) => one.id === id && (!reads || one.reads === reads));
      expect(`${how}: ${id} does not catch it as ${reads ?? "anything"}, but ${found.map((one) => `${one.id} (${one.reads})`)}`, held);
    }
    expect(`${how}: nothing says what it reads as`, found.every(({ reads }) => /^(edit|deletion|insertion|reordering|truncation|re-signing|other)$/.test(reads)));
    expect(`${how}: the zip itself is at fault`, !found.some(({ id }) => id === "zip.profile" || id === "json.canonical"));
    await agrees(page, "#broken", how);
    console.log(`${how}: ${found.map(({ id, reads }) => `${id} (${reads})`).join(", ")}`);
  }
  await page.click('[data-break="remade"]');
  await done(page);
  const verdicts = await verdictIn(page, "#broken");
  const found = await caught(page, "#broken");
  expect(`remade: ${verdicts}`, verdicts.length === 2 && verdicts[0].startsWith("Verified") && verdicts[1] === "Rejected");
  expect(`remade: ${found.map(({ id }) => id)}`, found.map(({ id }) => id).join() === "chain.known");
  await closed("break it", opened);
}

// That the page may not speak to anybody is the policy's doing: it forbids what a script would try.
async function isShut(browser) {
  const { context, page } = await open(browser);
  const tried = await page.evaluate(async () => {
    const ways = { fetch: () => fetch("https://walwarden.example/"), image: () => new Promise((resolve, reject) => { const image = new Image(); image.onload = resolve; image.onerror = reject; image.src = "https://walwarden.example/a.png"; }) };
    const outcomes = {};
    let broken = 0;
    addEventListener("securitypolicyviolation", () => { broken += 1; });
    for (const [name, way] of Object.entries(ways)) outcomes[name] = await way().then(() => "done", () => "refused");
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    return { ...outcomes, broken };
  });
  expect(`the policy lets something out: ${JSON.stringify(tried)}`, tried.fetch === "refused" && tried.image === "refused" && tried.broken >= 2);
  await context.close();
}

// A picture for people, and what a machine sees: whether it is too wide, and what axe finds. The policy forbids axe too.
async function seen(page, name) {
  await page.locator("iframe").scrollIntoViewIfNeeded({ timeout: 500 }).catch(() => {}); // so that it is painted
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(`${name}: the page is ${over} px wider than its window`, over <= 0);
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], iframes: false }));
  for (const one of found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact))) {
    say(`${name}: axe ${one.id} (${one.impact}): ${one.nodes.length} times, first ${one.nodes[0].target}: ${one.nodes[0].failureSummary}`);
  }
}

const VIEWS = [390, 820, 1440].flatMap((width) => ["light", "dark"].map((colorScheme) => ({ width, colorScheme })));

// Pages of the site: under their own policy they load what lies beside them and nothing else, and say nothing.
async function site(browser) {
  if (!site_) return;
  fs.mkdirSync(pictures, { recursive: true });
  for (const file of ["index.html", "report.html", "spec/13-verification.html"]) {
    const address = `file://${path.join(site_, file)}`;
    const { context, log } = await open(browser, { address });
    const left = log.requests.filter((request) => !request.startsWith(`file://${site_}/`) && !request.startsWith("data:"));
    expect(`${file}: requests left the site: ${left.slice(0, 3)}`, left.length === 0 && log.requests.length > 0);
    expect(`${file}: the console is not clean: ${log.console.slice(0, 3).join(" | ")}`, log.console.length === 0);
    await context.close();
    for (const view of file === "report.html" ? [] : VIEWS) { // `make look` sees to reports
      const opened = await open(browser, { ...view, address, bypassCSP: true });
      await seen(opened.page, `site-${path.basename(file, ".html")}-${view.width}-${view.colorScheme}`);
      await opened.context.close();
    }
  }
}

// A verifier that does not answer as it must: here another bundle stands where the demonstration should. Nothing is judged.
async function refuses(browser) {
  const html = fs.readFileSync(page_, "utf8");
  const [element, text] = /<script[^>]* id="data-demo">([^<]*)/.exec(html);
  const demo = JSON.parse(text);
  const other = JSON.stringify({ ...demo, bundles: { ...demo.bundles, demo: demo.bundles.kept } }).replaceAll("<", "\\u003c");
  const file = path.join(pictures, "refuses.html");
  fs.mkdirSync(pictures, { recursive: true });
  fs.writeFileSync(file, html.replace(element, () => element.replace(text, () => other)));
  const { context, page } = await open(browser, { address: `file://${file}` });
  await page.waitForFunction(() => document.getElementById("module").textContent.includes("not run as it should"), null, { timeout: 60_000 });
  await choose(page, { bundle: golden("minimal.zip"), handover: golden("minimal.json") });
  await page.click("#verify");
  await done(page);
  const [verdict] = await verdictIn(page, "#result");
  expect(`a verifier that fails its test: ${verdict}`, verdict === "Nothing was judged");
  fs.rmSync(file);
  await context.close();
}

async function looks(browser) {
  fs.mkdirSync(pictures, { recursive: true });
  for (const { width, colorScheme } of VIEWS) {
    const { context, page } = await open(browser, { width, colorScheme, bypassCSP: true });
    const view = (state) => seen(page, `page-${state}-${width}-${colorScheme}`);
    await page.click("summary");
    await view("empty");
    await page.click("summary");
    await page.click("#demo");
    await done(page);
    await page.frameLocator("#result iframe").locator(".panel .verdict").waitFor();
    await view("demo");
    await page.click('[data-break="restore"]');
    await done(page);
    await agrees(page, "#broken", `restore ${width} ${colorScheme}`);
    await page.locator("#result").evaluate((element) => { element.hidden = true; });
    await view("broken");
    await context.close();
  }
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
  const steps = { judges, refuses, drops, breaks, isShut, site, looks };
  for (const [name, step] of Object.entries(steps)) {
    try { await step(browser); } catch (error) { say(`${name}: ${error.stack}`); }
  }
  await browser.close();
  process.exitCode = wrong === 0 ? 0 : 1;
})();
