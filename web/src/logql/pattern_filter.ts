import { apply, insertLineFilter, type Change, type FilterMode } from "./edit";
import { quote, unquote } from "./text";
import { logParts, nodesNamed, textOf, type LogPart } from "./tree";

// Pattern filters of a query: `|> "..."` keeps the lines of a pattern, `!> "..."` leaves them out.

interface PatternFilter {
  from: number;
  to: number;
  mode: FilterMode;
  pattern: string;
}

// Filters with `or` are left alone: they say more than one thing.
function patternFilters(query: string, part: LogPart): PatternFilter[] {
  return part.stages.flatMap((stage) =>
    nodesNamed(stage, "LineFilter").flatMap((node) => {
      const op = node.getChild("Filter");
      const text = node.getChild("String");
      if (!op || !text || node.getChild("OrFilter")) return [];
      const sign = textOf(query, op).trim();
      if (sign !== "|>" && sign !== "!>") return [];
      const mode: FilterMode = sign === "|>" ? "for" : "out";
      return [{ from: op.from, to: text.to, mode, pattern: unquote(textOf(query, text)) }];
    }),
  );
}

// What a query says about a pattern already.
export function patternModes(query: string): Map<string, FilterMode> {
  return new Map(
    logParts(query).flatMap((part) => patternFilters(query, part).map((each) => [each.pattern, each.mode])),
  );
}

// Asks for a pattern's lines, or for all but them; asked a second time it takes that back. A line has one pattern, so to
// ask for one is to ask no more for another.
export function togglePatternFilter(query: string, pattern: string, mode: FilterMode): string {
  return apply(
    query,
    logParts(query).flatMap((part) => changesOf(query, part, pattern, mode)),
  );
}

function changesOf(query: string, part: LogPart, pattern: string, mode: FilterMode): Change[] {
  const present = patternFilters(query, part);
  const same = present.find((each) => each.pattern === pattern && each.mode === mode);
  if (same) return [removal(query, same)];
  const filter = `${mode === "for" ? "|>" : "!>"} ${quote(pattern)}`;
  const replaced = present.find((each) => each.pattern === pattern || (mode === "for" && each.mode === "for"));
  return replaced ? [{ from: replaced.from, to: replaced.to, text: filter }] : [insertLineFilter(query, part, filter)];
}

// Takes the blank before the filter along.
function removal(query: string, { from, to }: PatternFilter): Change {
  return { from: query[from - 1] === " " ? from - 1 : from, to, text: "" };
}
