import { kDay, kHour, kMillisecond, kMinute, kSecond, type Ns } from "./ns";

const kUnits: readonly (readonly [string, Ns])[] = [
  ["d", kDay],
  ["h", kHour],
  ["m", kMinute],
  ["s", kSecond],
  ["ms", kMillisecond],
];

// Shortest exact text that LogQL reads back: 90 s -> "1m30s".
export function formatDuration(ns: Ns): string {
  if (ns === 0n) return "0s";
  let rest = ns < 0n ? -ns : ns;
  let text = ns < 0n ? "-" : "";
  for (const [name, size] of kUnits) {
    const count = rest / size;
    if (count > 0n) text += `${count}${name}`;
    rest %= size;
  }
  return rest > 0n ? `${text}${rest}ns` : text;
}

// Two leading units are enough for people: "1d3h", "42m10s".
export function formatRough(ns: Ns): string {
  const parts = formatDuration(ns).match(/-?\d+[a-z]+/g) ?? [];
  return parts.slice(0, 2).join("");
}

const kSteps: readonly Ns[] = [
  kMillisecond,
  2n * kMillisecond,
  5n * kMillisecond,
  10n * kMillisecond,
  20n * kMillisecond,
  50n * kMillisecond,
  100n * kMillisecond,
  200n * kMillisecond,
  500n * kMillisecond,
  kSecond,
  2n * kSecond,
  5n * kSecond,
  10n * kSecond,
  15n * kSecond,
  30n * kSecond,
  kMinute,
  2n * kMinute,
  5n * kMinute,
  10n * kMinute,
  15n * kMinute,
  30n * kMinute,
  kHour,
  2n * kHour,
  3n * kHour,
  6n * kHour,
  12n * kHour,
  kDay,
  2n * kDay,
  7n * kDay,
  14n * kDay,
  30n * kDay,
];

// The smallest round step that needs no more than `buckets` steps for `span`.
export function roundStep(span: Ns, buckets: number): Ns {
  const wanted = span / BigInt(buckets);
  return kSteps.find((step) => step >= wanted) ?? 90n * kDay;
}
