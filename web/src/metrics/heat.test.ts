import { describe, expect, it } from "vitest";
import type { Bucket, NativeHistogram } from "../api/prometheus_types";
import { barsOf, heatOf } from "./heat";

const histogram = (...buckets: Bucket[]): NativeHistogram => ({ count: "9", sum: "1", buckets });

describe("native histograms", () => {
  it("become a row for each bucket and a column for each instant", () => {
    const heat = heatOf([
      [10, histogram([0, "0.5", "1", "3"], [0, "1", "2", "6"])],
      [20, histogram([0, "1", "2", "4"])],
    ]);
    expect(heat.rows).toEqual([
      { lower: 0.5, upper: 1 },
      { lower: 1, upper: 2 },
    ]);
    expect([...heat.counts]).toEqual([3, 0, 6, 4]);
    expect([heat.times, heat.greatest]).toEqual([[10, 20], 6]);
  });

  it("divide a wide bucket over the rows of finer ones", () => {
    const heat = heatOf([
      [1, histogram([0, "0", "2", "8"])],
      [2, histogram([0, "0", "1", "1"], [0, "1", "2", "1"])],
    ]);
    expect([...heat.counts]).toEqual([4, 1, 4, 1]);
  });

  it("stay bounded, and empty ones have no rows", () => {
    const many = Array.from({ length: 1000 }, (_, i): Bucket => [0, String(i), String(i + 1), "1"]);
    const heat = heatOf([[1, histogram(...many)]]);
    expect(heat.rows.length).toBeLessThanOrEqual(200);
    expect(heat.counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(1000);
    expect(heatOf([[1, { count: "0", sum: "0" }]]).rows).toEqual([]);
  });

  it("are written with the brackets of their rule", () => {
    const bars = barsOf(
      histogram([0, "1", "2", "5"], [1, "-2", "-1", "10"], [2, "a", "+Inf", "0"], [3, "-0.0001", "0.0001", "1"]),
    );
    expect(bars.map(({ label }) => label)).toEqual(["(1, 2]", "[-2, -1)", "(a, +Inf)", "[-0.0001, 0.0001]"]);
    expect(bars.map(({ share }) => share)).toEqual([0.5, 1, 0, 0.1]);
  });
});
