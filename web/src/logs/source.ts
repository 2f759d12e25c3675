import type { Labels } from "../api/types";
import type { Row } from "./row";

const kPreferred = ["service_name", "app", "unit", "container", "pod", "filename", "job", "host", "namespace"];

// The label that tells the rows' streams apart best, for a column before the line; undefined when they are one stream.
export function sourceLabel(rows: readonly Row[]): string | undefined {
  const sets = new Set<Labels>();
  for (const row of rows) sets.add(row.labels);
  if (sets.size < 2) return undefined;
  const values = new Map<string, Set<string>>();
  for (const labels of sets) {
    for (const [name, value] of Object.entries(labels)) {
      const seen = values.get(name);
      if (seen) seen.add(value);
      else values.set(name, new Set([value]));
    }
  }
  const differs = (name: string) => (values.get(name)?.size ?? 0) > 1;
  return kPreferred.find(differs) ?? [...values.keys()].sort().find(differs);
}

// Paths are known by their end.
export function shortValue(value: string): string {
  return value.startsWith("/") ? value.slice(value.lastIndexOf("/") + 1) : value;
}
