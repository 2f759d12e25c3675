import assert from "node:assert/strict";
import { becomes } from "../deadline.mjs";
import { entries } from "../time.mjs";

const kLines = 60;

export async function search(t) {
  await t.platform.push({ service_name: "search" }, entries(kLines, {
    line: (i) => `level=info msg="order ${i} ${i % 10 === 3 ? "declined" : i % 10 === 7 ? "DECLINED" : "placed"} by bank (eu)"`,
  }));
  const explore = await t.newPage();

  await t.step("all lines are there", async () => {
    await explore.open({ q: '{service_name="search"}' });
    await explore.showsCount(kLines);
  });
  await t.step("text in the search box becomes a line filter", async () => {
    await explore.id("search-box").fill("declined");
    await explore.id("search-box").press("Enter");
    await explore.showsCount(kLines / 10);
    assert.match(await explore.query(), /^\{service_name="search"\} \|= ["`]declined["`]$/);
    for (const { text } of await explore.rowsNow()) assert.match(text, /declined/);
  });
  await t.step("what was searched is marked in the lines", async () => {
    await becomes("marked text", () => explore.rows.first().locator("mark").allTextContents(), ["declined"]);
  });
  await t.step("either letter case", async () => {
    await explore.write('{service_name="search"}');
    await explore.page.getByRole("button", { name: "Match case" }).click();
    await explore.id("search-box").fill("DeClined by bank (");
    await explore.id("search-box").press("Enter");
    await explore.showsCount(kLines / 5);
  });
  await t.step("a second filter narrows further, an excluding one leaves lines out", async () => {
    await explore.write('{service_name="search"} |= "order 1" != "DECLINED" |~ "order 1[0-9] "');
    await explore.run();
    await explore.showsCount(9);
  });
  await t.step("nothing matches: the page says so and can take the filters away", async () => {
    await explore.write('{service_name="search"} |= "no such text"');
    await explore.run();
    await explore.id("empty-state").waitFor();
    await explore.page.getByRole("button", { name: "Take all filters away" }).click();
    await explore.rows.first().waitFor();
  });
}
