import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { entries } from "../time.mjs";

const kLines = 120;

export async function fieldsTab(t) {
  // Of 120 lines: model a 60, b 40, c 20; every fourth took long.
  const model = (i) => ["a", "a", "a", "b", "b", "c"][i % 6];
  const line = (i) => JSON.stringify({ level: "info", msg: "done", model: model(i), took_ms: i % 4 === 0 ? 250 : 12 });
  const own = entries(kLines, { line }).map(([ns, text], i) => [ns, text, { region: i % 2 === 0 ? "eu" : "us" }]);
  await t.platform.push({ service_name: "fields-tab" }, own);
  await t.platform.push({ service_name: "fields-tab-plain" }, entries(5, { line: (i) => `just words ${i}` }));
  const explore = await t.newPage();
  const { page } = explore;
  const field = (name) => page.locator(`[data-field-row="${name}"]`);
  const value = (name, text) => field(name).locator(`[data-field-value="${text}"]`);
  const open = (name) => field(name).locator("[data-row]").click();

  await t.step("the tab lists the fields with type and number of values", async () => {
    await explore.open({ q: '{service_name="fields-tab"}' });
    await explore.showsCount(kLines);
    await explore.id("tab-fields").click();
    await explore.id("fields-view").waitFor();
    assert.equal(explore.parameter("view"), "fields");
    assert.equal(await field("model").locator("[data-cardinality]").getAttribute("data-cardinality"), "3");
    assert.equal(await field("model").locator("[data-type]").getAttribute("data-type"), "string");
    assert.equal(await field("took_ms").locator("[data-type]").getAttribute("data-type"), "int");
    assert.match(await field("region").textContent(), /metadata/);
  });
  await t.step("a field opens: its values with counts and shares of all lines", async () => {
    await open("model");
    await value("model", "a").waitFor();
    const shown = await field("model").locator("[data-field-value]").evaluateAll((rows) => rows.map((row) => [
      row.dataset.fieldValue, row.querySelector("[data-count]").dataset.count, row.querySelector("[data-share]")?.dataset.share]));
    await until("the shares are there", async () => (await field("model").locator("[data-share]").count()) === 3);
    assert.deepEqual(shown.map(([name, count]) => [name, count]), [["a", "60"], ["b", "40"], ["c", "20"]]);
    assert.equal(await value("model", "a").locator("[data-share]").getAttribute("data-share"), "0.5000");
    assert.match(await value("model", "c").textContent(), /16\.7\s?%/);
  });
  await t.step("structured metadata needs no parser", async () => {
    await open("region");
    await becomes("count of eu", () => value("region", "eu").locator("[data-count]").getAttribute("data-count"), "60");
  });
  await t.step("filter out a value: the query says so and the counts follow", async () => {
    await value("model", "a").getByTestId("filter-out").click();
    await becomes("query", () => explore.query(), '{service_name="fields-tab"} | json | model!="a"');
    await value("model", "a").waitFor({ state: "detached" });
    await becomes("share of b", () => value("model", "b").locator("[data-share]").getAttribute("data-share"), "0.6667");
  });
  await t.step("filter for a value, and the lines show it", async () => {
    await value("model", "b").getByTestId("filter-for").click();
    await becomes("query", () => explore.query(), '{service_name="fields-tab"} | json | model!="a" | model="b"');
    await explore.id("tab-lines").click();
    await explore.showsCount(40);
  });
  await t.step("Back returns to the fields", async () => {
    await page.goBack();
    await explore.id("fields-view").waitFor();
  });
  await t.step("keys: 2 shows the fields, j and k go from one to another, Enter opens", async () => {
    await explore.open({ q: '{service_name="fields-tab"}' });
    await explore.showsCount(kLines);
    await page.keyboard.press("2");
    await explore.id("fields-view").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const names = await page.locator("[data-field-row]").evaluateAll((rows) => rows.map((row) => row.dataset.fieldRow));
    const focused = () => page.evaluate(() => document.activeElement.closest("[data-field-row]")?.dataset.fieldRow);
    await becomes("focused field", focused, names[0]);
    await page.keyboard.press("Enter");
    await field(names[0]).locator("[data-field-value]").first().waitFor();
    await page.keyboard.press("Escape");
    await becomes("open values", () => page.locator("[data-field-value]").count(), 0);
    await explore.id("tab-fields").focus();
    await page.keyboard.press("ArrowLeft");
    await explore.showsCount(kLines);
  });
  await t.step("the search finds a field by its name", async () => {
    await explore.id("tab-fields").click();
    await explore.id("field-search").fill("TOOK");
    await becomes("fields", () => page.locator("[data-field-row]").count(), 1);
    await explore.id("field-search").fill("nothing like it");
    await becomes("fields", () => page.locator("[data-field-row]").count(), 0);
  });
  await t.step("lines without fields: the page says so", async () => {
    await explore.open({ q: '{service_name="fields-tab-none"}', view: "fields" });
    await explore.id("empty-state").waitFor();
  });
  await t.step("a query that cannot be read: the server's words", async () => {
    await explore.open({ q: '{service_name="fields-tab"} | json | model=', view: "fields" });
    assert.match(await explore.id("error-state").textContent(), /syntax error/);
  });
  await t.step("Chinese", async () => {
    const other = await t.newPage({ locale: "zh-CN", colorScheme: "dark" });
    await other.open({ q: '{service_name="fields-tab"}', view: "fields" });
    await other.id("fields-view").waitFor();
    assert.equal(await other.id("tab-fields").textContent(), "字段");
    assert.match(await other.id("field-count").textContent(), /[\u4e00-\u9fff]/);
  });
}
