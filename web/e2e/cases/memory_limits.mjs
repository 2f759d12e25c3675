import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { servingMetrics } from "../serving_metrics.mjs";

export async function memoryLimits(t) {
  const metrics = servingMetrics({ hours: 1 });
  // Nine tenths full: near the limit, and nothing is refused.
  const limit = Math.floor(metrics.series.length / 0.9);
  const platform = t.newPlatform({ config: `limits:\n  metrics_max_series: ${limit}\n` });
  await (await platform.start()).ready();
  const explore = await t.newPage({}, platform);
  const { page } = explore;
  const row = page.locator('[data-limit="metrics_max_series"][data-subject]');

  await t.step("memory by subsystem, and of the process", async () => {
    await page.goto(`${platform.url}/status/memory`);
    await explore.id("memory-status").waitFor();
    assert(Number(await explore.id("memory.resident").getAttribute("data-value")) > 1_000_000);
    assert((await explore.id("subsystems").locator("[data-name]").count()) > 5);
    // The disk of the machine may be nearly full: that is a warning of its own.
    const others = explore.id("memory-warnings").locator('[data-limit]:not([data-limit="disk_space"])');
    assert.equal(await others.count(), 0);
  });
  await t.step("a limit that is nearly reached is a warning, on the page and in the navigation", async () => {
    await platform.writeMetrics(metrics);
    await until("the warning", async () => {
      await explore.id("reload-button").click();
      return (await explore.id("memory-warnings").locator('[data-limit="metrics_max_series"]').count()) === 1;
    });
    assert.match(await explore.id("memory-warnings").textContent(), /limits\.metrics_max_series/);
    await page.goto(`${platform.url}/explore/metrics`);
    await explore.id("nav-warnings").waitFor();
    assert.match(await page.getByRole("link", { name: /Memory, \d near a limit/ }).textContent(), /\d/);
    await page.getByRole("link", { name: /Memory, \d near a limit/ }).click();
    await explore.id("memory-status").waitFor();
  });
  await t.step("the table of limits has used, allowed, share and state, the fullest first", async () => {
    await row.waitFor();
    assert.equal(await row.getAttribute("data-state"), "warning");
    const cells = await row.locator("td").allTextContents();
    assert.deepEqual([cells[2], cells[3]], [String(metrics.series.length), String(limit)]);
    assert.match(cells[4], /^(89|9[01])(\.\d+)?%$/);
    const ratios = await page.locator("[data-ratio]").evaluateAll((all) => all.map((each) => Number(each.dataset.ratio)));
    assert.deepEqual(ratios, [...ratios].sort((a, b) => b - a));
  });
  await t.step("cardinality by name, label and pair; a row leads to its query", async () => {
    assert((await explore.id("top-labels").locator("[data-name]").count()) >= 5);
    assert((await explore.id("top-pairs").locator("[data-name]").count()) >= 5);
    const first = explore.id("top-metrics").locator("[data-name]").first();
    assert.equal(await first.getAttribute("data-name"), "llm_request_duration_seconds_bucket");
    assert.equal(await first.getAttribute("data-value"), "18");
    await explore.id("memory-rows").click();
    await page.getByRole("option", { name: "Top 20", exact: true }).click();
    await until("more rows", async () => (await explore.id("top-pairs").locator("[data-name]").count()) > 10);
    await first.getByRole("link").click();
    await explore.id("result-table").waitFor();
    await becomes("query", () => explore.promql().text(), "count(llm_request_duration_seconds_bucket)");
  });
  await t.step("in Chinese the words are Chinese", async () => {
    const chinese = await t.newPage({ locale: "zh-CN", colorScheme: "dark" }, platform);
    await chinese.page.goto(`${platform.url}/status/memory`);
    await chinese.id("memory-status").waitFor();
    await until("the warning", async () => /指标序列数：.*新序列被拒绝/.test(await chinese.id("memory-warnings").textContent()));
    const untold = await chinese.id("subsystems").locator("b").allTextContents();
    assert.deepEqual(untold.filter((text) => !/[\u4e00-\u9fff]/.test(text)), []);
    const limits = await chinese.id("limits").locator("tbody b").allTextContents();
    assert.deepEqual(limits.filter((text) => !/[\u4e00-\u9fff]/.test(text)), []);
  });
}
