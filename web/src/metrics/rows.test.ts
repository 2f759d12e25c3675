import { describe, expect, it } from "vitest";
import { columnsIn, orderedRows, rowsOf } from "./rows";

describe("rows of an instant result", () => {
  it("come from every type of result", () => {
    expect(rowsOf("A", { resultType: "scalar", result: [1, "+Inf"] })[0]!.value).toBe(Infinity);
    expect(rowsOf("A", { resultType: "string", result: [1, "hello"] })[0]!.text).toBe("hello");
    const histogram = { count: "4", sum: "2" };
    const [native] = rowsOf("A", { resultType: "vector", result: [{ metric: { a: "1" }, histogram: [1, histogram] }] });
    expect(native).toEqual({ key: 'A {a="1"}', letter: "A", metric: { a: "1" }, histogram });
    const [range] = rowsOf("B", { resultType: "matrix", result: [{ metric: {}, values: [[1, "5"]] }] });
    expect(range!.samples).toEqual([[1, "5"]]);
  });

  it("have the metric's name before its labels", () => {
    const rows = rowsOf("A", {
      resultType: "vector",
      result: [{ metric: { job: "x", __name__: "up", a: "" }, value: [1, "1"] }],
    });
    expect(columnsIn(rows)).toEqual(["__name__", "a", "job"]);
  });

  it("are ordered by value or label, those without a number last", () => {
    const vector = (...values: [string, string][]) =>
      rowsOf("A", {
        resultType: "vector",
        result: values.map(([pod, value]) => ({ metric: { pod }, value: [1, value] as [number, string] })),
      });
    const rows = vector(["p10", "2"], ["p9", "NaN"], ["p2", "7"]);
    const pods = (column: string | undefined, down: boolean) =>
      orderedRows(rows, { column, down }).map(({ metric }) => metric.pod);
    expect(pods(undefined, true)).toEqual(["p2", "p10", "p9"]);
    expect(pods(undefined, false)).toEqual(["p10", "p2", "p9"]);
    expect(pods("pod", false)).toEqual(["p2", "p9", "p10"]);
    expect(pods("", true)).toEqual(["p10", "p9", "p2"]);
  });
});
