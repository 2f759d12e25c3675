import assert from "node:assert/strict";
import { becomes } from "../deadline.mjs";
import { entries } from "../time.mjs";

export async function looks(t) {
  await t.platform.push({ service_name: "looks" }, entries(20, { line: (i) => `level=error msg="look ${i}"` }));
  const explore = await t.newPage();
  const { page } = explore;
  const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
  const colours = () => page.evaluate(() => ({
    page: getComputedStyle(document.body).backgroundColor,
    bar: getComputedStyle(document.querySelector("[data-testid=histogram] svg rect[fill]")).fill,
  }));
  const ready = async () => {
    await explore.showsCount(20);
    await explore.id("histogram").locator("svg rect[fill]").first().waitFor({ state: "attached" });
  };

  let light;
  await t.step("the theme of the system is taken: light", async () => {
    await explore.open({ q: '{service_name="looks"}' });
    await ready();
    assert.equal(await scheme(), "light");
    light = await colours();
  });
  await t.step("dark by a click, and still after a reload", async () => {
    await explore.id("theme-toggle").click();
    await becomes("scheme", scheme, "dark");
    await page.reload();
    await ready();
    await becomes("scheme", scheme, "dark");
    const dark = await colours();
    assert.notEqual(dark.page, light.page);
    assert.notEqual(dark.bar, light.bar);
  });
  await t.step("a dark system gets dark", async () => {
    const other = await t.newPage({ colorScheme: "dark" });
    await other.open({ q: '{service_name="looks"}' });
    await becomes("scheme", () => other.page.locator("html").getAttribute("data-mantine-color-scheme"), "dark");
  });
  await t.step("Chinese by a click, and still after a reload", async () => {
    assert.equal(await page.locator("h1").textContent(), "Logs");
    await explore.id("language-toggle").click();
    await becomes("title", () => page.locator("h1").textContent(), "日志");
    await page.reload();
    await ready();
    assert.equal(await page.locator("h1").textContent(), "日志");
    assert.match(await page.locator("html").getAttribute("lang"), /^zh/);
    assert.match(await explore.id("time-picker").textContent(), /[\u4e00-\u9fff]/);
    assert.match(await explore.id("row-count").textContent(), /[\u4e00-\u9fff]/);
  });
  await t.step("a Chinese browser gets Chinese", async () => {
    const other = await t.newPage({ locale: "zh-CN" });
    await other.open({ q: '{service_name="looks"}' });
    assert.equal(await other.page.locator("h1").textContent(), "日志");
  });
  await t.step("on a narrow screen everything is within reach", async () => {
    const phone = await t.newPage({ viewport: { width: 420, height: 800 } });
    await phone.open({ q: '{service_name="looks"}' });
    await phone.showsCount(20);
    for (const id of ["time-picker", "live-toggle", "run-button", "logs-editor", "search-box", "limit-select", "wrap-toggle"]) {
      const { x, width } = await phone.id(id).first().boundingBox();
      assert(x >= 0 && x + width <= 420, `${id} from ${x} to ${x + width}`);
    }
    await phone.id("time-picker").click();
    await phone.id("range-15m").click();
    await phone.showsCount(20);
  });
  await t.step("and English again", async () => {
    await explore.id("language-toggle").click();
    await becomes("title", () => page.locator("h1").textContent(), "Logs");
  });
}
