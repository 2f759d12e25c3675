// What stands at a time axis.
import { roundStep } from "../time/duration";
import { floorTo, kDay, kSecond, nsFromMs } from "../time/ns";
import type { Interval } from "../time/range";
import { formatClock, formatDate, type Zone } from "../time/zone";

export function tickText(seconds: number, interval: Interval, zone: Zone): string {
  const ns = nsFromMs(seconds * 1000);
  const clock = formatClock(ns, zone, "second");
  if (interval.end - interval.start > kDay) return `${formatDate(ns, zone).slice(5)} ${clock.slice(0, 5)}`;
  return clock.endsWith(":00") ? clock.slice(0, 5) : clock;
}

// Some round times within the interval, in seconds.
export function ticksOf(interval: Interval, wanted: number): number[] {
  const rough = roundStep(interval.end - interval.start, wanted);
  const step = rough < kSecond ? kSecond : rough;
  const ticks: number[] = [];
  for (let at = floorTo(interval.start, step) + step; at <= interval.end; at += step) ticks.push(Number(at / kSecond));
  return ticks;
}
