import type { MatrixSeries } from "../api/types";
import { ceilTo, floorTo, kSecond, nsFromMs, type Ns } from "../time/ns";
import { roundStep } from "../time/duration";
import type { Interval } from "../time/range";
import { kLevels, levelOfName, type Level } from "./level";

export interface Bucket {
  start: Ns;
  end: Ns;
  counts: Partial<Record<Level, number>>;
  total: number;
}

export interface Volume {
  buckets: Bucket[];
  step: Ns;
  totals: Partial<Record<Level, number>>;
  total: number;
  max: number; // of one bucket
}

const kBucketsMax = 120;

export function volumeStep(interval: Interval): Ns {
  return roundStep(interval.end - interval.start, kBucketsMax);
}

// Whole steps that cover the interval. A point at t counts (t - step, t], so the first point asked for is the end of the
// first bucket.
export function volumeInterval(interval: Interval, step: Ns): Interval {
  return { start: floorTo(interval.start, step) + step, end: ceilTo(interval.end, step) };
}

export function volumeOf(series: MatrixSeries[], interval: Interval, step: Ns): Volume {
  const asked = volumeInterval(interval, step);
  const buckets: Bucket[] = [];
  for (let end = asked.start; end <= asked.end; end += step) {
    buckets.push({ start: end - step, end, counts: {}, total: 0 });
  }
  const volume: Volume = { buckets, step, totals: {}, total: 0, max: 0 };
  for (const { metric, values } of series) {
    const level = levelOfName(metric.detected_level ?? metric.level ?? "unknown");
    for (const [seconds, text] of values) {
      const index = Number((nsFromMs(seconds * 1000) - asked.start) / step);
      const bucket = buckets[index];
      const count = Number(text);
      if (bucket && Number.isFinite(count)) addTo(volume, bucket, level, count);
    }
  }
  volume.max = Math.max(0, ...buckets.map((bucket) => bucket.total));
  return volume;
}

function addTo(volume: Volume, bucket: Bucket, level: Level, count: number) {
  bucket.counts[level] = (bucket.counts[level] ?? 0) + count;
  bucket.total += count;
  volume.totals[level] = (volume.totals[level] ?? 0) + count;
  volume.total += count;
}

// From the least to the most severe, so that errors stand on top of a bar's stack where they are seen.
export const kStackOrder: readonly Level[] = [...kLevels].reverse();

// A few round numbers up to about `max` for the axis.
export function axisTicks(max: number, wanted = 3): number[] {
  if (max <= 0) return [];
  const rough = (max / wanted) * 0.8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    Math.ceil([1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough),
  );
  const ticks: number[] = [];
  for (let value = step; value <= max; value += step) ticks.push(value);
  return ticks;
}

// Times for labels under the bars: at most `wanted`, at whole steps of the wall clock.
export function timeTicks(interval: Interval, wanted: number, offsetMs: number): Ns[] {
  let step = roundStep(interval.end - interval.start, wanted);
  if (step < kSecond && interval.end - interval.start > 5n * kSecond) step = kSecond;
  const offset = nsFromMs(offsetMs);
  const ticks: Ns[] = [];
  for (let at = ceilTo(interval.start + offset, step) - offset; at <= interval.end; at += step) ticks.push(at);
  return ticks;
}
