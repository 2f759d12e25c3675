import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../deadline.mjs";
import { toPalette } from "../palette_png.mjs";
import { pushRequestsNow, pushServingLogs } from "../serving_logs.mjs";
import { servingMetrics } from "../serving_metrics.mjs";

const kBytesMax = 300_000; // they are in the repository for ever
const kAll = '{namespace="inference"}';
const kTrouble = '{namespace="inference"} |~ "KV cache|out of memory|timed out"';

// The pictures of the documentation. Only UPDATE_SCREENSHOTS=1 writes docs/images; else they prove that they can be taken.
export async function screenshots(t) {
  const renew = process.env.UPDATE_SCREENSHOTS === "1";
  const folder = renew ? fileURLToPath(new URL("../../../docs/images", import.meta.url)) : join(t.folder, "images");
  mkdirSync(folder, { recursive: true });
  const platform = t.newPlatform();
  await (await platform.start()).ready();
  await pushServingLogs(platform);
  await platform.writeMetrics(servingMetrics());

  const take = async (explore, name) => {
    await explore.page.evaluate(() => document.fonts.ready);
    const path = join(folder, `${name}.png`);
    const png = toPalette(await explore.page.screenshot({ animations: "disabled", caret: "hide" }));
    writeFileSync(path, png);
    assert(png.length > 10_000 && png.length <= kBytesMax, `${name}.png has ${png.length} bytes`);
  };
  const show = async (options, state) => {
    const explore = await t.newPage(options, platform);
    await explore.open(state);
    await until("bars and lines are there", async () =>
      (await explore.id("histogram").getAttribute("data-loading")) === "false" && (await explore.count()) > 0);
    await explore.id("histogram").locator("svg rect[fill]").first().waitFor({ state: "attached" });
    return explore;
  };

  await t.step("explore-logs", async () => take(await show({}, { q: kAll }), "explore-logs"));
  await t.step("explore-logs-dark", async () => {
    const explore = await show({ colorScheme: "dark" }, { q: kTrouble });
    await explore.id("labels-toggle").click();
    await explore.id("label-browser").getByText("decode-worker").waitFor();
    await take(explore, "explore-logs-dark");
  });
  await t.step("explore-logs-zh", async () => take(await show({ locale: "zh-CN", timezoneId: "Asia/Shanghai" }, { q: kAll }), "explore-logs-zh"));
  await t.step("log-detail", async () => {
    const explore = await show({}, { q: `${kAll} |= "request completed" | json`, from: "now-30m", to: "now" });
    await explore.rows.nth(2).click();
    await explore.id("log-detail").waitFor();
    await take(explore, "log-detail");
  });
  await t.step("fields", async () => {
    const explore = await t.newPage({}, platform);
    await explore.open({ q: '{service_name="dynamo-frontend"}', view: "fields" });
    for (const name of ["message", "model"]) {
      await explore.page.locator(`[data-field-row=${name}] [data-row]`).click();
      await explore.page.locator(`[data-field-row=${name}] [data-share]`).first().waitFor();
    }
    await take(explore, "fields");
  });
  await t.step("patterns", async () => {
    const explore = await t.newPage({ colorScheme: "dark" }, platform);
    await explore.open({ q: kAll, view: "patterns" });
    await explore.id("pattern-row").nth(1).locator("[data-row]").click();
    await explore.id("pattern-sample").waitFor();
    await explore.id("pattern-row").nth(1).locator("canvas").waitFor();
    await take(explore, "patterns");
  });
  await t.step("metric-plot", async () => {
    const explore = await t.newPage({}, platform);
    await explore.open({ q: `sum by (service_name, detected_level) (count_over_time(${kAll}[2m]))`, stacked: "1" });
    await explore.id("metric-view").locator("canvas").first().waitFor();
    await take(explore, "metric-plot");
  });
  await t.step("context", async () => {
    const explore = await show({}, { q: `{service_name="decode-worker"} |= "out of memory"` });
    await explore.rows.nth(3).click();
    await explore.id("context-button").click();
    await until("lines around it", async () => (await explore.id("context-line").count()) > 20);
    await until("it is in view", () => explore.page.locator("[data-anchor]").isVisible());
    await take(explore, "context");
  });
  await t.step("live-tail", async () => {
    const explore = await t.newPage({ colorScheme: "dark" }, platform);
    await explore.open({ q: kAll, live: "1" });
    await explore.page.locator("[data-testid=live-status][data-status=open]").waitFor();
    await pushRequestsNow(platform, 12);
    await until("the newest line is in view", async () => (await explore.rowsNow()).length > 20);
    await take(explore, "live-tail");
  });

  const kLatency = "histogram_quantile(0.95, sum by (le, model) (rate(llm_request_duration_seconds_bucket[5m])))";
  await t.step("explore-metrics", async () => {
    const explore = await t.newPage({}, platform);
    await explore.openMetrics([
      ["q", "sum by (model, kind) (rate(llm_tokens_total[5m]))"], ["q", "sum(llm_queue_depth) * 100"],
      ["legend", "{{model}} {{kind}}"], ["legend", "queue x 100"], ["from", "now-3h"], ["to", "now"],
    ]);
    await until("lines", async () => (await explore.id("graph-view").getAttribute("data-shown")) === "5");
    const box = await explore.page.locator(".u-over").boundingBox();
    await explore.page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.4);
    await explore.id("graph-tip").waitFor();
    await take(explore, "explore-metrics");
  });
  await t.step("metric-browser", async () => {
    const explore = await t.newPage({ colorScheme: "dark" }, platform);
    await explore.openMetrics({ q: kLatency, exemplars: "1", from: "now-3h", to: "now" });
    await explore.id("metrics-toggle").click();
    await explore.id("metric-search").fill("llm");
    await explore.page.locator("[data-metric=llm_request_duration_seconds_bucket] button").first().click();
    await explore.page.locator("[data-label=model]").waitFor();
    await explore.id("exemplar").first().waitFor();
    await take(explore, "metric-browser");
  });
  await t.step("explain", async () => {
    const explore = await t.newPage({}, platform);
    await explore.openMetrics({ q: kLatency, view: "explain", from: "now-3h", to: "now" });
    await until("all parts are measured", () => explore.id("explain-node").evaluateAll((rows) =>
      rows.every((row) => row.dataset.type !== "vector" || row.dataset.series !== undefined)));
    await take(explore, "explain");
  });
  await t.step("heat-map", async () => {
    const explore = await t.newPage({}, platform);
    await explore.openMetrics({
      q: "sum by (le) (rate(llm_request_duration_seconds_bucket[5m]))", heat: "1", from: "now-3h", to: "now",
    });
    const canvas = explore.id("heat-map").locator("canvas");
    await canvas.waitFor();
    await canvas.hover();
    await take(explore, "heat-map");
  });
  await t.step("scrape-jobs", async () => {
    const scraping = t.newPlatform({
      scrape: "scrape_configs:\n- job_name: node\n  static_configs:\n  - targets: [\"node-a:9100\", \"node-b:9100\"]\n",
    });
    await (await scraping.start()).ready();
    const explore = await t.newPage({}, scraping);
    await explore.page.goto(`${scraping.url}/manage/jobs?new=1`);
    await explore.id("yaml-editor").locator(".cm-content").click();
    await explore.page.keyboard.press("ControlOrMeta+a");
    await explore.page.keyboard.insertText(
      "job_name: decode-workers\nscrape_interval: 15s\nmetrics_paht: /metrics\nstatic_configs:\n- targets: [\"decode-0:8000\", \"decode-1:8000\"]\n  labels: {role: decode}\n");
    await explore.id("save-button").click();
    await explore.page.getByTestId("line-problem").waitFor();
    await take(explore, "scrape-jobs");
  });
  await t.step("rule-groups", async () => {
    const yaml = "name: serving\ninterval: 1m\nrules:\n- record: model:llm_tokens:rate5m\n  expr: sum by (model) (rate(llm_tokens_total[5m]))\n- alert: QueueGrows\n  expr: sum(llm_queue_depth) > 50\n  for: 5m\n  labels:\n    severity: page\n  annotations:\n    summary: '{{ $value }} requests wait'\n";
    for (const [namespace, text] of [["inference", yaml], ["nodes", yaml.replace("serving", "memory")]]) {
      const url = `${platform.url}/api/v1/rules/${namespace}`;
      const answer = await fetch(url, { method: "POST", body: text });
      assert.equal(answer.status, 202, await answer.text());
    }
    const explore = await t.newPage({ colorScheme: "dark" }, platform);
    await explore.page.goto(`${platform.url}/manage/rules`);
    await explore.id("yaml-editor").locator(".cm-line").first().waitFor();
    await take(explore, "rule-groups");
  });
  await t.step("tsdb", async () => {
    const explore = await t.newPage({}, platform);
    await explore.page.goto(`${platform.url}/status/tsdb`);
    await explore.page.getByTestId("seriesCountByMetricName").locator("[data-name]").first().waitFor();
    await take(explore, "tsdb");
  });
  await t.step("memory", async () => {
    const metrics = servingMetrics({ hours: 1 });
    const near = t.newPlatform({ config: `limits:\n  metrics_max_series: ${Math.floor(metrics.series.length / 0.9)}\n` });
    await (await near.start()).ready();
    await near.writeMetrics(metrics);
    const explore = await t.newPage({}, near);
    await until("the warning", async () => {
      await explore.page.goto(`${near.url}/status/memory`);
      await explore.id("memory-status").waitFor();
      return Number(await explore.id("memory-warnings").getAttribute("data-count")) > 0;
    });
    await explore.id("nav-warnings").waitFor();
    await take(explore, "memory");
  });
}
