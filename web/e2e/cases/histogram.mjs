import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { entries, kSecond } from "../time.mjs";

const kLevels = ["info", "warn", "error", "debug"];
const kLines = 400;

export async function histogram(t) {
  await t.platform.push({ service_name: "volume" }, entries(kLines, {
    gap: 4n * kSecond, line: (i) => `level=${kLevels[i % kLevels.length]} msg="step ${i}"`,
  }));
  const explore = await t.newPage();
  const { page } = explore;
  const chart = explore.id("histogram");
  const bars = (level) => chart.locator(`svg rect[fill="var(--level-${level})"]`);

  await t.step("every level has bars of its own colour and its count", async () => {
    await explore.open({ q: '{service_name="volume"}', from: "now-30m", to: "now" });
    await explore.showsCount(kLines);
    for (const level of kLevels) {
      await bars(level).first().waitFor({ state: "attached" });
      await becomes(`count of ${level}`, () => chart.locator(`[data-level=${level}] b`).textContent(), String(kLines / 4));
    }
    const fills = await chart.evaluate((node) =>
      [...new Set([...node.querySelectorAll("svg rect[fill]")].map((rect) => getComputedStyle(rect).fill))]);
    assert.equal(fills.length, kLevels.length);
  });
  await t.step("dragging over it narrows the time range and the lines", async () => {
    const box = await chart.locator("svg").boundingBox();
    const at = (share) => [box.x + box.width * share, box.y + box.height / 2];
    await page.mouse.move(...at(0.4));
    await page.mouse.down();
    await page.mouse.move(...at(0.5), { steps: 4 });
    await page.mouse.move(...at(0.6), { steps: 4 });
    await page.mouse.up();
    await until("the range is in the address", () => /^\d{19}$/.test(explore.parameter("from")));
    await until("fewer lines", async () => (await explore.count()) > 0 && (await explore.count()) < kLines / 2);
    const [from, to] = [BigInt(explore.parameter("from")), BigInt(explore.parameter("to"))];
    const minutes = Number(to - from) / 60e9;
    assert(minutes > 4 && minutes < 10, `${minutes} minutes of 30`);
    await until("all lines are of the new range", async () =>
      (await explore.rowsNow()).every(({ ns }) => BigInt(ns) >= from && BigInt(ns) < to));
    const perLine = (to - from) / (4n * kSecond);
    assert(Math.abs((await explore.count()) - Number(perLine)) <= 2, `${await explore.count()} lines, ${perLine} expected`);
  });
  await t.step("the bars of the zoomed range add up to its lines", async () => {
    await becomes("sum of the legend", async () => {
      const counts = await chart.locator("[data-level] b").allTextContents();
      return counts.reduce((sum, text) => sum + Number(text), 0);
    }, await explore.count());
  });
  await t.step("Back returns to the wide range", async () => {
    await page.goBack();
    await explore.showsCount(kLines);
    assert.equal(explore.parameter("from"), "now-30m");
  });
  await t.step("a click on a level shows only its lines", async () => {
    await chart.locator("[data-level=error]").click();
    await explore.showsCount(kLines / 4);
    assert((await explore.rowsNow()).every(({ level }) => level === "error"));
  });
}
