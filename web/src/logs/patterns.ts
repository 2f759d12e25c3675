import type { LinePattern } from "../api/types";
import { levelOfName, type Level } from "./level";

export interface PatternRow {
  pattern: string;
  level: Level;
  count: number;
  share: number; // of all lines counted
  samples: LinePattern["samples"];
}

// Most frequent first; by text where counts are equal, so that the order stays. The server's levels are more than those
// that are shown, so two of its patterns can be one here.
export function patternRows(patterns: readonly LinePattern[]): PatternRow[] {
  const rows = new Map<string, PatternRow>();
  let total = 0;
  for (const { pattern, level: name, samples } of patterns) {
    const level = levelOfName(name ?? "");
    const count = samples.reduce((sum, [, lines]) => sum + lines, 0);
    total += count;
    const known = rows.get(`${level} ${pattern}`);
    rows.set(`${level} ${pattern}`, {
      pattern,
      level,
      count: count + (known?.count ?? 0),
      share: 0,
      samples: known ? [...known.samples, ...samples] : samples,
    });
  }
  return [...rows.values()]
    .filter((row) => row.count > 0)
    .map((row) => ({ ...row, share: row.count / total }))
    .sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1));
}

export interface PatternPiece {
  text: string;
  gap: boolean;
}

export const kGap = "<_>";

// The fixed words of a pattern and its gaps.
export function patternPieces(pattern: string): PatternPiece[] {
  return pattern
    .split(/(<_>)/)
    .filter((text) => text !== "")
    .map((text) => ({ text, gap: text === kGap }));
}

// One point for each step of the range: a step without lines is a zero.
export function trendOf(
  samples: LinePattern["samples"],
  start: number,
  end: number,
  step: number,
): [number[], number[]] {
  const first = Math.floor(start / step) * step;
  const points = Math.max(1, Math.floor((end - first) / step) + 1);
  const times = Array.from({ length: points }, (_, index) => first + index * step);
  const counts = new Array<number>(points).fill(0);
  for (const [seconds, count] of samples) {
    const index = Math.floor((seconds - first) / step);
    if (index >= 0 && index < points) counts[index]! += count;
  }
  return [times, counts];
}
