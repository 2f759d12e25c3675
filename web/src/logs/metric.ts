import type { Labels, MatrixSeries } from "../api/types";

export const kSeriesMax = 50;

export function seriesName(metric: Labels): string {
  const pairs = Object.keys(metric).sort().map((name) => `${name}=${JSON.stringify(metric[name])}`);
  return `{${pairs.join(", ")}}`;
}

// Hues a golden angle apart stay distinct however many there are.
export function seriesColor(index: number, scheme: "light" | "dark"): string {
  return `hsl(${Math.round((172 + index * 137.508) % 360)} 58% ${scheme === "dark" ? 62 : 42}%)`;
}

type Aligned = [number[], ...(number | null)[][]];

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
