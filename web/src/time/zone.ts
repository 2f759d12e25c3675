import { floorTo, fraction, kMillisecond, kSecond, msFromNs, nsFromMs, type Ns } from "./ns";

// "browser", "utc" or an IANA name such as "Asia/Shanghai".
export type Zone = string;

export function ianaName(zone: Zone): string {
  if (zone === "utc") return "UTC";
  if (zone === "browser") return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone;
}

export function isZone(zone: string): boolean {
  if (zone === "browser" || zone === "utc") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

export function allZones(): string[] {
  const names = Intl.supportedValuesOf("timeZone");
  return ["browser", "utc", ...names.filter((name) => name !== "UTC")];
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: Zone): Intl.DateTimeFormat {
  const timeZone = ianaName(zone);
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(timeZone, format);
  }
  return format;
}

export interface Wall {
  year: number;
  month: number; // 1..12
  day: number;
  hour: number;
  minute: number;
  second: number;
}

export function wallOf(ms: number, zone: Zone): Wall {
  const local = new Date(ms + offsetMs(ms, zone));
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
  };
}

function askWall(ms: number, zone: Zone): Wall {
  const fields: Record<string, string> = {};
  for (const part of formatOf(zone).formatToParts(ms)) fields[part.type] = part.value;
  const year = Number(fields.year);
  return {
    year: fields.era === "BC" ? 1 - year : year,
    month: Number(fields.month),
    day: Number(fields.day),
    hour: Number(fields.hour),
    minute: Number(fields.minute),
    second: Number(fields.second),
  };
}

function utcOfWall(wall: Wall): number {
  const date = new Date(0);
  date.setUTCFullYear(wall.year, wall.month - 1, wall.day);
  date.setUTCHours(wall.hour, wall.minute, wall.second, 0);
  return date.getTime();
}

// Asking Intl costs some 5 us, too much for every row of a scrolling list. Clocks change on whole minutes only (true of
// all zones since 1973, though not always on quarter hours), so one answer serves for the minute.
const kMinuteMs = 60_000;
const kOffsetsMax = 10_000;
const offsets = new Map<string, number>();

// How far the zone's clock is ahead of UTC at that instant.
export function offsetMs(ms: number, zone: Zone): number {
  const minute = Math.floor(ms / kMinuteMs);
  const key = `${zone}@${minute}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    const start = minute * kMinuteMs;
    offset = utcOfWall(askWall(start, zone)) - start;
    if (offsets.size >= kOffsetsMax) offsets.clear();
    offsets.set(key, offset);
  }
  return offset;
}

// The instant at which the zone's clocks show `wall`. Of two (autumn) the earlier; a time that a clock change
// skips (spring) is moved on by the size of the gap.
export function msOfWall(wall: Wall, zone: Zone): number {
  const asUtc = utcOfWall(wall);
  const day = 86_400_000;
  const before = asUtc - offsetMs(asUtc - day, zone);
  const after = asUtc - offsetMs(asUtc + day, zone);
  const exact = [before, after].filter((ms) => ms + offsetMs(ms, zone) === asUtc);
  return exact.length > 0 ? Math.min(...exact) : before;
}

const two = (value: number) => String(value).padStart(2, "0");

export type Precision = "second" | "ms" | "ns" | "auto";

// "2026-01-15 08:30:05.123". `auto` shows as many digits of the fraction as the time has.
export function formatTime(ns: Ns, zone: Zone, precision: Precision = "ms"): string {
  return `${formatDate(ns, zone)} ${formatClock(ns, zone, precision)}`;
}

export function formatDate(ns: Ns, zone: Zone): string {
  const wall = wallOf(msFromNs(ns), zone);
  return `${String(wall.year).padStart(4, "0")}-${two(wall.month)}-${two(wall.day)}`;
}

export function formatClock(ns: Ns, zone: Zone, precision: Precision = "ms"): string {
  const wall = wallOf(msFromNs(ns), zone);
  return `${two(wall.hour)}:${two(wall.minute)}:${two(wall.second)}${digits(fraction(ns), precision)}`;
}

function digits(nine: string, precision: Precision): string {
  switch (precision) {
    case "second":
      return "";
    case "ms":
      return `.${nine.slice(0, 3)}`;
    case "ns":
      return `.${nine}`;
    case "auto": {
      const kept = nine.replace(/(000)+$/, "");
      return kept === "" ? "" : `.${kept}`;
    }
  }
}

// "UTC+08:00"
export function formatOffset(ms: number, zone: Zone): string {
  const minutes = Math.round(offsetMs(ms, zone) / 60_000);
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const kWallPattern =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

// Reads "2026-01-15", "2026-01-15 08:30", "…:05.123456789" in the zone, or in the offset that is written out.
export function parseTime(text: string, zone: Zone): Ns | undefined {
  const match = kWallPattern.exec(text.trim());
  if (!match) return undefined;
  const field = (index: number) => Number(match[index] ?? 0);
  const wall: Wall = {
    year: field(1),
    month: field(2),
    day: field(3),
    hour: field(4),
    minute: field(5),
    second: field(6),
  };
  if (wall.month < 1 || wall.month > 12 || wall.day < 1 || wall.day > daysIn(wall.year, wall.month)) return undefined;
  if (wall.hour > 23 || wall.minute > 59 || wall.second > 59) return undefined;
  const offset = match[8];
  const ms = offset === undefined ? msOfWall(wall, zone) : utcOfWall(wall) - parseOffset(offset);
  return floorTo(nsFromMs(ms), kSecond) + BigInt((match[7] ?? "").padEnd(9, "0"));
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function parseOffset(text: string): number {
  if (text.toUpperCase() === "Z") return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return (text.startsWith("-") ? -minutes : minutes) * 60_000;
}

// RFC 3339 with all nine digits.
export function isoTime(ns: Ns): string {
  const seconds = new Date(msFromNs(floorTo(ns, kSecond))).toISOString().slice(0, 19);
  return ns % kMillisecond === 0n ? `${seconds}.${fraction(ns).slice(0, 3)}Z` : `${seconds}.${fraction(ns)}Z`;
}
