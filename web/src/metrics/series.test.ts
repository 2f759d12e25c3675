import { describe, expect, it } from "vitest";
import type { RangeSeries } from "../api/prometheus_types";
import { fullNumber, secondsText, shortNumber } from "./number_text";
import { columnsOf, dotsOf, histogramsOf, kLinesMax, linesOf, lineCount, lonePoints, nameIn } from "./series";

const series = (metric: Record<string, string>, ...values: [number, string][]): RangeSeries => ({ metric, values });

describe("lines of a graph", () => {
  const results = [
    {
      letter: "B",
      expr: "b",
      legend: "pod {{pod}}",
      series: [series({ pod: "10" }, [1, "1"]), series({ pod: "9" }, [1, "2"])],
    },
    { letter: "A", expr: "a", legend: "", series: [series({ __name__: "up", job: "x" }, [1, "1"], [2, "0"])] },
  ];

  it("come in order of query and name, with numbers in names as people order them", () => {
    const lines = linesOf(results, "light");
    expect(lines.map(({ name }) => name)).toEqual(['up{job="x"}', "pod 9", "pod 10"]);
    expect(new Set(lines.map(({ color }) => color)).size).toBe(3);
    expect(lineCount(results)).toBe(3);
  });

  it("keep the whole series as name where a legend gives none", () => {
    expect(nameIn({ legend: "{{zone}}", expr: "x" }, { metric: { a: "b" } })).toBe('{a="b"}');
    expect(nameIn({ legend: "{{ a }}!", expr: "x" }, { metric: { a: "b" } })).toBe("b!");
    expect(nameIn({ legend: "", expr: "sum(x)" }, { metric: {} })).toBe("sum(x)");
    expect(nameIn({ legend: "{{a}}", expr: "sum(x)" }, { metric: {} })).toBe("sum(x)");
    expect(nameIn({ legend: "all", expr: "sum(x)" }, { metric: {} })).toBe("all");
  });

  it("are the greatest ones when there are too many, and NaN is not great", () => {
    const many = Array.from({ length: kLinesMax + 5 }, (_, i) =>
      series({ n: String(i) }, [1, i < 5 ? "NaN" : String(i)]),
    );
    const lines = linesOf([{ letter: "A", expr: "a", legend: "", series: many }], "dark");
    expect(lines.length).toBe(kLinesMax);
    expect(lines.some(({ values }) => values[0]![1] === "NaN")).toBe(false);
  });

  it("share one time axis with gaps; a logarithmic one leaves 0 out", () => {
    const lines = linesOf(
      [
        {
          letter: "A",
          expr: "a",
          legend: "",
          series: [series({ a: "1" }, [1, "0"], [3, "5"]), series({ a: "2" }, [2, "NaN"])],
        },
      ],
      "light",
    );
    expect(columnsOf(lines, false)).toEqual([
      [1, 2, 3],
      [0, null, 5],
      [null, null, null],
    ]);
    expect(columnsOf(lines, true)[1]).toEqual([null, null, 5]);
    expect(lonePoints([1, null, 2, 3, null, 4])).toEqual([0, 5]);
    expect(lonePoints([])).toEqual([]);
  });

  it("leave native histograms to their own picture", () => {
    const native: RangeSeries = { metric: { a: "h" }, histograms: [[1, { count: "1", sum: "2" }]] };
    expect(linesOf([{ letter: "A", expr: "a", legend: "", series: [native] }], "light")).toEqual([]);
    expect(
      histogramsOf([{ letter: "A", expr: "a", legend: "{{a}}", series: [native] }]).map(({ name }) => name),
    ).toEqual(["h"]);
  });
});

describe("exemplars", () => {
  it("are thinned to the greatest of their neighbours", () => {
    const exemplars = Array.from({ length: 1000 }, (_, i) => ({
      labels: {},
      value: String(i % 10),
      timestamp: 1000 - i,
    }));
    const dots = dotsOf([{ seriesLabels: { __name__: "x" }, exemplars }]);
    expect(dots.length).toBeLessThanOrEqual(400);
    expect(Math.max(...dots.map(({ value }) => Number(value)))).toBe(9);
    expect(dots[0]!.timestamp).toBeLessThan(dots.at(-1)!.timestamp);
    expect(dots[0]!.series).toBe("x");
  });
});

describe("numbers", () => {
  it("are short on axes and exact in tables", () => {
    const cases: [number, string, string][] = [
      [0, "0", "0"],
      [12345, "12.3k", "12,345"],
      [1.5e9, "1.5G", "1,500,000,000"],
      [0.25, "0.25", "0.25"],
      [-1234, "-1.23k", "-1,234"],
      [1e-7, "1.00e-7", "1e-7"],
      [1e21, "1.00e+21", "1e+21"],
      [Infinity, "+Inf", "+Inf"],
      [NaN, "NaN", "NaN"],
    ];
    for (const [value, short, full] of cases) expect([shortNumber(value), fullNumber(value)]).toEqual([short, full]);
  });
});

describe("durations of parts of a query", () => {
  it("have the unit that reads best", () => {
    expect([12.345, 1, 0.0245, 0.000128, 0.000000665].map(secondsText)).toEqual([
      "12.3 s",
      "1 s",
      "24.5 ms",
      "128 µs",
      "0.665 µs",
    ]);
  });
});
