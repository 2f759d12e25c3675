import assert from "node:assert/strict";
import { becomes, until } from "../deadline.mjs";
import { entries } from "../time.mjs";

export async function keyboard(t) {
  await t.platform.push({ service_name: "keys" }, entries(50, { line: (i) => `level=info msg="key ${i}"` }));
  const explore = await t.newPage();
  const { page } = explore;
  const press = (key) => page.keyboard.press(key);
  const inEditor = () => page.evaluate(() => document.activeElement?.classList.contains("cm-content") ?? false);
  const current = () => page.evaluate(() => document.querySelector("[data-current]")?.textContent?.match(/key (\d+)/)?.[1] ?? "");
  const expanded = () => page.locator("[data-testid=log-row][data-expanded]").count();

  await explore.open({ q: '{service_name="keys"}' });
  await explore.showsCount(50);
  await t.step("/ goes to the editor, typing goes there, Escape leaves it", async () => {
    await press("/");
    await until("the editor has the focus", inEditor);
    await page.keyboard.type(" j");
    await becomes("query", () => explore.query(), '{service_name="keys"} j');
    await press("Backspace");
    await press("Backspace");
    await until("it is left", async () => {
      await press("Escape"); // the first one may close a list of completions
      return !(await inEditor());
    });
  });
  await t.step("j and k move from line to line", async () => {
    await press("j");
    await becomes("line", current, "49");
    await press("j");
    await press("j");
    await becomes("line", current, "47");
    await press("k");
    await becomes("line", current, "48");
    await press("ArrowDown");
    await becomes("line", current, "47");
  });
  await t.step("Enter opens and closes the line", async () => {
    await press("Enter");
    await becomes("open lines", expanded, 1);
    assert.match(await page.locator("[data-expanded]").textContent(), /key 47/);
    await press("Enter");
    await becomes("open lines", expanded, 0);
  });
  await t.step("Escape closes what is open", async () => {
    await press("Enter");
    await becomes("open lines", expanded, 1);
    await press("Escape");
    await becomes("open lines", expanded, 0);
  });
  await t.step("c shows the lines around the line", async () => {
    await press("c");
    await explore.id("context").waitFor();
    assert.match(await page.locator("[data-anchor]").textContent(), /key 47/);
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" }); // until then keys belong to it
  });
  await t.step("End and Home", async () => {
    await press("End");
    await becomes("line", current, "0");
    await press("Home");
    await becomes("line", current, "49");
  });
  await t.step("o turns the order, w wraps", async () => {
    await press("o");
    await becomes("order", () => explore.parameter("dir"), "forward");
    await press("o");
    await becomes("order", () => explore.parameter("dir"), null);
    await press("w");
    await becomes("wrapping", () => explore.parameter("wrap"), "1");
  });
  await t.step("t follows and stops", async () => {
    await press("t");
    await page.locator("[data-testid=live-status][data-status=open]").waitFor();
    await press("t");
    await explore.showsCount(50);
  });
  await t.step("? shows the help, in which keys do nothing else, and Escape closes it", async () => {
    await press("?");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    assert.match(await dialog.textContent(), /LogQL/);
    await press("j");
    await press("Escape");
    await dialog.waitFor({ state: "detached" });
  });
  await t.step("all buttons of the page have a name", async () => {
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("button, a[href], input")].filter((node) =>
        !(node.ariaLabel || node.textContent.trim() || node.title || node.labels?.length || node.type === "hidden" || node.closest("[aria-hidden]")))
        .map((node) => node.outerHTML.slice(0, 120)));
    assert.deepEqual(nameless, []);
  });
}
