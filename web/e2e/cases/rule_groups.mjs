import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";

const kGood = [
  "# what is asked most",
  "name: tokens",
  "interval: 1m",
  "rules:",
  "- record: model:llm_tokens:rate5m",
  "  expr: sum by (model) (rate(llm_tokens_total[5m]))",
  "",
].join("\n");

export async function ruleGroups(t) {
  const platform = t.newPlatform();
  await (await platform.start()).ready();
  const explore = await t.newPage({}, platform);
  const { page } = explore;
  const content = explore.id("yaml-editor").locator(".cm-content");
  const names = () => explore.id("entries").locator("[data-entry]").evaluateAll((all) => all.map((each) => each.dataset.entry));
  const yaml = () => content.locator(".cm-line").allTextContents().then((lines) => lines.join("\n"));
  const write = async (text) => {
    await content.click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.press("Delete");
    await page.keyboard.insertText(text);
  };

  await t.step("without rules the page says so, and that they are not evaluated", async () => {
    await page.goto(`${platform.url}/manage/rules`);
    await explore.id("empty-state").waitFor();
    assert.match(await page.locator("main").textContent(), /not evaluated yet/);
  });
  await t.step("each mistake is told at its line", async () => {
    await explore.id("empty-state").getByRole("button", { name: "New group" }).click();
    await content.waitFor();
    await write(kGood.replace("[5m]))", "[5m])").replace("interval: 1m", "interval: often"));
    await explore.id("save-button").click();
    await explore.id("problems").waitFor();
    assert.deepEqual(
      await explore.id("problems").locator("[data-line]").evaluateAll((all) => all.map((each) => each.dataset.line)), ["3", "6"]);
    assert.match((await page.getByTestId("line-problem").allTextContents()).join(" "), /interval.*parse error/);
    await explore.id("problems").getByRole("button", { name: "Line 6" }).click();
    await page.keyboard.press("End");
    await page.keyboard.type(")");
    await explore.id("problems").waitFor({ state: "detached" });
  });
  await t.step("what is right is saved into its namespace, as it was written", async () => {
    await write(kGood);
    await explore.id("group-input").fill("serving/models");
    await explore.id("save-button").click();
    await until("a slash is refused", async () => /with \//.test(await explore.id("problems").textContent()));
    await explore.id("group-input").fill("serving");
    await explore.id("save-button").click();
    await until("it is said", async () => /tokens is saved/.test(await explore.id("said").textContent()));
    await becomes("groups", names, ["tokens"]);
    assert.match(await explore.id("entries").textContent(), /serving/);
    await becomes("text", async () => (await yaml()).trimEnd(), kGood.trimEnd());
    const listed = await (await fetch(`${platform.url}/api/v1/rules`)).json();
    assert.deepEqual(listed.data.groups.map(({ name, file }) => [name, file]), [["tokens", "serving"]]);
  });
  await t.step("it is changed, and is still so after a restart", async () => {
    await write(kGood.replace("interval: 1m", "interval: 2m"));
    await page.keyboard.press("ControlOrMeta+Enter");
    await until("it is said", async () => /tokens is saved/.test(await explore.id("said").textContent()));
    await platform.stop();
    await (await platform.start()).ready();
    await page.reload();
    await until("the change", async () => (await yaml()).includes("interval: 2m"));
    assert.deepEqual(await names(), ["tokens"]);
  });
  await t.step("deleting asks first", async () => {
    await explore.id("delete-button").click();
    assert.match(await page.getByRole("dialog").textContent(), /Delete the group tokens of serving\?/);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await explore.id("delete-button").click();
    await explore.id("confirm-delete").click();
    await explore.id("empty-state").waitFor();
  });
  await t.step("in Chinese, too", async () => {
    const chinese = await t.newPage({ locale: "zh-CN", colorScheme: "dark" }, platform);
    await chinese.page.goto(`${platform.url}/rules`); // Prometheus' own address
    await chinese.id("empty-state").waitFor();
    assert.match(await chinese.page.locator("main").textContent(), /规则组.*尚不会执行/);
  });
}
