import { describe, expect, it } from "vitest";
import { kHour, kMinute, kSecond } from "../time/ns";
import { ticksOf } from "./time_axis";

describe("ticks of a time axis", () => {
  it("are round times within the interval, about as many as wanted", () => {
    const start = 1768465805n * kSecond; // 08:30:05
    const ticks = ticksOf({ start, end: start + kHour }, 6);
    expect(ticks.every((seconds) => seconds % 60 === 0)).toBe(true);
    expect(ticks[0]).toBeGreaterThan(1768465805);
    expect(ticks.at(-1)).toBeLessThanOrEqual(1768465805 + 3600);
    expect(ticks.length).toBeGreaterThanOrEqual(4);
    expect(ticks.length).toBeLessThanOrEqual(12);
  });

  it("are at least a second apart", () => {
    expect(ticksOf({ start: 0n, end: 2n * kSecond }, 100)).toEqual([1, 2]);
    expect(ticksOf({ start: kMinute, end: kMinute }, 5)).toEqual([]);
  });
});
