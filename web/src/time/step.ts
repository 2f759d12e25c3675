import { roundStep } from "./duration";
import { kDay, kHour, kMinute, kSecond, type Ns } from "./ns";
import type { Interval } from "./range";

const kUnits: Record<string, Ns> = {
  ms: 1_000_000n,
  s: kSecond,
  m: kMinute,
  h: kHour,
  d: kDay,
  w: 7n * kDay,
};

// "15s", "1m30s" or a number of seconds; undefined when it is none of these, or no time at all.
export function parseStep(text: string): Ns | undefined {
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return positive(BigInt(trimmed) * kSecond);
  if (!/^(\d{1,6}(ms|[smhdw]))+$/.test(trimmed)) return undefined;
  let sum = 0n;
  for (const [, count, unit] of trimmed.matchAll(/(\d+)(ms|[smhdw])/g)) sum += BigInt(count!) * kUnits[unit!]!;
  return positive(sum);
}

const positive = (ns: Ns) => (ns > 0n ? ns : undefined);

export const kSteps = ["1s", "5s", "10s", "15s", "30s", "1m", "2m", "5m", "10m", "30m", "1h", "6h", "1d"] as const;

const kPointsWanted = 360;
const kPointsMax = 11_000n; // Prometheus refuses more

// The step asked for, or a round one that gives enough points for a screen; never more points than a server gives.
export function stepOf(text: string, interval: Interval): Ns {
  const range = interval.end - interval.start;
  const asked = text === "" ? undefined : parseStep(text);
  const rough = asked ?? roundStep(range, kPointsWanted);
  const step = rough < kSecond && asked === undefined ? kSecond : rough;
  return range / step > kPointsMax ? roundStep(range, Number(kPointsMax)) : step;
}

// Steps lie on multiples of the step, so that the points stay where they are when the range moves on.
export function alignTo({ start, end }: Interval, step: Ns): Interval {
  return { start: start - (start % step), end: end - (end % step) };
}
