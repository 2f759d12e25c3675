// Explore > Logs as somebody uses it: by what is on the page. web/README.md lists the test ids.
import { becomes, until } from "./deadline.mjs";

export class Explore {
  constructor(page, url) {
    this.page = page;
    this.url = url;
    this.problems = [];
  }

  // The page with this state in its address; waits until it shows lines, or why there are none.
  async open(state = {}) {
    await this.page.goto(`${this.url}/explore/logs?${new URLSearchParams(state)}`);
    await this.settled();
  }

  async settled() {
    await this.page.waitForSelector(
      ["log-row", "empty-state", "error-state", "metric-view", "metric-table", "live-status", "fields-view", "patterns-view"]
        .map((id) => `[data-testid=${id}]`).join(", "));
    await this.page.waitForSelector("[data-testid=logs-editor] .cm-content");
  }

  // Explore > Metrics; `state` as pairs where a name stands twice. Waits until it shows something.
  async openMetrics(state = {}) {
    await this.page.goto(`${this.url}/explore/metrics?${new URLSearchParams(state)}`);
    await this.page.waitForSelector(
      ["graph-view", "heat-view", "result-table", "explain-view", "start-state", "empty-state", "error-state"]
        .map((id) => `[data-testid=${id}]`).join(", "));
    await this.page.waitForSelector("[data-testid=promql-editor] .cm-content");
  }

  // The query of that letter, as it stands in its editor.
  promql(letter = "A") {
    const box = this.page.locator(`[data-letter="${letter}"] [data-testid=promql-editor]`);
    return {
      box,
      text: () => box.locator(".cm-line").allTextContents().then((lines) => lines.join("\n")),
      write: async (query) => {
        await box.locator(".cm-content").click();
        await this.page.keyboard.press("ControlOrMeta+a");
        await this.page.keyboard.press("Delete");
        await this.page.keyboard.insertText(query);
      },
    };
  }

  id(testId) {
    return this.page.getByTestId(testId);
  }

  get rows() {
    return this.id("log-row");
  }

  rowWith(text) {
    return this.rows.filter({ hasText: text });
  }

  // The rows that are in the document now: the list makes only those near the window.
  rowsNow() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll("[data-testid=log-row]")].map((row) => ({
        ns: row.dataset.ns, level: row.dataset.level, text: row.textContent,
      })));
  }

  async count() {
    const counter = this.id("row-count");
    return (await counter.count()) === 0 ? 0 : Number(await counter.getAttribute("data-count"));
  }

  // A result is there when the number of lines is right and no older result is still on screen.
  async showsCount(expected) {
    await becomes("number of lines", () => this.count(), expected);
    await until("the new result is on screen", async () => (await this.page.locator("[data-stale]").count()) === 0);
  }

  get editor() {
    return this.page.locator("[data-testid=logs-editor] .cm-content");
  }

  // Lines of the editor are elements of their own.
  query() {
    return this.page.locator("[data-testid=logs-editor] .cm-line").allTextContents().then((lines) => lines.join("\n"));
  }

  async clearEditor() {
    await this.editor.click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.press("Delete");
  }

  async write(query) {
    await this.clearEditor();
    await this.page.keyboard.insertText(query);
    await becomes("text of the editor", () => this.query(), query);
  }

  async run() {
    await this.page.keyboard.press("ControlOrMeta+Enter");
  }

  parameter(name) {
    return new URL(this.page.url()).searchParams.get(name);
  }

  field(row, name) {
    return row.getByTestId("log-detail").locator(`[data-field="${name}"]`).first();
  }
}
