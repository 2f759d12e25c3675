import { describe, expect, it } from "vitest";
import { ceilTo, compareNs, floorTo, fraction, isNs, kSecond, msFromNs, nsFromMs } from "./ns";

describe("nanosecond times", () => {
  it("keep every digit through text and bigint", () => {
    const text = "1768465805123456789";
    expect(BigInt(text).toString()).toBe(text);
    expect(fraction(BigInt(text))).toBe("123456789");
    expect((BigInt(text) + 1n).toString()).toBe("1768465805123456790");
  });

  it("round to whole steps, also before 1970", () => {
    const cases: [bigint, bigint, bigint][] = [
      [0n, 0n, 0n],
      [1n, 0n, 10n],
      [10n, 10n, 10n],
      [19n, 10n, 20n],
      [-1n, -10n, 0n],
      [-10n, -10n, -10n],
    ];
    for (const [value, floor, ceil] of cases) {
      expect([value, floorTo(value, 10n), ceilTo(value, 10n)]).toEqual([value, floor, ceil]);
    }
    expect(msFromNs(-1n)).toBe(-1);
    expect(fraction(-1n)).toBe("999999999");
    expect(nsFromMs(1500)).toBe(kSecond + kSecond / 2n);
  });

  it("compare as numbers, not as text", () => {
    expect(compareNs("999", "1000")).toBeLessThan(0);
    expect(compareNs("1768465805123456789", "1768465805123456788")).toBeGreaterThan(0);
    expect(compareNs("5", "5")).toBe(0);
  });

  it("are told from other text", () => {
    expect(["1768465805123456789", "-5", "now", "1.5", "", "1e9"].map(isNs)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
