import { describe, expect, it } from "vitest";
import { isolated, stackedOf } from "./metric";
import { instantRows, labelColumns, sortedRows, summaryRows } from "./metric_table";

describe("a metric result as a table", () => {
  it("has a column for each label of any series", () => {
    expect(labelColumns([{ metric: { b: "1" } }, { metric: { a: "2", b: "3" } }, { metric: {} }])).toEqual(["a", "b"]);
  });

  it("sums a series up by last, least, mean and greatest", () => {
    const [row, none] = summaryRows([
      { metric: { a: "x" }, values: [[1, "4"], [2, "NaN"], [3, "2"]] }, // prettier-ignore
      { metric: {}, values: [[1, "NaN"]] },
    ]);
    expect(row!.numbers).toEqual([2, 2, 3, 4]);
    expect(none!.numbers.every(Number.isNaN)).toBe(true);
  });

  it("sorts numbers by value, labels as people do, and what is no number last", () => {
    const rows = instantRows(
      [["a10", "1"], ["a2", "NaN"], ["a1", "30"], ["", "+Inf"]].map(([a, value]) => ({ metric: { a: a! }, value: [0, value!.replace("+Inf", "Infinity")] })), // prettier-ignore
    );
    const by = (column: string, down: boolean) => sortedRows(rows, { column, down }).map(({ metric }) => metric.a);
    expect(by("0", true)).toEqual(["", "a1", "a10", "a2"]);
    expect(by("0", false)).toEqual(["a10", "a1", "", "a2"]);
    expect(by("a", false)).toEqual(["", "a1", "a2", "a10"]);
    expect(by("a", true)).toEqual(["a10", "a2", "a1", ""]);
  });
});

describe("series on a graph", () => {
  it("stack: gaps add nothing, and where nobody has a sample there is none", () => {
    expect(stackedOf([[1, 2, 3], [1, null, null], [2, 5, null]])).toEqual([[1, 2, 3], [1, 0, null], [3, 5, null]]); // prettier-ignore
  });

  it("are isolated by a click and come back by another", () => {
    const names = (chosen: ReadonlySet<string>) => [...chosen].sort();
    const one = isolated(new Set(), "a", false);
    expect(names(one)).toEqual(["a"]);
    expect(names(isolated(one, "b", false))).toEqual(["b"]);
    expect(names(isolated(one, "b", true))).toEqual(["a", "b"]);
    expect(names(isolated(new Set(["a", "b"]), "a", true))).toEqual(["b"]);
    expect(names(isolated(one, "a", false))).toEqual([]);
  });
});
