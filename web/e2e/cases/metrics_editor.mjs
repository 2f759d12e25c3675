import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { servingMetrics } from "../serving_metrics.mjs";

export async function metricsEditor(t) {
  const platform = t.newPlatform();
  await (await platform.start()).ready();
  await platform.writeMetrics(servingMetrics({ hours: 1 }));
  const explore = await t.newPage({}, platform);
  const { page } = explore;
  const graph = explore.id("graph-view");
  const options = () => page.locator(".cm-tooltip-autocomplete li").allTextContents();
  const take = (text) => page.locator(".cm-tooltip-autocomplete li").filter({ hasText: text }).first().click();
  const offered = (text) => until(`completion of ${text}`, async () => (await options()).some((each) => each.startsWith(text)));

  await t.step("completion knows metrics, functions, labels and values", async () => {
    await explore.openMetrics();
    await explore.promql().write("");
    await page.keyboard.type("histogram_qu");
    await offered("histogram_quantile");
    await explore.promql().write("");
    await page.keyboard.type("llm_to");
    await offered("llm_tokens_total");
    await take("llm_tokens_total");
    await becomes("query", () => explore.promql().text(), "llm_tokens_total");
    await page.keyboard.type("{mod");
    await offered("model");
    await take("model");
    await page.keyboard.type('="q');
    await offered("qwen3-32b");
    await take("qwen3-32b");
    await until("the value is in", async () => (await explore.promql().text()).includes('model="qwen3-32b"'));
  });
  await t.step("Ctrl+Enter runs what is written; the address has it", async () => {
    await explore.run();
    await becomes("series", () => graph.getAttribute("data-shown"), "2");
    await until("the address", async () => (explore.parameter("q") ?? "").startsWith('llm_tokens_total{model="qwen3-32b"'));
  });
  await t.step("an error is shown with its place, in the page and in the editor", async () => {
    await explore.promql().write("sum(rate(llm_tokens_total[5m])");
    await explore.run();
    await explore.id("error-state").waitFor();
    assert.match(await explore.id("error-state").textContent(), /parse error/);
    await page.locator(".cm-error-mark, .cm-lintRange-error").first().waitFor();
  });
  await t.step("the button lays the query out", async () => {
    await explore.promql().write("sum   by(model)(rate(llm_tokens_total[5m]))");
    await explore.id("format-button").click();
    await becomes("query", () => explore.promql().text(), "sum by (model) (rate(llm_tokens_total[5m]))");
  });
  await t.step("a second query joins; its legend names its lines", async () => {
    await explore.run();
    await becomes("series", () => graph.getAttribute("data-shown"), "2");
    await explore.id("add-query").click();
    await explore.promql("B").write("llm_queue_depth");
    await explore.run();
    await becomes("series", () => graph.getAttribute("data-shown"), "6");
    await page.locator('[data-letter="B"]').getByTestId("legend-input").fill("queue of {{pod}}");
    await page.keyboard.press("Enter");
    await graph.locator('[data-series="queue of decode-0"]').waitFor();
    assert.deepEqual(new URL(page.url()).searchParams.getAll("q"), ["sum by (model) (rate(llm_tokens_total[5m]))", "llm_queue_depth"]);
  });
  await t.step("one query that fails leaves the other's lines", async () => {
    await explore.promql("B").write("llm_queue_depth +");
    await explore.run();
    await until("the remark", async () => /parse error/.test(await explore.id("annotations").textContent()));
    await becomes("series", () => graph.getAttribute("data-shown"), "2");
  });
  await t.step("a query is left out and asked again by its letter, and taken away", async () => {
    await explore.promql("B").write("llm_queue_depth");
    await explore.run();
    await becomes("series", () => graph.getAttribute("data-shown"), "6");
    await page.locator('[data-letter="A"]').getByTestId("query-switch").click();
    await becomes("series", () => graph.getAttribute("data-shown"), "4");
    assert.equal(explore.parameter("off"), "0");
    await page.locator('[data-letter="A"]').getByTestId("query-switch").click();
    await becomes("series", () => graph.getAttribute("data-shown"), "6");
    await page.locator('[data-letter="A"]').getByTestId("remove-query").click();
    await becomes("series", () => graph.getAttribute("data-shown"), "4");
    await becomes("query", () => explore.promql().text(), "llm_queue_depth");
  });
  await t.step("the link shows the same to somebody else; Back returns to the query before", async () => {
    const other = await t.newPage({}, platform);
    await other.page.goto(page.url());
    await other.id("graph-view").locator('[data-series="queue of decode-0"]').waitFor();
    await page.goBack();
    await becomes("series", () => graph.getAttribute("data-shown"), "6");
  });
  await t.step("links to Prometheus' own page lead here", async () => {
    await page.goto(`${platform.url}/graph?g0.expr=${encodeURIComponent("count(up)")}&g0.tab=1&g0.range_input=30m`);
    await explore.id("result-table").waitFor();
    assert.equal(new URL(page.url()).pathname, "/explore/metrics");
    await becomes("query", () => explore.promql().text(), "count(up)");
  });
}
