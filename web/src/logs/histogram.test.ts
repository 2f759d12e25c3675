import { describe, expect, it } from "vitest";
import { kHour, kMinute, kSecond } from "../time/ns";
import { axisTicks, timeTicks, volumeInterval, volumeOf, volumeStep } from "./histogram";

describe("the histogram", () => {
  const interval = { start: 1_000n * kSecond + 1n, end: 1_060n * kSecond };
  const step = 10n * kSecond;

  it("asks for whole steps that cover the interval", () => {
    expect(volumeInterval(interval, step)).toEqual({ start: 1_010n * kSecond, end: 1_060n * kSecond });
    expect(volumeStep({ start: 0n, end: kHour })).toBe(30n * kSecond);
  });

  it("puts a point at t into the bucket that ends at t", () => {
    const volume = volumeOf(
      [
        {
          metric: { detected_level: "error" },
          values: [
            [1010, "2"],
            [1060, "1"],
          ],
        },
        { metric: { detected_level: "WARN" }, values: [[1010, "3"]] },
        { metric: {}, values: [[1020, "4"]] },
        {
          metric: { detected_level: "info" },
          values: [
            [1070, "99"],
            [1000, "99"],
          ],
        }, // outside
      ],
      interval,
      step,
    );
    expect(volume.buckets).toHaveLength(6);
    expect(volume.buckets[0]).toEqual({
      start: 1_000n * kSecond,
      end: 1_010n * kSecond,
      counts: { error: 2, warn: 3 },
      total: 5,
    });
    expect(volume.buckets[1]?.counts).toEqual({ unknown: 4 });
    expect(volume.buckets[5]?.total).toBe(1);
    expect(volume).toMatchObject({ total: 10, max: 5, totals: { error: 3, warn: 3, unknown: 4 } });
  });

  it("keeps steps below a second apart", () => {
    const fine = volumeOf(
      [
        {
          metric: { level: "info" },
          values: [
            [1000.25, "1"],
            [1000.5, "2"],
          ],
        },
      ],
      { start: 1_000n * kSecond, end: 1_001n * kSecond },
      250_000_000n,
    );
    expect(fine.buckets.map((bucket) => bucket.total)).toEqual([1, 2, 0, 0]);
  });

  it("marks its axes at round places", () => {
    expect(axisTicks(760)).toEqual([250, 500, 750]);
    expect(axisTicks(0)).toEqual([]);
    expect(axisTicks(1)).toEqual([1]);
    expect(axisTicks(9)).toEqual([3, 6, 9]);
    const ticks = timeTicks({ start: 1n, end: kHour }, 6, 0);
    expect(ticks).toEqual([10n, 20n, 30n, 40n, 50n, 60n].map((minute) => minute * kMinute));
    // In a zone 20 minutes off, ticks stand at round local times.
    expect(timeTicks({ start: 0n, end: kHour }, 6, 20 * 60_000)[0]! % (10n * kMinute)).toBe(0n);
  });
});
