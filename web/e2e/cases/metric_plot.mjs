import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { entries } from "../time.mjs";

const kQuery = 'sum by (model, level) (count_over_time({service_name="plot"} | json | drop __error__ [5m]))';

export async function metricPlot(t) {
  const model = (i) => ["a", "a", "a", "b", "b", "c"][i % 6];
  const line = (i) => JSON.stringify({ level: "info", model: model(i), n: i });
  await t.platform.push({ service_name: "plot" }, entries(120, { line }));
  const explore = await t.newPage();
  const { page } = explore;
  const view = explore.id("metric-view");
  const legend = (name) => view.locator("[data-series]").filter({ hasText: `model="${name}"` });
  const shown = () => view.getAttribute("data-shown");
  const plotOf = (shape) => explore.id("plot-control").getByText(shape, { exact: true }).click();
  // Whether anything of the plot is drawn in some colour.
  const painted = () => view.locator("canvas").first().evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((byte) => byte !== 0);
  });
  const cells = () => explore.id("metric-table").locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

  await t.step("a range query typed into the editor draws lines", async () => {
    await explore.open({ q: '{service_name="plot"}', from: "now-30m", to: "now" });
    await explore.showsCount(120);
    await explore.write(kQuery);
    await explore.run();
    await becomes("series", shown, "3");
    await until("something is drawn", painted);
    assert.equal(await explore.id("series-count").getAttribute("data-count"), "3");
  });
  await t.step("a click in the legend isolates a series, with Ctrl another joins, a click brings all back", async () => {
    await legend("b").click();
    await becomes("series", shown, "1");
    assert.equal(await legend("b").getAttribute("aria-pressed"), "true");
    assert.notEqual(await legend("a").getAttribute("data-dimmed"), null);
    await legend("c").click({ modifiers: ["ControlOrMeta"] });
    await becomes("series", shown, "2");
    await legend("c").click();
    await becomes("series", shown, "1");
    await legend("c").focus();
    await page.keyboard.press("Enter");
    await becomes("series", shown, "3");
  });
  await t.step("stacked by a toggle, kept in the address", async () => {
    await explore.id("stacked-toggle").click();
    await becomes("stacked", () => view.getAttribute("data-stacked"), "true");
    assert.equal(explore.parameter("stacked"), "1");
    await until("something is drawn", painted);
    await page.reload();
    await becomes("stacked", () => view.getAttribute("data-stacked"), "true");
  });
  await t.step("the table has a row for each series, greatest last value first; a head sorts", async () => {
    await plotOf("Table");
    await explore.id("metric-table").waitFor();
    assert.deepEqual(await explore.id("metric-table").locator("th").allTextContents(),
      ["level", "model", "last value", "least", "mean", "greatest"]);
    const greatest = async () => (await cells()).map((row) => [row[1], row[5]]);
    await explore.id("metric-table").getByRole("button", { name: "greatest" }).click();
    assert.deepEqual(await greatest(), [["a", "60"], ["b", "40"], ["c", "20"]]);
    await explore.id("metric-table").getByRole("button", { name: "greatest" }).click();
    assert.deepEqual((await greatest()).map(([name]) => name), ["c", "b", "a"]);
    await explore.id("metric-table").getByRole("button", { name: "model" }).click();
    assert.deepEqual((await greatest()).map(([name]) => name), ["a", "b", "c"]);
  });
  await t.step("the instant result is a table, too", async () => {
    await explore.write('topk(2, sum by (model) (count_over_time({service_name="plot"} | json | drop __error__ [1h])))');
    await explore.run();
    await plotOf("At the end");
    await becomes("rows", cells, [["a", "60"], ["b", "40"]]);
    assert.equal(explore.parameter("plot"), "instant");
  });
  await t.step("a number alone is a row without labels", async () => {
    await explore.write("vector(6) * 7");
    await explore.run();
    await becomes("rows", cells, [["42"]]);
  });
  await t.step("no series: the page says so", async () => {
    await explore.write('count_over_time({service_name="plot-none"}[5m])');
    await explore.run();
    await explore.id("empty-state").waitFor();
    await plotOf("Graph");
    await explore.id("empty-state").waitFor();
  });
  await t.step("a query that the server refuses: its words, in each shape", async () => {
    await explore.write('sum by (a) (count_over_time({service_name="plot"} | unwrap n [5m]))');
    await explore.run();
    const graph = await explore.id("error-state").textContent();
    assert.match(graph, /count_over_time/);
    await plotOf("At the end");
    await explore.id("error-state").waitFor();
  });
  await t.step("dark and Chinese", async () => {
    const other = await t.newPage({ locale: "zh-CN", colorScheme: "dark" });
    await other.open({ q: kQuery });
    await other.id("metric-view").locator("[data-series]").first().waitFor();
    assert.match(await other.id("series-count").textContent(), /[\u4e00-\u9fff]/);
  });
}
