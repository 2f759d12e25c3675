// Classic histograms, one series for each `le`, as the native ones that the heat map draws.
import type { Bucket, NativeHistogram, RangeSeries } from "../api/prometheus_types";
import type { Labels } from "../api/types";
import { seriesText } from "../promql/names";
import { numberFrom } from "./rows";

const kBound = "le";

// Every series is a bucket of something that has at least two.
export function isClassic(series: readonly RangeSeries[]): boolean {
  return series.length >= 2 && series.every(({ metric, values }) => boundOf(metric) !== undefined && values?.length);
}

function boundOf(metric: Labels): number | undefined {
  const text = metric[kBound];
  const bound = text === undefined || text === "" ? NaN : numberFrom(text);
  return Number.isNaN(bound) ? undefined : bound;
}

interface Group {
  metric: Labels;
  byTime: Map<number, [bound: number, text: string, count: number][]>;
}

// Counts are cumulative: a bucket's own is what it has more than the one beneath. Where a counter was reset between two
// scrapes of its buckets one may have less; that is nothing, not a negative number.
export function classicToNative(series: readonly RangeSeries[]): RangeSeries[] {
  const groups = new Map<string, Group>();
  for (const { metric, values } of series) {
    const { [kBound]: text = "", ...rest } = metric;
    const bound = boundOf(metric)!;
    const key = seriesText(rest);
    const group = groups.get(key) ?? { metric: rest, byTime: new Map() };
    groups.set(key, group);
    for (const [seconds, count] of values ?? []) {
      const value = numberFrom(count);
      if (Number.isNaN(value)) continue;
      const at = group.byTime.get(seconds) ?? [];
      at.push([bound, text, value]);
      group.byTime.set(seconds, at);
    }
  }
  return [...groups.values()].map(({ metric, byTime }) => ({
    metric,
    histograms: [...byTime.entries()]
      .sort(([a], [b]) => a - b)
      .map(([seconds, found]): [number, NativeHistogram] => [seconds, histogramOf(found)]),
  }));
}

function histogramOf(found: [bound: number, text: string, count: number][]): NativeHistogram {
  found.sort(([a], [b]) => a - b);
  const first = found[0]?.[0] ?? 0;
  let [lower, below] = [first > 0 ? "0" : "-Inf", 0];
  const buckets: Bucket[] = [];
  for (const [, text, count] of found) {
    buckets.push([0, lower, text, String(Math.max(0, count - below))]);
    [lower, below] = [text, Math.max(below, count)];
  }
  return { count: String(below), sum: "NaN", buckets };
}
