// A native histogram over time as a picture: a column for each instant, a row for each bucket.
import type { NativeHistogram } from "../api/prometheus_types";
import { numberFrom } from "./rows";

export interface HeatRow {
  lower: number;
  upper: number;
}

export interface Heat {
  times: number[]; // seconds
  rows: HeatRow[]; // from the lowest bucket up
  counts: Float64Array; // row-major: rows x times
  greatest: number;
}

const kRowsMax = 200;

// Buckets of neighbouring resolutions may be mixed; every bound that occurs becomes the edge of a row, and a bucket's count
// is divided over its rows. Too many rows: neighbours are joined.
export function heatOf(points: readonly [number, NativeHistogram][]): Heat {
  const edges = thinned(edgesOf(points));
  const rows = edges.slice(1).map((upper, index) => ({ lower: edges[index]!, upper }));
  const counts = new Float64Array(rows.length * points.length);
  for (const [column, [, histogram]] of points.entries()) {
    for (const [, lower, upper, count] of histogram.buckets ?? []) {
      spread(counts, rows, points.length, column, numberFrom(lower), numberFrom(upper), Number(count));
    }
  }
  const greatest = counts.reduce((most, count) => Math.max(most, count), 0);
  return { times: points.map(([seconds]) => seconds), rows, counts, greatest };
}

function edgesOf(points: readonly [number, NativeHistogram][]): number[] {
  const edges = new Set<number>();
  for (const [, { buckets }] of points) {
    for (const [, lower, upper] of buckets ?? []) {
      edges.add(numberFrom(lower));
      edges.add(numberFrom(upper));
    }
  }
  return [...edges].sort((a, b) => a - b);
}

function thinned(edges: number[]): number[] {
  const every = Math.ceil(edges.length / kRowsMax);
  return every <= 1 ? edges : edges.filter((_, index) => index % every === 0 || index === edges.length - 1);
}

function spread(
  counts: Float64Array,
  rows: readonly HeatRow[],
  width: number,
  column: number,
  lower: number,
  upper: number,
  count: number,
) {
  const inside = rows.flatMap((row, index) => (row.upper > lower && row.lower < upper ? [index] : []));
  for (const index of inside) counts[index * width + column]! += count / inside.length;
}

export interface BucketBar {
  label: string; // "(0.5, 1]"
  count: number;
  share: number; // of the fullest bucket
}

export function barsOf(histogram: NativeHistogram): BucketBar[] {
  const buckets = histogram.buckets ?? [];
  const most = buckets.reduce((greatest, [, , , count]) => Math.max(greatest, Number(count)), 0);
  return buckets.map(([rule, lower, upper, count]) => ({
    label: `${rule === 1 || rule === 3 ? "[" : "("}${shortBound(lower)}, ${shortBound(upper)}${rule === 0 || rule === 3 ? "]" : ")"}`,
    count: Number(count),
    share: most === 0 ? 0 : Number(count) / most,
  }));
}

function shortBound(text: string): string {
  const value = Number(text);
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : text;
}
