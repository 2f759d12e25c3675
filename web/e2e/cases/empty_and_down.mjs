import assert from "node:assert/strict";
import { entries } from "../time.mjs";

export async function emptyAndDown(t) {
  const platform = t.newPlatform();
  await (await platform.start()).ready();
  const explore = await t.newPage({}, platform);
  const { page } = explore;

  await t.step("a server without lines says how to send some", async () => {
    await page.goto(`${platform.url}/`);
    const notice = explore.id("empty-state");
    await notice.waitFor();
    assert((await notice.textContent()).includes(`${platform.url}/loki/api/v1/push`));
    assert.equal(new URL(page.url()).pathname, "/explore/logs");
  });
  await t.step("once there are, looking again shows them", async () => {
    await platform.push({ service_name: "first" }, entries(5, { line: (i) => `hello ${i}` }));
    await explore.id("empty-state").getByRole("button").click();
    await explore.showsCount(5);
  });
  await t.step("lines in another time range: the page offers longer ones", async () => {
    await explore.open({ q: '{service_name="first"}', from: "now-30d", to: "now-29d" });
    await explore.id("empty-state").getByRole("button", { name: "Last 24 hours" }).click();
    await explore.showsCount(5);
  });
  await t.step("a server that went away is said to be away", async () => {
    await platform.stop();
    await explore.id("run-button").click();
    const notice = explore.id("error-state");
    await notice.waitFor();
    assert.match(await notice.textContent(), /does not answer/);
  });
  await t.step("it comes back with its lines, and Try again shows them", async () => {
    await (await platform.start()).ready();
    await explore.id("error-state").getByRole("button", { name: "Try again" }).click();
    await explore.showsCount(5);
  });
  await t.step("a tail connects again by itself, and misses nothing", async () => {
    await explore.id("live-toggle").click();
    const status = page.locator("[data-testid=live-status]");
    await status.and(page.locator("[data-status=open]")).waitFor();
    await platform.stop();
    await status.and(page.locator("[data-status=waiting], [data-status=connecting]")).waitFor();
    await (await platform.start()).ready();
    await platform.push({ service_name: "first" }, entries(1, { ago: 0n, line: () => "hello again" }));
    await status.and(page.locator("[data-status=open]")).waitFor();
    await explore.rowWith("hello again").waitFor();
    assert.equal(await explore.rowWith("hello again").count(), 1);
  });
}
