import { logParts, parserNames } from "./tree";
import { formatDuration } from "../time/duration";
import type { Ns } from "../time/ns";

// Questions about the lines of a log query that the page asks on its own.

// The lines of the query with the parsers that it lacks. A line that a parser cannot read is counted, not refused.
function linesWith(query: string, parsers: readonly string[]): string | undefined {
  const part = logParts(query)[0];
  if (!part) return undefined;
  const present = parserNames(part);
  const added = parsers.filter((parser) => !present.has(parser)).map((parser) => ` | ${parser}`);
  const tolerant = present.size + added.length > 0 ? " | drop __error__, __error_details__" : "";
  return query.slice(part.selector.from, part.end) + added.join("") + tolerant;
}

// The values of a field that most lines have, and how many lines that is, over `range` before the time of asking.
export function topValuesQuery(
  query: string,
  field: { name: string; parsers: readonly string[] },
  range: Ns,
  count: number,
): string | undefined {
  const lines = linesWith(query, field.parsers);
  if (lines === undefined) return undefined;
  const counted = `count_over_time(${lines} | ${field.name}!="" [${formatDuration(range)}])`;
  return `topk(${count}, sum by (${field.name}) (${counted}))`;
}

export function lineCountQuery(query: string, range: Ns): string | undefined {
  const lines = linesWith(query, []);
  return lines === undefined ? undefined : `sum(count_over_time(${lines} [${formatDuration(range)}]))`;
}
