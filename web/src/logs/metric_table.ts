import type { Labels, MatrixSeries, VectorSample } from "../api/types";

// A metric result as a table: a column for each label, then numbers.

export interface TableRow {
  key: string;
  metric: Labels;
  numbers: number[]; // as many as the table has columns of numbers
}

export interface Sorting {
  column: string; // a label's name, or the index of a number
  down: boolean;
}

export function labelColumns(rows: readonly { metric: Labels }[]): string[] {
  return [...new Set(rows.flatMap(({ metric }) => Object.keys(metric)))].sort();
}

// Last, least, mean and greatest value of each series; what is not a number counts for nothing.
export function summaryRows(series: readonly MatrixSeries[]): TableRow[] {
  return series.map(({ metric, values }) => {
    const numbers = values.map(([, text]) => Number(text)).filter((value) => !Number.isNaN(value));
    const sum = numbers.reduce((total, value) => total + value, 0);
    const least = numbers.reduce((a, b) => Math.min(a, b), Infinity);
    const greatest = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
    const known = numbers.length > 0;
    const row = known ? [numbers.at(-1)!, least, sum / numbers.length, greatest] : [NaN, NaN, NaN, NaN];
    return { key: keyOf(metric), metric, numbers: row };
  });
}

export function instantRows(samples: readonly VectorSample[]): TableRow[] {
  return samples.map(({ metric, value }) => ({ key: keyOf(metric), metric, numbers: [Number(value[1])] }));
}

function keyOf(metric: Labels): string {
  return JSON.stringify(Object.entries(metric).sort());
}

// Numbers by value with those that are none at the end, labels as people sort them ("a2" before "a10").
export function sortedRows(rows: readonly TableRow[], { column, down }: Sorting): TableRow[] {
  const index = /^\d+$/.test(column) ? Number(column) : undefined;
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (index === undefined) {
      return sign * (a.metric[column] ?? "").localeCompare(b.metric[column] ?? "", "en", { numeric: true });
    }
    const [left, right] = [a.numbers[index]!, b.numbers[index]!];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    return sign * (left - right);
  });
}
