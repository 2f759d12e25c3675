// Debian's Chromium, without a window. The package playwright-core brings no browser of its own.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
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
  // A page that did not come over the network may open no WebSocket to this machine.
  const own = process.env.UI ? ["--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets"] : [];
  return chromium.launch({ executablePath: path, args: [...kArguments, ...own] });
}

// A browser profile that nobody used before, with one page. `problems` fills with what must not happen in any case:
// uncaught errors, errors on the console (a broken Content-Security-Policy shows there), requests to other origins.
export async function openExplore(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 }, locale: "en-GB", timezoneId: "Europe/Berlin", colorScheme: "light", ...options,
  });
  if (process.env.UI) await serveFrom(context, resolve(process.env.INIT_CWD ?? ".", process.env.UI));
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

const kPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:";

// UI=FOLDER: the page comes from there, all else from the program, so that work on the page needs no new program.
async function serveFrom(context, folder) {
  const isPage = ({ pathname }) => !/^\/(api|loki|prometheus|ready|metrics|config|internal|-)(\/|$)/.test(pathname);
  await context.route(isPage, (route) => {
    const { pathname } = new URL(route.request().url());
    const file = join(folder, pathname);
    const found = pathname !== "/" && existsSync(file) ? file : join(folder, "index.html");
    return route.fulfill({ path: found, headers: { "Content-Security-Policy": kPolicy, ...typeOf(found) } });
  });
}

function typeOf(path) {
  const types = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
  return { "Content-Type": types[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream" };
}
