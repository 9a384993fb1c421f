// Screenshots of each page, light, dark, printed, wide and narrow; ends with 1 where axe-core finds something serious or
// the browser reports anything on its console, a breach of the page's own policy included.
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const folder = path.resolve(process.argv[2]);
const views = [
  { name: "light-1400", width: 1400, colorScheme: "light" },
  { name: "dark-1400", width: 1400, colorScheme: "dark" },
  { name: "light-400", width: 400, colorScheme: "light" },
  { name: "print", width: 800, colorScheme: "light", media: "print" },
];

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
  let wrong = 0;
  const say = (line) => { wrong += 1; console.error(line); };
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".html")).sort()) {
    for (const view of views) {
      const where = `${file} ${view.name}`;
      const open = async (bypassCSP) => {
        const context = await browser.newContext({ viewport: { width: view.width, height: 1000 }, colorScheme: view.colorScheme, bypassCSP });
        const page = await context.newPage();
        page.on("console", (message) => say(`${where}: console: ${message.text()}`));
        page.on("pageerror", (error) => say(`${where}: ${error}`));
        await page.goto(`file://${path.join(folder, file)}`);
        if (view.media) await page.emulateMedia({ media: view.media });
        return { context, page };
      };
      // As a reader sees it, under its own policy.
      const seen = await open(false);
      await seen.page.screenshot({ path: path.join(folder, `${file.replace(".html", "")}-${view.name}.png`), fullPage: false });
      await seen.page.screenshot({ path: path.join(folder, `${file.replace(".html", "")}-${view.name}-all.png`), fullPage: true });
      const wide = await seen.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0 && !view.media) say(`${where}: the page is ${wide} px wider than its window`);
      await seen.context.close();
      // The policy forbids scripts, axe's too: a second look without it.
      const asked = await open(true);
      await asked.page.evaluate(axe);
      const found = await asked.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const one of found.violations.filter((one) => ["serious", "critical"].includes(one.impact))) {
        say(`${where}: axe ${one.id} (${one.impact}): ${one.nodes.length} times, first ${one.nodes[0].target}: ${one.nodes[0].failureSummary}`);
      }
      await asked.context.close();
    }
  }
  await browser.close();
  process.exitCode = wrong === 0 ? 0 : 1;
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
