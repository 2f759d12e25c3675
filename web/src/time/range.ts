import { isNs, kDay, kHour, kMinute, kSecond, msFromNs, nsFromMs, type Ns } from "./ns";
import { msOfWall, parseTime, wallOf, type Wall, type Zone } from "./zone";

// What the picker and the URL hold: each end is "now", "now-15m", "now-1d/d", a ns integer, or a written time.
export interface TimeRange {
  from: string;
  to: string;
}

// What a query needs.
export interface Interval {
  start: Ns;
  end: Ns;
}

export const kDefaultRange: TimeRange = { from: "now-1h", to: "now" };

// Quick choices of the picker; the label is i18n key `range.last.<id>`.
export const kQuickRanges = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "24h", "2d", "7d", "30d"] as const;
export type QuickRange = (typeof kQuickRanges)[number];
export const kDayRanges = [
  { id: "today", from: "now/d", to: "now" },
  { id: "yesterday", from: "now-1d/d", to: "now/d" },
] as const;

const kUnit: Record<string, Ns> = { s: kSecond, m: kMinute, h: kHour, d: kDay, w: 7n * kDay };

const kRelative = /^now(?:\s*([+-])\s*(\d{1,6})([smhdw]))?(?:\/([smhdwMy]))?$/;

// Undefined when the text is not a time.
export function resolveTime(text: string, now: Ns, zone: Zone): Ns | undefined {
  const trimmed = text.trim();
  const match = kRelative.exec(trimmed);
  if (match) {
    const [, sign, count, unit, rounding] = match;
    const shift = unit === undefined ? 0n : BigInt(count ?? 0) * (kUnit[unit] ?? 0n);
    const moved = sign === "-" ? now - shift : now + shift;
    return rounding === undefined ? moved : startOf(moved, rounding, zone);
  }
  return isNs(trimmed) ? nsOfInteger(trimmed) : parseTime(trimmed, zone);
}

// As the API reads integers: up to 10 digits are seconds, 13 milliseconds (from other tools' links), longer ns.
function nsOfInteger(text: string): Ns {
  const size = text.replace("-", "").length;
  const value = BigInt(text);
  if (size <= 10) return value * kSecond;
  return size <= 13 ? value * 1_000_000n : value;
}

function startOf(ns: Ns, unit: string, zone: Zone): Ns {
  const ms = msFromNs(ns);
  const wall: Wall = { ...wallOf(ms, zone), second: 0 };
  if (unit === "s") return nsFromMs(Math.floor(ms / 1000) * 1000);
  if (unit !== "m") wall.minute = 0;
  if ("dwMy".includes(unit)) wall.hour = 0;
  if (unit === "w") return startOfWeek(wall, zone);
  if (unit === "M" || unit === "y") wall.day = 1;
  if (unit === "y") wall.month = 1;
  return nsFromMs(msOfWall(wall, zone));
}

// Weeks start on Monday (ISO 8601).
function startOfWeek(wall: Wall, zone: Zone): Ns {
  const date = new Date(Date.UTC(wall.year, wall.month - 1, wall.day));
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  const monday = { ...wall, year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
  return nsFromMs(msOfWall(monday, zone));
}

// Undefined when an end cannot be read or the range is empty.
export function resolveRange(range: TimeRange, now: Ns, zone: Zone): Interval | undefined {
  const start = resolveTime(range.from, now, zone);
  const end = resolveTime(range.to, now, zone);
  return start === undefined || end === undefined || start >= end ? undefined : { start, end };
}

export function isRelative(range: TimeRange): boolean {
  return range.from.startsWith("now") || range.to.startsWith("now");
}

export function quickOf(range: TimeRange): QuickRange | undefined {
  if (range.to !== "now" || !range.from.startsWith("now-")) return undefined;
  const id = range.from.slice(4);
  return kQuickRanges.find((quick) => quick === id);
}

export function absolute(interval: Interval): TimeRange {
  return { from: interval.start.toString(), to: interval.end.toString() };
}

// Twice as wide around the same middle, but never past now.
export function zoomOut(interval: Interval, now: Ns): Interval {
  const half = (interval.end - interval.start) / 2n;
  const end = interval.end + half;
  return end > now && interval.end <= now
    ? { start: interval.start - half - (end - now), end: now }
    : { start: interval.start - half, end };
}

export function shift(interval: Interval, direction: -1n | 1n): Interval {
  const half = ((interval.end - interval.start) / 2n) * direction;
  return { start: interval.start + half, end: interval.end + half };
}
