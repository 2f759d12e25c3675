import { describe, expect, it } from "vitest";
import type { RangeSeries } from "../api/prometheus_types";
import { classicToNative, isClassic } from "./classic";

const bucket = (le: string, values: [number, string][], more = {}): RangeSeries => ({
  metric: { le, ...more },
  values,
});

describe("classic histograms", () => {
  it("are known by a bound on every series", () => {
    expect(isClassic([bucket("0.1", [[1, "1"]]), bucket("+Inf", [[1, "2"]])])).toBe(true);
    expect(isClassic([bucket("0.1", [[1, "1"]])])).toBe(false);
    expect(isClassic([bucket("0.1", [[1, "1"]]), { metric: { job: "a" }, values: [[1, "2"]] }])).toBe(false);
    expect(isClassic([bucket("0.1", [[1, "1"]]), bucket("nonsense", [[1, "2"]])])).toBe(false);
    expect(isClassic([])).toBe(false);
  });

  it("become one histogram for each other set of labels, in order of bounds and time", () => {
    const made = classicToNative([
      bucket("+Inf", [[2, "9"], [1, "6"]], { pod: "a" }), // prettier-ignore
      bucket("0.5", [[1, "1"], [2, "4"]], { pod: "a" }), // prettier-ignore
      bucket("1", [[1, "5"], [2, "4"]], { pod: "a" }), // prettier-ignore
      bucket("1", [[1, "NaN"], [2, "3"]], { pod: "b" }), // prettier-ignore
    ]);
    expect(made).toEqual([
      {
        metric: { pod: "a" },
        histograms: [
          [1, { count: "6", sum: "NaN", buckets: [[0, "0", "0.5", "1"], [0, "0.5", "1", "4"], [0, "1", "+Inf", "1"]] }], // prettier-ignore
          [2, { count: "9", sum: "NaN", buckets: [[0, "0", "0.5", "4"], [0, "0.5", "1", "0"], [0, "1", "+Inf", "5"]] }], // prettier-ignore
        ],
      },
      { metric: { pod: "b" }, histograms: [[2, { count: "3", sum: "NaN", buckets: [[0, "0", "1", "3"]] }]] },
    ]);
  });

  it("have no negative counts and reach below zero where their bounds do", () => {
    const [only] = classicToNative([bucket("-1", [[1, "5"]]), bucket("2", [[1, "3"]]), bucket("+Inf", [[1, "8"]])]);
    expect(only!.histograms![0]![1].buckets).toEqual([
      [0, "-Inf", "-1", "5"],
      [0, "-1", "2", "0"],
      [0, "2", "+Inf", "3"],
    ]);
  });
});
