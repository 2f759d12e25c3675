import { describe, expect, it } from "vitest";
import { kHour, kMinute, kSecond } from "./ns";
import { alignTo, parseStep, stepOf } from "./step";

describe("steps of range queries", () => {
  it("are read as durations or seconds", () => {
    const cases: [string, bigint | undefined][] = [
      ["15s", 15n * kSecond],
      ["1m30s", 90n * kSecond],
      [" 60 ", kMinute],
      ["250ms", kSecond / 4n],
      ["0s", undefined],
      ["0", undefined],
      ["-5s", undefined],
      ["1.5h", undefined],
      ["soon", undefined],
      ["", undefined],
    ];
    for (const [text, step] of cases) expect([text, parseStep(text)]).toEqual([text, step]);
  });

  it("fit the range when none is asked for, and never exceed what servers give", () => {
    const hour = { start: 0n, end: kHour };
    expect(stepOf("", hour)).toBe(10n * kSecond);
    expect(stepOf("1m", hour)).toBe(kMinute);
    expect(stepOf("bad", hour)).toBe(10n * kSecond);
    const year = { start: 0n, end: 365n * 24n * kHour };
    expect((year.end - year.start) / stepOf("1s", year)).toBeLessThanOrEqual(11_000n);
  });

  it("lie on multiples of themselves", () => {
    expect(alignTo({ start: 61n * kSecond, end: 119n * kSecond }, kMinute)).toEqual({ start: kMinute, end: kMinute });
  });
});
