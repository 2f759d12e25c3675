import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { servingMetrics } from "../serving_metrics.mjs";

export async function cardinality(t) {
  const platform = t.newPlatform();
  await (await platform.start()).ready();
  await platform.writeMetrics(servingMetrics({ hours: 1 }));
  const explore = await t.newPage({}, platform);
  const { page } = explore;

  await t.step("the metrics with most series come first", async () => {
    await page.goto(`${platform.url}/status/tsdb`);
    const top = page.getByTestId("seriesCountByMetricName");
    await top.locator("[data-name]").first().waitFor();
    const values = await top.locator("[data-name]").evaluateAll((rows) => rows.map((row) => Number(row.dataset.value)));
    assert.deepEqual(values, [...values].sort((a, b) => b - a));
    assert.equal(await top.locator('[data-name="llm_request_duration_seconds_bucket"]').getAttribute("data-value"), "18");
    for (const list of ["labelValueCountByLabelName", "seriesCountByLabelValuePair", "memoryInBytesByLabelName"]) {
      assert((await page.getByTestId(list).locator("[data-name]").count()) > 3, list);
    }
  });
  await t.step("a row leads to the query that tells more", async () => {
    await page.getByTestId("seriesCountByMetricName").locator('[data-name="llm_request_duration_seconds_bucket"] a').click();
    await explore.id("result-table").waitFor();
    await becomes("query", () => explore.promql().text(), "count(llm_request_duration_seconds_bucket)");
  });
  await t.step("the server's failure is told, and Reload asks again", async () => {
    await page.goto(`${platform.url}/status/tsdb`);
    await page.getByTestId("tsdb-status").waitFor();
    await platform.stop();
    await page.getByTestId("tsdb-limit").click();
    await page.getByRole("option", { name: "Top 50", exact: true }).click();
    await until("the error", async () => /does not answer/.test(await page.locator("main").textContent()));
    await (await platform.start()).ready();
    await explore.id("reload-button").click();
    await page.getByTestId("seriesCountByMetricName").locator("[data-name]").first().waitFor();
  });
}
