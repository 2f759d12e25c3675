import type { SyntaxNode } from "@lezer/common";
import { escapeRegex, labelName, quote, quoteDouble, unquote } from "./text";
import { logParts, nodesNamed, parserNames, textOf, type LogPart } from "./tree";

// Edits the text of a query the way a person would, keeping everything else as it was written.

// Where a field of a row comes from decides how a query can ask for it.
export type FieldOrigin =
  | "label" // of the stream: belongs into the selector
  | "metadata" // stored with the line: a label filter
  | "parsed" // a parser stage of this query made it: a label filter after that stage
  | "json" // this UI found it in the line: needs `| json` first
  | "logfmt";

export interface FieldFilter {
  name: string;
  value: string;
  origin: FieldOrigin;
}

export type FilterMode = "for" | "out";

export interface Change {
  from: number;
  to: number;
  text: string;
}

export function addFieldFilter(query: string, filter: FieldFilter, mode: FilterMode): string {
  const parts = logParts(query);
  if (parts.length === 0) return startQuery(filter, mode);
  const changes = parts.flatMap((part) =>
    filter.origin === "label" ? matcherChanges(query, part, filter, mode) : stageChanges(query, part, filter, mode),
  );
  return apply(query, changes);
}

export function addLineFilter(
  query: string,
  text: string,
  options: { ignoreCase: boolean; exclude?: boolean },
): string {
  const sign = options.exclude ? "!" : "|";
  const filter = options.ignoreCase ? `${sign}~ ${quote(`(?i)${escapeRegex(text)}`)}` : `${sign}= ${quote(text)}`;
  return apply(
    query,
    logParts(query).map((part) => insertLineFilter(query, part, filter)),
  );
}

// Puts `| stage` at the end of each pipeline, unless it is there already.
export function addStage(query: string, stage: string): string {
  const changes = logParts(query)
    .filter(
      (part) =>
        !part.stages.some(
          (each) =>
            textOf(query, each)
              .replace(/^\|\s*/, "")
              .trim() === stage,
        ),
    )
    .map((part) => ({ from: part.end, to: part.end, text: ` | ${stage}` }));
  return apply(query, changes);
}

// Line filters go before the first parser, where they are cheapest, but after other line filters.
export function insertLineFilter(query: string, part: LogPart, filter: string): Change {
  let at = part.selector.to;
  for (const stage of part.stages) {
    if (nodesNamed(stage, "LineFilters").length === 0) break;
    at = stage.from + textOf(query, stage).trimEnd().length;
  }
  return { from: at, to: at, text: ` ${filter}` };
}

// What ends a log query and has no place in a range: distinct and sort. A text in quotes never matches.
const kClause = /\s*\|\s*(?:distinct\s+[\w\s,]+|sort\s+by\s*\([\w\s,]*\)(?:\s*(?:asc|desc))?)\s*$/;

function withoutClauses(lines: string): string {
  const shorter = lines.replace(kClause, "");
  return shorter === lines ? lines : withoutClauses(shorter);
}

// The histogram's question: how many lines of each level. A query that parses lines may meet broken ones; they are
// counted, not refused.
export function volumeQuery(query: string, step: string): string | undefined {
  const part = logParts(query)[0];
  if (!part) return undefined;
  const lines = withoutClauses(query.slice(part.selector.from, part.end));
  const tolerant = parserNames(part).size > 0 ? `${lines} | drop __error__` : lines;
  return `sum by (detected_level) (count_over_time(${tolerant} [${step}]))`;
}

// The selector alone, for questions to the index.
export function selectorText(query: string): string | undefined {
  const part = logParts(query)[0];
  return part ? textOf(query, part.selector) : undefined;
}

function startQuery(filter: FieldFilter, mode: FilterMode): string {
  return `{${filter.name}${mode === "for" ? "=" : "!="}${quoteDouble(filter.value)}}`;
}

interface Matcher {
  node: SyntaxNode;
  name: string;
  op: string;
  value: string;
}

function matchersOf(query: string, root: SyntaxNode): Matcher[] {
  return nodesNamed(root, "Matcher").flatMap((node) => {
    const name = node.getChild("Identifier");
    const value = node.getChild("String");
    if (!name || !value) return [];
    const op = query.slice(name.to, value.from).trim();
    return [{ node, name: textOf(query, name), op, value: unquote(textOf(query, value)) }];
  });
}

function matcherChanges(query: string, part: LogPart, filter: FieldFilter, mode: FilterMode): Change[] {
  const op = mode === "for" ? "=" : "!=";
  const text = `${filter.name}${op}${quoteDouble(filter.value)}`;
  const all = matchersOf(query, part.selector);
  const same = all.filter((matcher) => matcher.name === filter.name);
  if (same.some((matcher) => matcher.op === op && matcher.value === filter.value)) return [];
  // An equality says all there is to say of a label, so it takes the place of what was said before.
  const replaced = same.find((matcher) => mode === "for" || isOpposite(matcher, filter.value));
  if (replaced && mode === "for") {
    return [
      { from: replaced.node.from, to: replaced.node.to, text },
      ...same.filter((matcher) => matcher !== replaced).map((matcher) => removal(query, matcher.node)),
    ];
  }
  if (replaced) {
    // `{app!="x"}` alone is refused: it could match every stream there is.
    const others = all.some((m) => m !== replaced && isSelective(m));
    const kept = others ? text : `${filter.name}=~".+", ${text}`;
    return [{ from: replaced.node.from, to: replaced.node.to, text: kept }];
  }
  const last = all.at(-1);
  const at = last ? last.node.to : part.selector.from + 1;
  return [{ from: at, to: at, text: last ? `, ${text}` : text }];
}

function isOpposite(matcher: Matcher, value: string): boolean {
  return matcher.op === "=" && matcher.value === value;
}

function isSelective(matcher: Matcher): boolean {
  if (matcher.op === "=") return matcher.value !== "";
  return matcher.op === "=~" && !/^(\.\*)?$/.test(matcher.value);
}

// Takes the comma before or after the matcher along.
function removal(query: string, node: SyntaxNode): Change {
  const before = /,\s*$/.exec(query.slice(0, node.from));
  if (before) return { from: before.index, to: node.to, text: "" };
  const after = /^\s*,\s*/.exec(query.slice(node.to));
  return { from: node.from, to: node.to + (after ? after[0].length : 0), text: "" };
}

function stageChanges(query: string, part: LogPart, filter: FieldFilter, mode: FilterMode): Change[] {
  const op = mode === "for" ? "=" : "!=";
  const name = labelName(filter.name);
  const existing = filterStages(query, part).filter((stage) => stage.matcher.name === name);
  if (existing.some(({ matcher }) => matcher.op === op && matcher.value === filter.value)) return [];
  const text = `${name}${op}${quoteDouble(filter.value)}`;
  const opposite = existing.find(({ matcher }) => matcher.value === filter.value && /^!?=$/.test(matcher.op));
  if (opposite) return [{ from: opposite.matcher.node.from, to: opposite.matcher.node.to, text }];
  const parser = neededParser(part, filter.origin);
  return [{ from: part.end, to: part.end, text: `${parser} | ${text}` }];
}

// Stages that are exactly one label filter; compound ones are left alone.
function filterStages(query: string, part: LogPart): { matcher: Matcher }[] {
  return part.stages.flatMap((stage) => {
    const filter = stage.getChild("LabelFilter");
    const node = filter?.getChild("Matcher");
    if (!filter || !node || node.from !== filter.from || node.to !== filter.to) return [];
    const matcher = matchersOf(query, filter)[0];
    return matcher ? [{ matcher }] : [];
  });
}

function neededParser(part: LogPart, origin: FieldOrigin): string {
  if (origin !== "json" && origin !== "logfmt") return "";
  const present = parserNames(part);
  return present.has(origin) ? "" : ` | ${origin}`;
}

export function apply(query: string, changes: Change[]): string {
  let text = query;
  for (const change of [...changes].sort((a, b) => b.from - a.from)) {
    text = text.slice(0, change.from) + change.text + text.slice(change.to);
  }
  return text;
}
