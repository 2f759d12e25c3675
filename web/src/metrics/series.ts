// From answers to what a graph draws.
import type { Exemplar, ExemplarSeries, RangeSeries, Sample } from "../api/prometheus_types";
import { legendText, seriesText } from "../promql/names";

export const kLinesMax = 200;

// One query's part of a result.
export interface QueryResult {
  letter: string;
  expr: string;
  legend: string;
  series: RangeSeries[];
}

export interface Line {
  id: string; // of this query and series
  letter: string;
  name: string;
  color: string;
  values: Sample[];
}

// Hues a golden angle apart are distinct however many there are.
export function colorOf(index: number, scheme: "light" | "dark"): string {
  const lightness = (scheme === "dark" ? 62 : 42) + (Math.floor(index / 12) % 2) * 10;
  return `hsl(${Math.round((172 + index * 137.508) % 360)} 58% ${lightness}%)`;
}

// By the legend, or by the labels; the result of sum(x) has none, and is called by the query.
export function nameIn(result: Pick<QueryResult, "legend" | "expr">, series: Pick<RangeSeries, "metric">): string {
  const name = result.legend === "" ? "" : legendText(result.legend, series.metric);
  if (name !== "") return name;
  return Object.keys(series.metric).length === 0 ? result.expr : seriesText(series.metric);
}

// The lines of all queries in order of query and name; when there are too many, those with the greatest last values.
export function linesOf(results: readonly QueryResult[], scheme: "light" | "dark"): Line[] {
  const all = results.flatMap((result) =>
    result.series
      .filter(({ values }) => values !== undefined && values.length > 0)
      .map((series) => ({
        id: `${result.letter} ${seriesText(series.metric)}`,
        letter: result.letter,
        name: nameIn(result, series),
        values: series.values!,
      })),
  );
  const kept = all.length <= kLinesMax ? all : greatest(all, kLinesMax);
  const ordered = [...kept].sort((a, b) => byText(a.letter, b.letter) || byText(a.name, b.name) || byText(a.id, b.id));
  return ordered.map((line, index) => ({ ...line, color: colorOf(index, scheme) }));
}

function greatest<T extends { values: Sample[] }>(lines: readonly T[], count: number): T[] {
  const last = ({ values }: T) => Number(values.at(-1)![1]);
  const known = (value: number) => (Number.isNaN(value) ? -Infinity : value);
  return [...lines].sort((a, b) => known(last(b)) - known(last(a))).slice(0, count);
}

const byText = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

export function lineCount(results: readonly QueryResult[]): number {
  return results.reduce((sum, { series }) => sum + series.filter(({ values }) => values?.length).length, 0);
}

export interface HistogramSeries {
  id: string;
  name: string;
  points: NonNullable<RangeSeries["histograms"]>;
}

export function histogramsOf(results: readonly QueryResult[]): HistogramSeries[] {
  return results.flatMap((result) =>
    result.series
      .filter(({ histograms }) => histograms !== undefined && histograms.length > 0)
      .map((series) => ({
        id: `${result.letter} ${seriesText(series.metric)}`,
        name: nameIn(result, series),
        points: series.histograms!,
      })),
  );
}

export type Columns = [number[], ...(number | null)[][]];

// One time axis for all. Where a series has no sample there is a gap; a logarithm has no place for 0 and below.
export function columnsOf(lines: readonly Line[], log: boolean): Columns {
  const times = [...new Set(lines.flatMap(({ values }) => values.map(([seconds]) => seconds)))].sort((a, b) => a - b);
  const at = new Map(times.map((seconds, index) => [seconds, index]));
  const columns = lines.map(({ values }) => {
    const column = new Array<number | null>(times.length).fill(null);
    for (const [seconds, text] of values) {
      const value = Number(text);
      column[at.get(seconds)!] = Number.isFinite(value) && (!log || value > 0) ? value : null;
    }
    return column;
  });
  return [times, ...columns];
}

// Points with a gap on either side, which no line would show.
export function lonePoints(column: readonly (number | null | undefined)[]): number[] {
  const lone: number[] = [];
  for (let i = 0; i < column.length; i++) {
    if (column[i] != null && column[i - 1] == null && column[i + 1] == null) lone.push(i);
  }
  return lone;
}

export interface ExemplarDot extends Exemplar {
  series: string;
}

const kDotsMax = 400;

// Of many exemplars the greatest of each little stretch of time: the ones worth a look.
export function dotsOf(series: readonly ExemplarSeries[]): ExemplarDot[] {
  const dots = series.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map((each) => ({ ...each, series: seriesText(seriesLabels) })),
  );
  dots.sort((a, b) => a.timestamp - b.timestamp);
  if (dots.length <= kDotsMax) return dots;
  const group = Math.ceil(dots.length / kDotsMax);
  const kept: ExemplarDot[] = [];
  for (let from = 0; from < dots.length; from += group) {
    kept.push(dots.slice(from, from + group).reduce((a, b) => (Number(b.value) > Number(a.value) ? b : a)));
  }
  return kept;
}
