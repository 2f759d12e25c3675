// End-to-end tests of the UI against the real program in a real browser.
//   npm run e2e -- PATH/TO/trilobite [part of a case's name ...]
// Exit status 0: every case passed. UPDATE_SCREENSHOTS=1 also renews docs/images.
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { launchBrowser, openExplore } from "./browser.mjs";
import { Platform } from "./platform.mjs";
import * as cases from "./cases/index.mjs";

// What a case gets: platforms, pages and steps. Whatever it opened is closed after it.
class Scene {
  #binary;
  #folder;
  #browser;
  #shared;
  #platforms = [];
  #pages = [];
  current = "";

  constructor(binary, folder, browser, shared) {
    this.#binary = binary;
    this.#folder = folder;
    this.#browser = browser;
    this.#shared = shared;
  }

  get folder() {
    return this.#folder;
  }

  // The server of all cases that only need lines of their own service.
  get platform() {
    return this.#shared;
  }

  // A server for this case alone, not started yet.
  newPlatform(options) {
    const platform = new Platform(this.#binary, mkdtempSync(join(this.#folder, "platform-")), options);
    this.#platforms.push(platform);
    return platform;
  }

  async newPage(options, platform = this.#shared) {
    const explore = await openExplore(this.#browser, platform.url, options);
    this.#pages.push(explore);
    return explore;
  }

  async step(name, body) {
    this.current = name;
    await body();
    console.log(`  ok    ${name}`);
  }

  note(text) {
    console.log(`        ${text}`);
  }

  async photograph(name) {
    const last = this.lastPage?.page;
    const path = join(this.#folder, `failure-${name}.png`);
    await last?.screenshot({ path }).then(() => console.log(`        screen: ${path}`), () => undefined);
  }

  get lastPage() {
    return this.#pages.at(-1);
  }

  problems() {
    return this.#pages.flatMap((each) => each.problems);
  }

  async close() {
    for (const each of this.#pages) await each.page.context().close();
    for (const each of this.#platforms) await each.stop();
  }
}

async function runCase(name, body, scene) {
  console.log(`\n${name}`);
  const started = performance.now();
  let failed = false;
  const fail = (error) => {
    failed = true;
    console.log(`  FAIL  ${scene.current}\n${String(error?.stack ?? error).replace(/^/gm, "        ")}`);
  };
  try {
    await body(scene);
    if (scene.problems().length > 0) throw new Error(`the page had problems:\n${scene.problems().join("\n")}`);
  } catch (error) {
    fail(error);
    await scene.photograph(name.replace(/\W+/g, "-"));
  }
  await scene.close().catch(fail);
  console.log(`  (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return !failed;
}

function readArguments() {
  const [binary, ...wanted] = process.argv.slice(2);
  if (!binary) throw new Error("usage: npm run e2e -- PATH/TO/trilobite [part of a case's name ...]");
  // npm runs scripts in web/, but the path was written where npm was called.
  const path = resolve(process.env.INIT_CWD ?? ".", binary);
  accessSync(path, constants.X_OK);
  const chosen = cases.all.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`no such case; there are:\n${cases.all.map(({ name }) => name).join("\n")}`);
  return { path, chosen };
}

async function main() {
  const { path, chosen } = readArguments();
  const folder = mkdtempSync(join(tmpdir(), "trilobite-e2e-"));
  mkdirSync(join(folder, "shared"));
  const browser = await launchBrowser();
  const shared = new Platform(path, join(folder, "shared"), { collect: { service_name: "app", job: "e2e" } });
  const failed = [];
  try {
    await (await shared.start()).ready();
    for (const { name, body } of chosen) {
      if (!(await runCase(name, body, new Scene(path, folder, browser, shared)))) failed.push(name);
    }
    await shared.stop();
  } finally {
    await browser.close();
  }
  console.log(`\n${chosen.length - failed.length} of ${chosen.length} cases passed`);
  if (failed.length > 0) {
    console.log(`failed:\n${failed.map((name) => `  ${name}`).join("\n")}\nservers' logs and screens: ${folder}`);
    return 1;
  }
  rmSync(folder, { recursive: true, force: true });
  return 0;
}

// Interrupted: leave through "exit", which ends what was started.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

main().then(
  (status) => process.exit(status),
  (error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  });
