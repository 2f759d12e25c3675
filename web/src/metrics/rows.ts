// Rows of the table of an instant result.
import type { NativeHistogram, PromData, Sample } from "../api/prometheus_types";
import type { Labels } from "../api/types";
import { kNameLabel, seriesText } from "../promql/names";

export interface ResultRow {
  key: string;
  letter: string;
  metric: Labels;
  value?: number;
  text?: string; // of a string result
  histogram?: NativeHistogram;
  samples?: Sample[]; // of a range selector
  histograms?: [number, NativeHistogram][];
}

export function rowsOf(letter: string, data: PromData): ResultRow[] {
  switch (data.resultType) {
    case "scalar":
      return [{ key: letter, letter, metric: {}, value: numberFrom(data.result[1]) }];
    case "string":
      return [{ key: letter, letter, metric: {}, text: data.result[1] }];
    case "vector":
      return data.result.map(({ metric, value, histogram }) => ({
        key: `${letter} ${seriesText(metric)}`,
        letter,
        metric,
        ...(value ? { value: numberFrom(value[1]) } : {}),
        ...(histogram ? { histogram: histogram[1] } : {}),
      }));
    case "matrix":
      return data.result.map(({ metric, values, histograms }) => ({
        key: `${letter} ${seriesText(metric)}`,
        letter,
        metric,
        samples: values ?? [],
        ...(histograms ? { histograms } : {}),
      }));
  }
}

// The metric's name first, then the labels in order.
export function columnsIn(rows: readonly ResultRow[]): string[] {
  const names = new Set(rows.flatMap(({ metric }) => Object.keys(metric)));
  const labels = [...names].filter((name) => name !== kNameLabel).sort();
  return names.has(kNameLabel) ? [kNameLabel, ...labels] : labels;
}

export interface RowOrder {
  column: string | undefined; // of a label; undefined: the value; "": as the server gave them
  down: boolean;
}

// A histogram counts as its number of observations; what has no number comes last either way.
function numberOf({ value, histogram, samples }: ResultRow): number {
  return value ?? numberFrom(histogram?.count ?? samples?.at(-1)?.[1] ?? "NaN");
}

export function orderedRows(rows: readonly ResultRow[], { column, down }: RowOrder): ResultRow[] {
  if (column === "") return [...rows];
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (column !== undefined) {
      return sign * (a.metric[column] ?? "").localeCompare(b.metric[column] ?? "", "en", { numeric: true });
    }
    const [left, right] = [numberOf(a), numberOf(b)];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    return left === right ? 0 : sign * (left < right ? -1 : 1);
  });
}

// "+Inf" and "-Inf" are how the API writes what JavaScript calls Infinity.
export function numberFrom(text: string): number {
  return /^[+-]?Inf$/.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}
