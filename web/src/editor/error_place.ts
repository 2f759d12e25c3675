// Where in the query an error stands, as servers say it: LogQL "parse error at line 1, col 23: ...", PromQL
// "1:23: parse error: ...". The editor marks it.

export interface ErrorPlace {
  line: number; // from 1
  column: number; // from 1
  bytes?: boolean; // the column counts bytes of UTF-8
}

export function errorPlace(message: string): ErrorPlace | undefined {
  const logql = /parse error at line (\d+), col (\d+)/.exec(message);
  if (logql) return { line: Number(logql[1]), column: Number(logql[2]) };
  const promql = /(?:^|[\s:])(\d+):(\d+): parse error:/.exec(message);
  return promql ? { line: Number(promql[1]), column: Number(promql[2]), bytes: true } : undefined;
}

// The offset of a place in the query, within its bounds.
export function offsetOf(query: string, place: ErrorPlace): number {
  const lines = query.split("\n");
  const index = Math.min(place.line, lines.length) - 1;
  const before = lines.slice(0, index).reduce((sum, line) => sum + line.length + 1, 0);
  return before + columnOf(lines[index] ?? "", place);
}

// The query's line with a caret under the place, for a fixed-width box.
export function pointAt(query: string, place: ErrorPlace): string {
  const line = query.split("\n")[place.line - 1] ?? "";
  const column = columnOf(line, place);
  const from = Math.max(0, column - 60);
  const shown = line.slice(from, column + 60);
  return `${shown}\n${" ".repeat(column - from)}^`;
}

// From 0, in characters of a JavaScript string.
function columnOf(line: string, { column, bytes }: ErrorPlace): number {
  const wanted = Math.max(column - 1, 0);
  if (!bytes) return Math.min(wanted, line.length);
  let [seen, at] = [0, 0];
  for (const char of line) {
    if (seen >= wanted) break;
    seen += new TextEncoder().encode(char).length;
    at += char.length;
  }
  return at;
}
