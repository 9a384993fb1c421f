// What README shows: the first screen of the report, and the page with a bundle broken in it. node pictures.cjs FOLDER
const path = require("node:path");
const { chromium } = require("playwright-core");

const folder = path.resolve(process.argv[2]);
const size = { width: 820, height: 1160 };

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: size, colorScheme: "light", reducedMotion: "reduce" });
  const open = async (file) => {
    const page = await context.newPage();
    await page.goto(`file://${path.join(folder, file)}`);
    return page;
  };
  const report = await open("report.html");
  await report.screenshot({ path: path.join(folder, "pictures/report.png") });
  const page = await open("verify.html");
  await page.click('[data-break="restore"]', { timeout: 60_000 });
  await page.waitForSelector('#broken [data-opinion="given"]', { timeout: 60_000 });
  await page.locator("#breaking-title").evaluate((title) => scrollTo(0, title.getBoundingClientRect().top + scrollY - 40));
  await page.screenshot({ path: path.join(folder, "pictures/page.png") });
  await browser.close();
})().catch((error) => { console.error(error); process.exitCode = 1; });
