// "parse error at line 1, col 23: ..." tells where; the editor marks it.

export interface ErrorPlace {
  line: number; // from 1
  column: number; // from 1
}

export function errorPlace(message: string): ErrorPlace | undefined {
  const match = /parse error at line (\d+), col (\d+)/.exec(message);
  return match ? { line: Number(match[1]), column: Number(match[2]) } : undefined;
}

// The offset of a place in the query, within its bounds.
export function offsetOf(query: string, place: ErrorPlace): number {
  const lines = query.split("\n");
  const index = Math.min(place.line, lines.length) - 1;
  const before = lines.slice(0, index).reduce((sum, line) => sum + line.length + 1, 0);
  return before + Math.min(Math.max(place.column - 1, 0), lines[index]?.length ?? 0);
}

// The query's line with a caret under the place, for a fixed-width box.
export function pointAt(query: string, place: ErrorPlace): string {
  const line = query.split("\n")[place.line - 1] ?? "";
  const column = Math.min(Math.max(place.column - 1, 0), line.length);
  const from = Math.max(0, column - 60);
  const shown = line.slice(from, column + 60);
  return `${shown}\n${" ".repeat(column - from)}^`;
}
