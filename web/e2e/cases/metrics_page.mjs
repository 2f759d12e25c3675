import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { servingMetrics } from "../serving_metrics.mjs";

const kTokens = "sum by (model, kind) (rate(llm_tokens_total[5m]))";
const kRange = { from: "now-2h", to: "now" };

export async function metricsPage(t) {
  const platform = t.newPlatform();
  await (await platform.start()).ready();
  await platform.writeMetrics(servingMetrics());
  const explore = await t.newPage({}, platform);
  const { page } = explore;
  const graph = explore.id("graph-view");
  const legend = (text) => graph.locator("[data-series]").filter({ hasText: text });
  const shown = () => graph.getAttribute("data-shown");
  const view = (name) => explore.id("view-control").getByText(name, { exact: true }).click();
  const painted = () => graph.locator("canvas").first().evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((byte) => byte !== 0);
  });
  const overGraph = () => graph.locator(".u-over").boundingBox();
  const cells = () => explore.id("result-table").locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

  await t.step("without a query the page says how many metrics there are and offers some", async () => {
    await explore.openMetrics();
    assert.match(await explore.id("start-state").textContent(), /metrics are here/);
    await explore.id("start-state").getByRole("button", { name: "up", exact: true }).click();
    await until("series", async () => Number(await shown()) >= 6);
  });
  await t.step("a query draws a line for each series, named in the legend with its values", async () => {
    await explore.openMetrics({ q: kTokens, ...kRange });
    await becomes("series", shown, "4");
    await until("something is drawn", painted);
    assert.equal(await explore.id("series-count").getAttribute("data-count"), "4");
    assert.match(await legend('kind="prompt", model="qwen3-32b"').textContent(), /\dk/);
  });
  await t.step("a click in the legend isolates a series, another brings all back", async () => {
    await legend('kind="prompt", model="qwen3-32b"').click();
    await becomes("series", shown, "1");
    await legend('kind="prompt", model="llama-70b"').click({ modifiers: ["ControlOrMeta"] });
    await becomes("series", shown, "2");
    await legend('kind="completion", model="llama-70b"').click();
    await legend('kind="completion", model="llama-70b"').click();
    await becomes("series", shown, "4");
  });
  await t.step("under the cursor stand time and values", async () => {
    const box = await overGraph();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await explore.id("graph-tip").waitFor();
    assert.match(await explore.id("graph-tip").textContent(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
    await page.mouse.move(5, 5);
    await explore.id("graph-tip").waitFor({ state: "detached" });
  });
  await t.step("stacked and logarithmic by toggles, kept in the address", async () => {
    await explore.id("stacked-toggle").click();
    await becomes("stacked", () => graph.getAttribute("data-stacked"), "true");
    await explore.id("log-toggle").click();
    await becomes("log", () => graph.getAttribute("data-log"), "true");
    await becomes("a logarithm is not stacked", () => graph.getAttribute("data-stacked"), null);
    await page.reload();
    await becomes("log", () => graph.getAttribute("data-log"), "true");
    assert.deepEqual([explore.parameter("stacked"), explore.parameter("scale")], ["1", "log"]);
    await explore.id("log-toggle").click();
    await explore.id("stacked-toggle").click();
  });
  await t.step("dragging zooms in, Back returns", async () => {
    const before = Number(await graph.getAttribute("data-to")) - Number(await graph.getAttribute("data-from"));
    const box = await overGraph();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
    await page.mouse.up();
    const span = async () => Number(await graph.getAttribute("data-to")) - Number(await graph.getAttribute("data-from"));
    await until("a quarter of the range", async () => Math.abs((await span()) / before - 0.25) < 0.02);
    assert.match(explore.parameter("from"), /^\d+$/);
    await page.goBack();
    await until("the old range", async () => Math.abs((await span()) / before - 1) < 0.02);
  });
  await t.step("a step of one's own gives that many points", async () => {
    await explore.id("step-select").click();
    await page.getByRole("option", { name: "5m", exact: true }).click();
    await until("points of five minutes", async () => {
      const points = Number(await graph.getAttribute("data-points"));
      return points >= 23 && points <= 25;
    });
    assert.equal(explore.parameter("step"), "5m");
  });
  await t.step("exemplars lie on the graph as dots that tell their trace", async () => {
    await explore.openMetrics({
      q: "histogram_quantile(0.95, sum by (le, model) (rate(llm_request_duration_seconds_bucket[5m])))", ...kRange, exemplars: "1",
    });
    await until("dots", async () => (await explore.id("exemplar").count()) > 5);
    await explore.id("exemplar").first().focus();
    assert.match(await explore.id("exemplar-note").textContent(), /trace_id[0-9a-f]{32}/);
  });
  await t.step("a native histogram is a picture of buckets over time, and opens in the table", async () => {
    await explore.openMetrics({ q: "rate(llm_batch_tokens[5m])", ...kRange });
    const map = explore.id("heat-map");
    await until("rows of buckets", async () => Number(await map.getAttribute("data-rows")) >= 10);
    await map.locator("canvas").hover();
    await until("a cell is told", async () => /–.*: /.test(await map.locator("figcaption").textContent()));
    await view("Table");
    await explore.id("histogram-value").getByRole("button").click();
    await until("buckets", async () => (await explore.id("bucket").count()) >= 4);
    assert.match(await explore.id("bucket").first().textContent(), /^\(\d/);
  });
  await t.step("a classic histogram is such a picture, too, by a toggle that is kept in the address", async () => {
    await explore.openMetrics({ q: "sum by (le) (rate(llm_request_duration_seconds_bucket[5m]))", ...kRange });
    await becomes("lines", shown, "9");
    await explore.id("heat-toggle").click();
    await becomes("rows of buckets", () => explore.id("heat-map").getAttribute("data-rows"), "9");
    assert.equal(await graph.count(), 0);
    assert.equal(explore.parameter("heat"), "1");
    await page.reload();
    await becomes("rows of buckets", () => explore.id("heat-map").getAttribute("data-rows"), "9");
    await explore.openMetrics({ q: kTokens, ...kRange });
    await becomes("series", shown, "4");
    assert.equal(await explore.id("heat-toggle").count(), 0);
  });
  await t.step("the table has the values at the end of the range, and sorts", async () => {
    await explore.openMetrics({ q: 'count by (job) (up{job=~"node|inference"})', ...kRange, view: "table" });
    await becomes("rows", async () => (await cells()).sort(), [["inference", "4"], ["node", "2"]]);
    await explore.id("result-table").getByRole("button", { name: "value" }).click();
    assert.deepEqual((await cells()).map((row) => row[0]), ["inference", "node"]);
    await explore.id("result-table").getByRole("button", { name: "value" }).click();
    assert.deepEqual((await cells()).map((row) => row[0]), ["node", "inference"]);
  });
  await t.step("scalars, strings and ranges are tables, too", async () => {
    const asked = async (query) => {
      await explore.promql().write(query);
      await explore.run();
    };
    await asked("6 * 7");
    await becomes("rows", cells, [["42"]]);
    await asked('"hello"');
    await becomes("rows", cells, [["hello"]]);
    await asked('up{job="node"}[1m]');
    await until("samples with times", async () => (await cells()).length === 2 && /1 \d{4}-/.test((await cells())[0].at(-1)));
  });
  await t.step("explain: each part of the query with its series", async () => {
    await explore.openMetrics({ q: "sum by (model) (rate(llm_tokens_total[5m])) / 2", ...kRange, view: "explain" });
    const nodes = () => explore.id("explain-node").evaluateAll((rows) =>
      rows.map((row) => [row.querySelector("code").textContent, row.dataset.type, row.dataset.series]));
    await becomes("nodes", nodes, [
      ["sum by (model) (rate(llm_tokens_total[5m])) / 2", "vector", "2"],
      ["sum by (model) (rate(llm_tokens_total[5m]))", "vector", "2"],
      ["rate(llm_tokens_total[5m])", "vector", "4"],
      ["llm_tokens_total[5m]", "range", "4"],
      ["llm_tokens_total", "vector", "4"],
      ["2", "scalar", null],
    ]);
  });
  await t.step("no series: the page says so and offers longer ranges", async () => {
    await explore.openMetrics({ q: "nothing_of_this_name", ...kRange });
    await explore.id("empty-state").getByRole("button", { name: "Last 24 hours" }).click();
    await becomes("range", () => explore.parameter("from"), "now-24h");
  });
  await t.step("remarks of the server are shown", async () => {
    await explore.openMetrics({ q: "quantile(2, llm_queue_depth)", ...kRange });
    await explore.id("annotations").waitFor();
    assert.match(await explore.id("annotations").textContent(), /quantile value should be between 0 and 1/);
  });
  await t.step("keys: 2 shows the table, 1 the graph, s stacks", async () => {
    await explore.openMetrics({ q: kTokens, ...kRange });
    await page.keyboard.press("2");
    await explore.id("result-table").waitFor();
    await page.keyboard.press("1");
    await graph.waitFor();
    await page.keyboard.press("s");
    await becomes("stacked", () => graph.getAttribute("data-stacked"), "true");
  });
  await t.step("a range without metrics says how to get some", async () => {
    const other = t.newPlatform();
    await (await other.start()).ready();
    const empty = await t.newPage({ locale: "zh-CN", colorScheme: "dark" }, other);
    await empty.openMetrics({ from: "now-30d", to: "now-29d" }); // long before anything could be scraped
    const text = await empty.id("empty-state").textContent();
    assert.match(text, /[\u4e00-\u9fff]/);
    assert(text.includes(`${other.url}/api/v1/write`));
  });
}
