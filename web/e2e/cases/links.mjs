import assert from "node:assert/strict";
import { becomes } from "../deadline.mjs";
import { entries, kMinute, now } from "../time.mjs";

const kLines = 120;

export async function links(t) {
  await t.platform.push({ service_name: "links" }, entries(kLines, { ago: 5n * kMinute, line: (i) => `level=${i % 2 ? "info" : "warn"} msg="link ${i}"` }));
  const explore = await t.newPage();
  const { page } = explore;
  // What two people must see alike.
  const view = async (of = explore) => ({
    query: await of.query(), count: await of.count(), rows: (await of.rowsNow()).slice(0, 20),
    range: await of.id("time-picker").textContent(), wrapped: await of.id("wrap-toggle").getAttribute("aria-pressed"),
  });

  let first;
  await t.step("a view is set up: range, query, order, wrapping", async () => {
    const end = now();
    await explore.open({ q: '{service_name="links"}', from: (end - 20n * kMinute).toString(), to: end.toString() });
    await explore.showsCount(kLines);
    await explore.id("order-control").getByText("Oldest first").click();
    await becomes("order", () => explore.parameter("dir"), "forward");
    await explore.rowWith("link 0").first().waitFor();
    await explore.id("wrap-toggle").click();
    await explore.write('{service_name="links"} |= "link"');
    await explore.run();
    await becomes("query in the address", () => explore.parameter("q"), '{service_name="links"} |= "link"');
    await explore.showsCount(kLines);
    first = await view();
    assert.match(first.rows[0].text, /link 0/);
  });
  await t.step("a reload shows the same", async () => {
    await page.reload();
    await explore.settled();
    await explore.showsCount(kLines);
    await becomes("view", () => view(), first);
  });
  await t.step("the link shows the same in another browser", async () => {
    const other = await t.newPage();
    await other.page.goto(page.url());
    await other.settled();
    await other.showsCount(kLines);
    await becomes("view", () => view(other), first);
  });
  let second;
  await t.step("Back returns to the last question, Forward to the next", async () => {
    await explore.write('{service_name="links"} | detected_level="warn"');
    await explore.run();
    await explore.showsCount(kLines / 2);
    second = await view();
    await page.goBack();
    await explore.showsCount(kLines);
    await becomes("view", () => view(), first);
    await page.goForward();
    await explore.showsCount(kLines / 2);
    await becomes("view", () => view(), second);
  });
  await t.step("a quick range goes into the address", async () => {
    await explore.id("time-picker").click();
    await explore.id("range-15m").click();
    await becomes("range", () => [explore.parameter("from"), explore.parameter("to")], ["now-15m", "now"]);
    await explore.showsCount(kLines / 2);
  });
  await t.step("a written range and another time zone, too", async () => {
    await explore.id("time-picker").click();
    await explore.id("time-from").fill("now-2h");
    await explore.id("time-apply").click();
    await becomes("range", () => explore.parameter("from"), "now-2h");
    const berlin = await explore.rows.first().locator("time").textContent();
    await explore.open({ q: explore.parameter("q"), from: "now-2h", to: "now", dir: "forward", tz: "utc" });
    await explore.showsCount(kLines / 2);
    const utc = await explore.rows.first().locator("time").textContent();
    assert.notEqual(utc, berlin);
    assert.equal(utc.slice(-9), berlin.slice(-9)); // minutes and seconds are the same
  });
}
