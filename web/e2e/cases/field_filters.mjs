import assert from "node:assert/strict";
import { becomes } from "../deadline.mjs";
import { entries } from "../time.mjs";

const kLines = 60;

export async function fieldFilters(t) {
  const line = (i) => JSON.stringify({ level: "info", msg: "request done", tenant: `t-${i % 3}`, id: "9007199254740993", user: { plan: "team" }, n: i });
  await t.platform.push({ service_name: "fields", zone: "a" }, entries(kLines, { line }));
  await t.platform.push({ service_name: "fields", zone: "b" }, entries(kLines, { line }));
  const explore = await t.newPage();
  const opened = () => explore.rows.first();
  const open = async () => {
    await opened().click();
    await opened().getByTestId("log-detail").waitFor();
  };

  await t.step("a click opens the line: labels, fields, pretty JSON with all digits", async () => {
    await explore.open({ q: '{service_name="fields"}' });
    await explore.showsCount(2 * kLines);
    await open();
    const detail = opened().getByTestId("log-detail");
    assert.match(await detail.getByTestId("pretty-json").textContent(), /9007199254740993/);
    assert.match(await explore.field(opened(), "tenant").textContent(), /t-\d/);
  });
  let zone;
  await t.step("filter for a label's value: it goes into the selector", async () => {
    zone = /[ab]$/.exec((await explore.field(opened(), "zone").textContent()).trim())[0];
    await explore.field(opened(), "zone").getByTestId("filter-for").click();
    await explore.showsCount(kLines);
    assert.equal(await explore.query(), `{service_name="fields", zone="${zone}"}`);
  });
  await t.step("filter out a field's value: the line is parsed and filtered", async () => {
    await open();
    const tenant = /t-\d/.exec(await explore.field(opened(), "tenant").textContent())[0];
    await explore.field(opened(), "tenant").getByTestId("filter-out").click();
    await explore.showsCount((kLines / 3) * 2);
    assert.equal(await explore.query(), `{service_name="fields", zone="${zone}"} | json | tenant!="${tenant}"`);
    assert((await explore.rowsNow()).every(({ text }) => !text.includes(`"tenant":"${tenant}"`)));
  });
  await t.step("filter for a parsed field's value", async () => {
    await open();
    await explore.field(opened(), "user_plan").getByTestId("filter-for").click();
    await explore.showsCount((kLines / 3) * 2);
    assert.match(await explore.query(), /\| user_plan="team"$/);
  });
  await t.step("filter out the label's value: the other stream shows", async () => {
    await explore.open({ q: `{service_name="fields", zone="${zone}"}` });
    await explore.showsCount(kLines);
    await open();
    await explore.field(opened(), "zone").getByTestId("filter-out").click();
    await explore.showsCount(kLines);
    assert.equal(await explore.query(), `{service_name="fields", zone!="${zone}"}`);
  });
  await t.step("the label browser does the same", async () => {
    await explore.id("labels-toggle").click();
    const browser = explore.id("label-browser");
    await browser.getByRole("button", { name: /^zone/ }).click();
    await browser.getByRole("button", { name: zone, exact: true }).click();
    await becomes("query", () => explore.query(), `{service_name="fields", zone="${zone}"}`);
    await explore.showsCount(kLines);
  });
}
