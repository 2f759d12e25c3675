// Nanosecond times. The API writes them as decimal strings; a double cannot hold one, so they are
// strings in rows and bigint in arithmetic, never number.

export type Ns = bigint;

export const kMillisecond = 1_000_000n;
export const kSecond = 1_000_000_000n;
export const kMinute = 60n * kSecond;
export const kHour = 60n * kMinute;
export const kDay = 24n * kHour;

export function nsFromMs(ms: number): Ns {
  return BigInt(Math.round(ms)) * kMillisecond;
}

// Rounds towards the past, also before 1970.
export function msFromNs(ns: Ns): number {
  return Number(floorTo(ns, kMillisecond) / kMillisecond);
}

export function nowNs(): Ns {
  return nsFromMs(Date.now());
}

export function floorTo(value: Ns, step: Ns): Ns {
  const rest = value % step;
  return rest === 0n ? value : rest > 0n ? value - rest : value - rest - step;
}

export function ceilTo(value: Ns, step: Ns): Ns {
  const floor = floorTo(value, step);
  return floor === value ? value : floor + step;
}

// The nine digits below the second.
export function fraction(ns: Ns): string {
  return (ns - floorTo(ns, kSecond)).toString().padStart(9, "0");
}

// Compares decimal strings of equal sign without building a bigint: lists of 100,000 rows do this often.
export function compareNs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isNs(text: string): boolean {
  return /^-?\d{1,20}$/.test(text);
}
