import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { entries } from "../time.mjs";

const kJson = 60;
const kText = 30;
const kRare = 6;

export async function patternsTab(t) {
  const hex = (i) => (0x5eed0000 + i * 7919).toString(16);
  const json = (i) => JSON.stringify({ level: "info", msg: `request "r-${i}" done in ${i * 3} ms`, id: hex(i), n: i });
  await t.platform.push({ service_name: "patterns", part: "api" }, entries(kJson, { line: json }));
  await t.platform.push({ service_name: "patterns", part: "worker" }, entries(kText, { line: (i) => `worker ${i} took job ${hex(i)}` }));
  await t.platform.push({ service_name: "patterns", part: "worker" }, entries(kRare, { ago: 1n, line: (i) => `ERROR disk ${i} is full` }));
  const explore = await t.newPage();
  const { page } = explore;
  const row = (text) => explore.id("pattern-row").filter({ hasText: text });
  const counts = () => explore.id("pattern-row").evaluateAll((rows) => rows.map((each) => Number(each.querySelector("[data-count]").dataset.count)));

  await t.step("the tab lists the patterns, most frequent first, with counts, shares and a trend", async () => {
    await explore.open({ q: '{service_name="patterns"}' });
    await explore.showsCount(kJson + kText + kRare);
    await explore.id("tab-patterns").click();
    await explore.id("patterns-view").waitFor();
    await becomes("counts", counts, [kJson, kText, kRare]);
    assert.equal(await row("took job").getAttribute("data-pattern"), "worker <_> took job <_>");
    assert.equal(await row("took job").locator("mark").count(), 2);
    assert.equal(await row("took job").locator("[data-share]").getAttribute("data-share"), (kText / (kJson + kText + kRare)).toFixed(4));
    assert.equal(await row("is full").getAttribute("data-level"), "error");
    await until("a trend is drawn", () => row("took job").locator("canvas").evaluate((canvas) =>
      canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0)));
  });
  await t.step("an open pattern shows its newest line", async () => {
    await row("done in").locator("[data-row]").click();
    await becomes("sample", () => row("done in").getByTestId("pattern-sample").textContent(), json(kJson - 1));
  });
  await t.step("filter out: the query says so, the button stays pressed, the lines are gone", async () => {
    await row("took job").getByTestId("filter-out").click();
    await becomes("query", () => explore.query(), '{service_name="patterns"} !> "worker <_> took job <_>"');
    await becomes("mode", () => row("took job").getAttribute("data-mode"), "out");
    assert.equal(await row("took job").getByTestId("filter-out").getAttribute("aria-pressed"), "true");
    await explore.id("patterns-of-selector").waitFor();
    await explore.id("tab-lines").click();
    await explore.showsCount(kJson + kRare);
    await page.goBack();
    await explore.id("patterns-view").waitFor();
  });
  await t.step("pressed again it is taken back", async () => {
    await row("took job").getByTestId("filter-out").click();
    await becomes("query", () => explore.query(), '{service_name="patterns"}');
  });
  await t.step("filter for a pattern with quotes: exactly its lines", async () => {
    await row("done in").getByTestId("filter-for").click();
    await becomes("mode", () => row("done in").getAttribute("data-mode"), "for");
    await explore.id("tab-lines").click();
    await explore.showsCount(kJson);
    await page.goBack();
  });
  await t.step("each pattern finds as many lines as it counts", async () => {
    await explore.open({ q: '{service_name="patterns"}', view: "patterns" });
    await becomes("counts", counts, [kJson, kText, kRare]);
    for (const [index, count] of [kJson, kText, kRare].entries()) {
      await explore.open({ q: '{service_name="patterns"}', view: "patterns" });
      await explore.id("pattern-row").nth(index).getByTestId("filter-for").click();
      await explore.id("tab-lines").click();
      await explore.showsCount(count);
    }
  });
  await t.step("keys: 3 shows the patterns, j goes to one, Enter opens it; the search finds", async () => {
    await explore.open({ q: '{service_name="patterns"}' });
    await explore.showsCount(kJson + kText + kRare);
    await page.keyboard.press("3");
    await becomes("counts", counts, [kJson, kText, kRare]);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await becomes("sample", () => row("took job").getByTestId("pattern-sample").textContent(), `worker ${kText - 1} took job ${hex(kText - 1)}`);
    await explore.id("pattern-search").fill("FULL");
    await becomes("counts", counts, [kRare]);
  });
  await t.step("no lines: the page says so; a selector that the server refuses: its words", async () => {
    await explore.open({ q: '{service_name="patterns-none"}', view: "patterns" });
    await explore.id("empty-state").waitFor();
    await explore.open({ q: '{service_name="patterns"', view: "patterns" });
    assert.match(await explore.id("error-state").textContent(), /syntax error/);
  });
  await t.step("dark and Chinese", async () => {
    const other = await t.newPage({ locale: "zh-CN", colorScheme: "dark" });
    await other.open({ q: '{service_name="patterns"}', view: "patterns" });
    await other.id("patterns-view").waitFor();
    assert.equal(await other.id("tab-patterns").textContent(), "模式");
    assert.match(await other.id("pattern-count").textContent(), /[\u4e00-\u9fff]/);
  });
}
