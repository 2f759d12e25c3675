import assert from "node:assert/strict";
import { becomes, pause, until } from "../deadline.mjs";
import { entries } from "../time.mjs";

// A list that has just opened takes no key, because that key was meant for the text (CodeMirror's interactionDelay, 75 ms).
const kListIsNew = 150;

export async function queryEditor(t) {
  const line = (i) => JSON.stringify({ level: i % 4 === 0 ? "error" : "info", msg: "request done", status: i % 4 === 0 ? 503 : 200 });
  await t.platform.push({ service_name: "editor-api", region: "eu-west" }, entries(40, { line }));
  await t.platform.push({ service_name: "editor-web", region: "us-east" }, entries(10, { line }));
  const explore = await t.newPage();
  const { page } = explore;
  const offered = page.locator(".cm-tooltip-autocomplete li");
  const take = async (label) => {
    const option = offered.filter({ hasText: label });
    await option.first().waitFor();
    await pause(kListIsNew);
    await until(`${label} is selected`, async () => {
      if ((await option.first().getAttribute("aria-selected")) === "true") return true;
      await page.keyboard.press("ArrowDown");
      return false;
    });
    await page.keyboard.press("Tab");
  };

  await t.step("a label and its value are completed", async () => {
    await explore.open({ q: '{service_name=~"editor-.+"}' });
    await explore.showsCount(50);
    await explore.clearEditor();
    await page.keyboard.type("{reg");
    await take("region");
    await becomes("query", () => explore.query(), '{region=""}');
    await take("eu-west");
    await becomes("query", () => explore.query(), '{region="eu-west"}');
  });
  await t.step("Enter runs it", async () => {
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await explore.showsCount(40);
    assert.equal(explore.parameter("q"), '{region="eu-west"}');
  });
  await t.step("a stage is completed, a field is filtered", async () => {
    await page.keyboard.type(" | js");
    await take("json");
    await page.keyboard.type("| status>=500");
    await explore.run();
    await explore.showsCount(10);
  });
  await t.step("the text is coloured by the grammar", async () => {
    const colours = await page.evaluate(() => {
      const spans = [...document.querySelectorAll("[data-testid=logs-editor] .cm-line span")];
      return new Set(spans.map((span) => getComputedStyle(span).color)).size;
    });
    assert(colours >= 3, `${colours} colours`);
  });
  await t.step("a syntax error shows the server's words and the place", async () => {
    const broken = '{region="eu-west"} | json | status >= ';
    await explore.write(broken);
    await page.keyboard.press("Escape");
    await explore.run();
    const notice = explore.id("error-state");
    await notice.waitFor();
    const url = `${t.platform.url}/loki/api/v1/query_range?${new URLSearchParams({ query: broken.trim() })}`;
    const response = await fetch(url);
    const said = (await response.text()).trim();
    assert.equal(response.status, 400);
    assert.match(said, /syntax error/);
    assert((await notice.textContent()).includes(said), `the page says: ${await notice.textContent()}\nthe server: ${said}`);
  });
  await t.step("the corrected query shows lines again", async () => {
    await explore.write('{region="us-east"}');
    await explore.run();
    await explore.showsCount(10);
    assert.equal(await explore.id("error-state").count(), 0);
  });
  await t.step("the query is laid out by the server", async () => {
    await explore.write('{region="us-east"}|json|status=200');
    await explore.id("format-button").click();
    await until("spaces are in place", async () => /\{region="us-east"\} \| json \| status\s?=\s?200/.test(await explore.query()));
  });
  await t.step("a metric query draws a graph", async () => {
    await explore.write('sum by (detected_level) (count_over_time({service_name=~"editor-.+"}[1m]))');
    await explore.run();
    await explore.id("metric-view").locator("canvas").first().waitFor();
    assert.match(await explore.id("metric-view").textContent(), /error/);
  });
}
