import assert from "node:assert/strict";
import { until } from "../deadline.mjs";
import { entries } from "../time.mjs";

const kLines = 300;
const kMiddle = 150;

export async function context(t) {
  const line = (i) => (i === kMiddle ? "level=error msg=\"the needle\"" : `level=info msg="straw ${i}"`);
  await t.platform.push({ service_name: "around", pod: "one" }, entries(kLines, { line }));
  await t.platform.push({ service_name: "around", pod: "two" }, entries(kLines, { line: (i) => `level=info msg="other stream ${i}"` }));
  const explore = await t.newPage();
  const asked = [];
  explore.page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname.endsWith("/context")) asked.push(url);
  });
  const drawer = explore.id("context");
  const around = () => drawer.getByTestId("context-line").allTextContents();
  const numbers = async () => (await around()).flatMap((text) => /straw (\d+)/.exec(text)?.[1] ?? []).map(Number);

  await t.step("of more lines than a page holds it is told how many there are", async () => {
    await until("they are counted", async () => {
      await explore.open({ q: '{service_name="around"}', limit: "100" });
      await explore.id("row-total").waitFor({ timeout: 3000 }); // a busy server may leave the number out
      return true;
    });
    assert.equal(await explore.id("row-total").getAttribute("data-count"), String(2 * kLines));
    assert.equal(await explore.count(), 100);
  });
  await t.step("a filter leaves one line", async () => {
    await explore.open({ q: '{service_name="around"} |= "needle"' });
    await explore.showsCount(1);
  });
  await t.step("its neighbours of the same stream show, in order, with the line in the middle", async () => {
    await explore.rows.first().click();
    await explore.id("context-button").click();
    await until("lines before and after", async () => {
      const shown = await numbers();
      return shown.includes(kMiddle - 1) && shown.includes(kMiddle + 1);
    });
    const shown = await numbers();
    const wanted = shown.map((_, i) => shown[0] + i + (shown[0] + i >= kMiddle ? 1 : 0));
    assert.deepEqual(shown, wanted);
    assert.match(await drawer.locator("[data-anchor]").textContent(), /the needle/);
    assert((await around()).every((text) => !text.includes("other stream")));
    await until("the line itself is in view", () => drawer.locator("[data-anchor]").isVisible());
  });
  await t.step("one question brought both sides", async () => {
    assert.deepEqual(asked.map((url) => url.searchParams.get("before") + " " + url.searchParams.get("after")), ["50 50"]);
  });
  await t.step("more lines load on either side, none doubled or left out", async () => {
    const before = await numbers();
    await drawer.getByRole("button", { name: "Load older lines" }).click();
    await until("older lines", async () => (await numbers())[0] < before[0]);
    await drawer.getByRole("button", { name: "Load newer lines" }).click();
    await until("newer lines", async () => (await numbers()).at(-1) > before.at(-1));
    const shown = await numbers();
    assert.deepEqual(shown, shown.map((_, i) => shown[0] + i + (shown[0] + i >= kMiddle ? 1 : 0)));
  });
  await t.step("Escape closes it; the result below is as it was", async () => {
    await explore.page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    assert.equal(await explore.count(), 1);
  });
}
