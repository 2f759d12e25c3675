import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { freePort, kScrapeNothing } from "../platform.mjs";

// One target that is there (the server itself), one that is not, one dropped by relabelling.
function scrapeConfiguration(port, closed) {
  return [
    "global: {scrape_interval: 1s, scrape_timeout: 1s}",
    "scrape_configs:",
    "- job_name: itself",
    "  static_configs:",
    `  - targets: ["127.0.0.1:${port}"]`,
    "- job_name: away",
    "  static_configs:",
    `  - targets: ["127.0.0.1:${closed}", "drop.example:1"]`,
    "    labels: {team: storage}",
    "  relabel_configs:",
    "  - {source_labels: [__address__], regex: drop.*, action: drop}",
    "",
  ].join("\n");
}

export async function targets(t) {
  const platform = t.newPlatform();
  platform.port = await freePort();
  const closed = await freePort();
  platform.scrape = scrapeConfiguration(platform.port, closed);
  await (await platform.start()).ready();
  const explore = await t.newPage({}, platform);
  const { page } = explore;
  const target = (health) => page.locator(`[data-testid=target][data-health=${health}]`);
  const bothSeen = async () => {
    await explore.id("reload-button").click();
    return (await target("up").count()) === 1 && (await target("down").count()) === 1;
  };

  await t.step("targets stand in their pools with health and error", async () => {
    await page.goto(`${platform.url}/status/targets`);
    await explore.id("target-counts").waitFor();
    await until("one is up, one is down", bothSeen);
    assert.deepEqual(await page.locator("[data-testid=pool]").evaluateAll((all) => all.map((each) => each.dataset.pool)),
      ["away", "itself"]);
    assert.match(await page.getByTestId("target-error").textContent(), /\S/);
    assert.match(await explore.id("target-counts").textContent(), /1 of 2 .* 1 dropped/);
    assert.equal(await page.getByTestId("dropped-target").count(), 1);
  });
  await t.step("a target opens: its labels before relabelling", async () => {
    await target("down").getByRole("button").click();
    assert.match(await explore.id("target-detail").textContent(), /__metrics_path__="\/metrics"/);
  });
  await t.step("the filter finds by label and by health, and stays in the address", async () => {
    await explore.id("target-search").fill("storage");
    await becomes("pools", () => page.locator("[data-testid=pool]").count(), 1);
    await explore.id("target-search").fill("");
    await explore.id("health-control").getByText("Up", { exact: true }).click();
    await becomes("targets", () => page.getByTestId("target").count(), 1);
    assert.equal(explore.parameter("health"), "up");
    await page.reload();
    await becomes("targets", () => page.getByTestId("target").count(), 1);
    await explore.id("target-search").fill("nothing like it");
    await explore.id("empty-state").waitFor();
  });
  await t.step("a server that scrapes nothing says so, in Chinese, too", async () => {
    const other = t.newPlatform({ scrape: kScrapeNothing });
    await (await other.start()).ready();
    const empty = await t.newPage({ locale: "zh-CN", colorScheme: "dark" }, other);
    await empty.page.goto(`${other.url}/targets`);
    await empty.id("empty-state").waitFor();
    assert.match(await empty.id("empty-state").textContent(), /[\u4e00-\u9fff]/);
    assert.equal(new URL(empty.page.url()).pathname, "/status/targets");
  });
}
