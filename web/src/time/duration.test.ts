import { describe, expect, it } from "vitest";
import { formatDuration, formatRough, roundStep } from "./duration";
import { kDay, kHour, kMillisecond, kMinute, kSecond } from "./ns";

describe("durations", () => {
  it("print as LogQL reads them", () => {
    const cases: [bigint, string][] = [
      [0n, "0s"],
      [90n * kSecond, "1m30s"],
      [kHour, "1h"],
      [250n * kMillisecond, "250ms"],
      [kDay + kMinute, "1d1m"],
      [5n, "5ns"],
      [-30n * kSecond, "-30s"],
    ];
    for (const [ns, text] of cases) expect(formatDuration(ns)).toBe(text);
    expect(formatRough(kDay + 2n * kHour + 3n * kMinute)).toBe("1d2h");
  });

  it("round to the smallest step that gives few enough buckets", () => {
    expect(roundStep(kHour, 120)).toBe(30n * kSecond);
    expect(roundStep(5n * kMinute, 120)).toBe(5n * kSecond);
    expect(roundStep(7n * kDay, 120)).toBe(2n * kHour);
    expect(roundStep(1n, 120)).toBe(kMillisecond);
    for (const span of [kSecond, kMinute, 17n * kMinute, kHour, 11n * kHour, 29n * kDay]) {
      expect(span / roundStep(span, 120)).toBeLessThanOrEqual(120n);
    }
  });
});
