import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";

export async function liveTail(t) {
  const explore = await t.newPage();
  const { page } = explore;
  const status = () => explore.id("live-status").getAttribute("data-status");
  t.platform.writeLog("INFO before: written before the page was opened");

  await t.step("the tail opens", async () => {
    await explore.open({ q: '{service_name="app"}' });
    await explore.id("live-toggle").click();
    await becomes("status", status, "open");
    assert.equal(explore.parameter("live"), "1");
  });
  await t.step("a line written now appears, without a reload", async () => {
    await page.evaluate(() => { window.notReloaded = true; });
    t.platform.writeLog("WARN tail: first new line", "INFO tail: second new line");
    await explore.rowWith("first new line").waitFor();
    await explore.rowWith("second new line").waitFor();
    assert.equal(await explore.rowWith("first new line").getAttribute("data-level"), "warn");
    assert.equal(await page.evaluate(() => window.notReloaded), true);
  });
  await t.step("lines come in order, each once, the newest at the bottom", async () => {
    const lines = Array.from({ length: 200 }, (_, i) => `INFO tail: burst ${String(i).padStart(3, "0")}`);
    t.platform.writeLog(...lines);
    await explore.rowWith("burst 199").waitFor();
    const shown = (await explore.rowsNow()).flatMap(({ text }) => /burst (\d+)/.exec(text)?.[1] ?? []).map(Number);
    assert(shown.length >= 10 && shown.at(-1) === 199, `shown: ${shown}`);
    shown.forEach((number, i) => assert.equal(number, shown[0] + i));
    await until("the last line is in view", () => explore.rowWith("burst 199").isVisible());
  });
  await t.step("paused: new lines wait", async () => {
    await explore.id("live-pause").click();
    await becomes("status", status, "paused");
    t.platform.writeLog("ERROR tail: while paused");
    await until("one line waits", async () => /\b1\b/.test(await explore.id("live-status").textContent()));
    assert.equal(await explore.rowWith("while paused").count(), 0);
  });
  await t.step("resumed: they appear, and the next ones too", async () => {
    await explore.id("live-pause").click();
    await explore.rowWith("while paused").waitFor();
    t.platform.writeLog("INFO tail: after resume");
    await explore.rowWith("after resume").waitFor();
  });
  await t.step("scrolling up pauses, so that a line can be read", async () => {
    await page.locator("[role=log]").hover();
    await page.mouse.wheel(0, -400);
    await becomes("status", status, "paused");
    await explore.id("live-pause").click();
    await becomes("status", status, "open");
  });
  await t.step("the query filters the tail", async () => {
    await explore.write('{service_name="app"} |= "keep"');
    await explore.run();
    await becomes("status", status, "open");
    t.platform.writeLog("INFO tail: drop this", "INFO tail: keep this");
    await explore.rowWith("keep this").waitFor();
    assert.equal(await explore.rowWith("drop this").count(), 0);
  });
  await t.step("Stop shows the stored lines", async () => {
    await explore.id("live-toggle").click();
    await explore.showsCount(1);
    assert.equal(explore.parameter("live"), null);
  });
}
