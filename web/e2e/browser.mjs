// Debian's Chromium, without a window. The package playwright-core brings no browser of its own.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { kDeadlineMs } from "./deadline.mjs";
import { Explore } from "./explore.mjs";

const kArguments = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export async function launchBrowser() {
  const path = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(path)) throw new Error(`${path} is missing: apt-get install chromium, or set CHROMIUM to the program`);
  return chromium.launch({ executablePath: path, args: kArguments });
}

// A browser profile that nobody used before, with one page. `problems` fills with what must not happen in any case:
// uncaught errors, errors on the console (a broken Content-Security-Policy shows there), requests to other origins.
export async function openExplore(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 }, locale: "en-GB", timezoneId: "Europe/Berlin", colorScheme: "light", ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(kDeadlineMs);
  const explore = new Explore(page, url);
  page.on("pageerror", (error) => explore.problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    // Failed requests are shown by the page, which the cases look at.
    if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(message.text())) {
      explore.problems.push(`console: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    const target = new URL(request.url());
    if (target.protocol.startsWith("http") && target.origin !== url) explore.problems.push(`request to ${request.url()}`);
  });
  return explore;
}
