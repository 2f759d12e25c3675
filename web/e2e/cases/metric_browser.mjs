import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { servingMetrics } from "../serving_metrics.mjs";

export async function metricBrowser(t) {
  const platform = t.newPlatform();
  await (await platform.start()).ready();
  await platform.writeMetrics(servingMetrics({ hours: 1 }));
  const explore = await t.newPage({}, platform);
  const { page } = explore;
  const browser = explore.id("metric-browser");
  const metric = (name) => browser.locator(`[data-metric="${name}"]`);

  await t.step("it lists the metrics with their types", async () => {
    await explore.openMetrics();
    await explore.id("metrics-toggle").click();
    await metric("llm_tokens_total").waitFor();
    await until("the type", async () => /counter/.test(await metric("llm_tokens_total").textContent()));
  });
  await t.step("it finds by name and by help", async () => {
    await explore.id("metric-search").fill("wait for a slot");
    await becomes("metrics", () => browser.locator("[data-metric]").evaluateAll((all) => all.map((each) => each.dataset.metric)),
      ["llm_queue_depth"]);
    await explore.id("metric-search").fill("nothing like it");
    await becomes("metrics", () => browser.locator("[data-metric]").count(), 0);
    await explore.id("metric-search").fill("llm tokens_total");
    await becomes("metrics", () => browser.locator("[data-metric]").count(), 1);
  });
  await t.step("opened it tells help and labels, and offers the usual query", async () => {
    await metric("llm_tokens_total").getByRole("button").first().click();
    const detail = explore.id("metric-detail");
    await until("help", async () => /Tokens read \(prompt\)/.test(await detail.textContent()));
    await explore.id("usual-query").click();
    await becomes("query", () => explore.promql().text(), "rate(llm_tokens_total[5m])");
    await becomes("series", () => explore.id("graph-view").getAttribute("data-shown"), "4");
  });
  await t.step("a label's value becomes a matcher of the query", async () => {
    const label = browser.locator("[data-label=kind]");
    await label.getByRole("button").first().click();
    await label.getByRole("button", { name: "prompt", exact: true }).click();
    await becomes("query", () => explore.promql().text(), 'rate(llm_tokens_total{kind="prompt"}[5m])');
    await becomes("series", () => explore.id("graph-view").getAttribute("data-shown"), "2");
  });
  await t.step("a metric is inserted where the cursor stands", async () => {
    await explore.promql().write("max()");
    await page.keyboard.press("ArrowLeft");
    await explore.id("metric-search").fill("queue_depth");
    await metric("llm_queue_depth").hover();
    await metric("llm_queue_depth").getByTestId("insert-metric").click();
    await becomes("query", () => explore.promql().text(), "max(llm_queue_depth)");
    assert.equal(await explore.promql().box.getAttribute("data-changed"), "true");
  });
}
