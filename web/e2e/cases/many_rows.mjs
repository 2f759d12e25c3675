import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { entries, kSecond } from "../time.mjs";

const kRows = 100_000;
const kPushed = 5_000;
const kDomRowsMax = 200; // a window of 900 pixels has about 30

export async function manyRows(t) {
  const explore = await t.newPage();
  const { page } = explore;
  const numberOf = ({ text }) => Number(/bulk (\d+)/.exec(text)[1]);
  const numbers = async () => (await explore.rowsNow()).map(numberOf);
  const scrollTo = (share) => page.evaluate((to) => {
    const list = document.querySelector("[role=log]");
    list.scrollTop = list.scrollHeight * to;
  }, share);

  await t.step("100,000 lines are pushed", async () => {
    const all = entries(kRows, { gap: kSecond / 40n, line: (i) => `level=${i % 50 ? "info" : "error"} msg="bulk ${i}" duration=${i % 977}ms` });
    for (let at = 0; at < kRows; at += kPushed) await t.platform.push({ service_name: "bulk" }, all.slice(at, at + kPushed));
  });
  await t.step("scrolling down loads page after page until all are there", async () => {
    await explore.open({ q: '{service_name="bulk"}', limit: "5000", from: "now-3h", to: "now" });
    await until("all rows are loaded", async () => {
      await scrollTo(1);
      return (await explore.count()) >= kRows;
    }, 120_000);
    assert.equal(await explore.count(), kRows);
  });
  await t.step("the last row is the oldest line", async () => {
    await scrollTo(1);
    await until("the oldest line is in view", () => explore.rowWith('"bulk 0"').isVisible());
    assert.equal((await numbers()).at(-1), 0);
  });
  await t.step("anywhere, rows are consecutive and the document holds few of them", async () => {
    for (const share of [0, 0.13, 0.37, 0.5, 0.82, 0.999, 0.25]) {
      await scrollTo(share);
      const wanted = Math.round((1 - share) * kRows);
      await until(`rows near ${wanted}`, async () => Math.abs((await numbers())[0] - wanted) < 200);
      const shown = await numbers();
      assert(shown.length >= 20 && shown.length <= kDomRowsMax, `${shown.length} rows in the document`);
      shown.forEach((number, i) => assert.equal(number, shown[0] - i));
    }
  });
  await t.step("turning the wheel shows every row on the way", async () => {
    await scrollTo(0.5);
    await page.locator("[role=log]").hover();
    const seen = new Set(await numbers());
    const first = Math.max(...seen);
    for (let turn = 0; turn < 40; turn++) {
      const before = await page.locator("[role=log]").evaluate((list) => list.scrollTop);
      await page.mouse.wheel(0, 300);
      await until("it moved", () => page.locator("[role=log]").evaluate((list, old) => list.scrollTop > old, before));
      const shown = await numbers();
      assert(shown.length <= kDomRowsMax, `${shown.length} rows in the document`);
      shown.forEach((number) => seen.add(number));
    }
    const last = Math.min(...seen);
    assert(first - last >= 40 * 10, `${first - last} rows passed`);
    assert.equal(seen.size, first - last + 1);
  });
  await t.step("a row far down opens, and the rows below move", async () => {
    const row = explore.rows.nth(25);
    await row.scrollIntoViewIfNeeded();
    await row.click();
    await explore.id("log-detail").waitFor();
  });
  await t.step("End and Home go to the ends", async () => {
    await page.keyboard.press("End");
    await until("the oldest line", () => explore.rowWith('"bulk 0"').isVisible());
    await page.keyboard.press("Home");
    await until("the newest line", () => explore.rowWith(`"bulk ${kRows - 1}"`).isVisible());
    await becomes("number of rows", () => explore.count(), kRows);
  });
  t.note(`frames while scrolling: ${await page.evaluate(measureFrames)}`);
}

// Runs in the page. Only told, never judged: how busy the machine is decides as much as the page does.
async function measureFrames() {
  const list = document.querySelector("[role=log]");
  const times = [];
  let last = performance.now();
  for (let i = 0; i < 120; i++) {
    list.scrollTop += 180;
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - last);
    last = performance.now();
  }
  times.sort((a, b) => a - b);
  return `p50 ${times[60].toFixed(0)} ms, p95 ${times[114].toFixed(0)} ms`;
}
