import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { freePort } from "../platform.mjs";

export async function scrapeJobs(t) {
  const platform = t.newPlatform();
  platform.port = await freePort();
  platform.scrape = [
    "global: {scrape_interval: 1s, scrape_timeout: 1s}",
    "scrape_configs:",
    "- job_name: from-file",
    "  static_configs:",
    `  - targets: ["127.0.0.1:${platform.port}"]`,
    "",
  ].join("\n");
  await (await platform.start()).ready();
  const explore = await t.newPage({}, platform);
  const { page } = explore;
  const content = explore.id("yaml-editor").locator(".cm-content");
  const entry = (name) => explore.id("entries").locator(`[data-entry="${name}"]`);
  const names = () => explore.id("entries").locator("[data-entry]").evaluateAll((all) => all.map((each) => each.dataset.entry));
  const write = async (text) => {
    await content.click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.press("Delete");
    await page.keyboard.insertText(text);
  };
  const yaml = () => content.locator(".cm-line").allTextContents().then((lines) => lines.join("\n"));
  const job = (more = "") => `job_name: itself\nscrape_interval: 1s\nscrape_timeout: 1s\n${more}static_configs:\n- targets: ["127.0.0.1:${platform.port}"]\n`;

  await t.step("a job of the file is shown, and cannot be changed", async () => {
    await page.goto(`${platform.url}/manage/jobs`);
    await entry("from-file").waitFor();
    await explore.id("read-only").waitFor();
    await until("its text", async () => /job_name: from-file/.test(await yaml()));
    assert.equal(await content.getAttribute("aria-readonly"), "true");
    assert.equal(await explore.id("save-button").count(), 0);
  });
  await t.step("a mistake is told at its line, and nothing is saved", async () => {
    await explore.id("new-button").click();
    await until("the template", async () => /^job_name: node/.test(await yaml()));
    await write(job("scrape_intervall: 3s\n"));
    await explore.id("save-button").click();
    await explore.id("problems").waitFor();
    assert.equal(await explore.id("problems").locator("[data-line]").first().getAttribute("data-line"), "4");
    assert.match(await page.getByTestId("line-problem").textContent(), /scrape_intervall.*Did you mean scrape_interval\?/);
    assert.match(await content.locator(".cm-problem-line").textContent(), /scrape_intervall: 3s/);
    await explore.id("problems").getByRole("button", { name: "Line 4" }).click();
    await until("the editor has the focus", () => content.evaluate((each) => each === document.activeElement));
    assert.deepEqual(await names(), ["from-file"]);
  });
  await t.step("what is right is saved by Ctrl+S, and scraped", async () => {
    await write(job());
    await explore.id("problems").waitFor({ state: "detached" });
    await page.keyboard.press("ControlOrMeta+s");
    await until("it is said", async () => /itself is saved/.test(await explore.id("said").textContent()));
    await becomes("jobs", async () => (await names()).sort(), ["from-file", "itself"]);
    assert.equal(explore.parameter("show"), "itself");
    await explore.id("yaml-editor").waitFor();
    await page.getByRole("link", { name: "its targets" }).click();
    await until("a target that is up", async () => {
      await explore.id("reload-button").click();
      return (await page.locator("[data-pool=itself] [data-testid=target][data-health=up]").count()) === 1;
    });
  });
  await t.step("looking at another job keeps what is not saved; Revert takes it back", async () => {
    await page.goto(`${platform.url}/manage/jobs?show=itself`);
    await until("the text", async () => /job_name: itself/.test(await yaml()));
    const before = await yaml();
    await content.click();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.insertText("# why\n");
    await entry("from-file").click();
    await until("the other one", async () => /from-file/.test(await yaml()));
    await entry("itself").click();
    await until("what was written", async () => (await yaml()).startsWith("# why"));
    await explore.id("revert-button").click();
    await becomes("text", yaml, before);
  });
  await t.step("secrets that were not shown are asked for again", async () => {
    await write(job("basic_auth:\n  username: me\n  password: <secret>\n"));
    await explore.id("save-button").click();
    await explore.id("problems").waitFor();
    assert.equal(await explore.id("problems").locator("[data-line]").getAttribute("data-line"), "6");
    await explore.id("revert-button").click();
  });
  await t.step("deleting asks first", async () => {
    await explore.id("delete-button").click();
    const dialog = page.getByRole("dialog");
    assert.match(await dialog.textContent(), /Delete the job itself\?/);
    await dialog.getByRole("button", { name: "Keep it" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await entry("itself").count(), 1);
    await explore.id("delete-button").click();
    await explore.id("confirm-delete").click();
    await becomes("jobs", names, ["from-file"]);
  });
  await t.step("a job that the file has is refused with the server's words", async () => {
    await explore.id("new-button").click();
    await write(job().replace("itself", "from-file"));
    await explore.id("save-button").click();
    await explore.id("problems").waitFor();
    assert.match(await explore.id("problems").textContent(), /from-file|file/);
  });
  await t.step("without jobs the page says so, in Chinese, too", async () => {
    const other = t.newPlatform({ scrape: "scrape_configs: []\n" });
    await (await other.start()).ready();
    const empty = await t.newPage({ locale: "zh-CN", colorScheme: "dark" }, other);
    await empty.page.goto(`${other.url}/manage/jobs`);
    await empty.id("empty-state").waitFor();
    assert.match(await empty.id("empty-state").textContent(), /没有抓取作业/);
    await empty.id("empty-state").getByRole("button").click();
    await empty.id("yaml-editor").waitFor();
  });
}
