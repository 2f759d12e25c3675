import { describe, expect, it } from "vitest";
import { kDay, kHour, kMinute } from "./ns";
import { absolute, isRelative, quickOf, resolveRange, resolveTime, shift, zoomOut } from "./range";

const at = (iso: string) => BigInt(Date.parse(iso)) * 1_000_000n;
const now = at("2026-01-15T08:30:05Z") + 42n; // a Thursday

describe("time ranges", () => {
  it("resolve relative, rounded and written times", () => {
    const cases: [string, string, bigint | undefined][] = [
      ["now", "utc", now],
      ["now-15m", "utc", now - 15n * kMinute],
      ["now+1h", "utc", now + kHour],
      ["now - 2d", "utc", now - 2n * kDay],
      ["now/d", "utc", at("2026-01-15T00:00:00Z")],
      ["now-1d/d", "utc", at("2026-01-14T00:00:00Z")],
      ["now/d", "Asia/Shanghai", at("2026-01-14T16:00:00Z")],
      ["now/h", "utc", at("2026-01-15T08:00:00Z")],
      ["now/h", "Asia/Kolkata", at("2026-01-15T08:30:00Z")],
      ["now/w", "utc", at("2026-01-12T00:00:00Z")],
      ["now/M", "utc", at("2026-01-01T00:00:00Z")],
      ["now/y", "utc", at("2026-01-01T00:00:00Z")],
      ["1768465805123456789", "utc", 1768465805123456789n],
      ["1768465805", "utc", 1768465805000000000n],
      ["1768465805123", "utc", 1768465805123000000n],
      ["2026-01-15 08:00", "utc", at("2026-01-15T08:00:00Z")],
      ["now-", "utc", undefined],
      ["now-1x", "utc", undefined],
      ["soon", "utc", undefined],
    ];
    for (const [text, zone, want] of cases)
      expect([text, zone, resolveTime(text, now, zone)]).toEqual([text, zone, want]);
  });

  it("need two readable ends in order", () => {
    expect(resolveRange({ from: "now-1h", to: "now" }, now, "utc")).toEqual({ start: now - kHour, end: now });
    expect(resolveRange({ from: "now", to: "now-1h" }, now, "utc")).toBeUndefined();
    expect(resolveRange({ from: "now", to: "now" }, now, "utc")).toBeUndefined();
    expect(resolveRange({ from: "x", to: "now" }, now, "utc")).toBeUndefined();
  });

  it("survive being written as absolute", () => {
    const interval = { start: 1768465805123456789n, end: 1768465805123456790n };
    expect(resolveRange(absolute(interval), now, "utc")).toEqual(interval);
  });

  it("zoom and move", () => {
    const interval = { start: now - 3n * kHour, end: now - kHour };
    expect(zoomOut(interval, now)).toEqual({ start: now - 4n * kHour, end: now });
    // At now there is no room on the right, so all of it goes to the left.
    expect(zoomOut({ start: now - 2n * kHour, end: now }, now)).toEqual({ start: now - 4n * kHour, end: now });
    expect(shift(interval, -1n)).toEqual({ start: now - 4n * kHour, end: now - 2n * kHour });
    expect(shift(interval, 1n)).toEqual({ start: now - 2n * kHour, end: now });
  });

  it("know the quick choices", () => {
    expect(quickOf({ from: "now-15m", to: "now" })).toBe("15m");
    expect(quickOf({ from: "now-17m", to: "now" })).toBeUndefined();
    expect(quickOf({ from: "now-15m", to: "now-5m" })).toBeUndefined();
    expect(isRelative({ from: "1", to: "now" })).toBe(true);
    expect(isRelative({ from: "1", to: "2" })).toBe(false);
  });
});
