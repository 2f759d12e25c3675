import type { Labels, MatrixSeries } from "../api/types";
import { levelColor, levelOfName } from "./level";

export const kSeriesMax = 50;

export function seriesName(metric: Labels): string {
  const pairs = Object.keys(metric)
    .sort()
    .map((name) => `${name}=${JSON.stringify(metric[name])}`);
  return `{${pairs.join(", ")}}`;
}

// A series of one level has that level's colour. Other hues are a golden angle apart: distinct however many there are.
export function seriesColor(metric: Labels, index: number, scheme: "light" | "dark"): string {
  const name = metric.detected_level ?? metric.level;
  if (name !== undefined && Object.keys(metric).length === 1) return levelColor(levelOfName(name));
  return `hsl(${Math.round((172 + index * 137.508) % 360)} 58% ${scheme === "dark" ? 62 : 42}%)`;
}

// The most important ones when not all can be shown: those with the highest last value; then by name, for stable colours.
export function chosenSeries(series: MatrixSeries[]): MatrixSeries[] {
  const last = (each: MatrixSeries) => Number(each.values.at(-1)?.[1] ?? 0);
  return [...series]
    .sort((a, b) => last(b) - last(a))
    .slice(0, kSeriesMax)
    .sort((a, b) => (seriesName(a.metric) < seriesName(b.metric) ? -1 : 1));
}

export type Aligned = [number[], ...(number | null)[][]];

// One time axis for all; where a series has no sample there is a gap, not a zero.
export function alignSeries(series: MatrixSeries[]): Aligned {
  const times = [...new Set(series.flatMap((each) => each.values.map(([seconds]) => seconds)))].sort((a, b) => a - b);
  const at = new Map(times.map((seconds, index) => [seconds, index]));
  const columns = series.map(({ values }) => {
    const column = new Array<number | null>(times.length).fill(null);
    for (const [seconds, text] of values) {
      const value = Number(text);
      column[at.get(seconds)!] = Number.isFinite(value) ? value : null;
    }
    return column;
  });
  return [times, ...columns];
}

// Each series on the shoulders of those before it; a gap adds nothing. Where no series has a sample there is none.
export function stackedOf([times, ...columns]: Aligned): Aligned {
  const sums = new Array<number>(times.length).fill(0);
  const known = times.map((_, at) => columns.some((column) => column[at] !== null));
  return [
    times,
    ...columns.map((column) =>
      column.map((value, at) => {
        sums[at]! += value ?? 0;
        return known[at] ? sums[at]! : null;
      }),
    ),
  ];
}

// What a click in the legend leaves visible: that series alone, or all again; with a modifier key it joins or leaves.
export function isolated(chosen: ReadonlySet<string>, name: string, joining: boolean): ReadonlySet<string> {
  if (!joining) return chosen.size === 1 && chosen.has(name) ? new Set() : new Set([name]);
  const next = new Set(chosen);
  if (!next.delete(name)) next.add(name);
  return next;
}
