import type { Direction, Labels, Stream } from "../api/types";
import { compareNs } from "../time/ns";
import { levelOf, type Level } from "./level";

// One line as the list shows it. Streams share their label objects.
export interface Row {
  id: number; // unique within the page's life; the list's key
  ns: string;
  line: string;
  labels: Labels;
  metadata: Labels;
  parsed: Labels;
  level: Level;
}

let lastId = 0; // only an identity for React keys; never shown or compared

const kNone: Labels = Object.freeze({});

// With `ordered` the rows stand as the query sorts them, else they are put in order of time.
export function rowsOf(streams: Stream[], direction: Direction, ordered = false): Row[] {
  const rows: Row[] = [];
  for (const { stream, values } of streams) {
    for (const [ns, line, categorized] of values) {
      const metadata = categorized?.structuredMetadata ?? kNone;
      const parsed = categorized?.parsed ?? kNone;
      const level = levelOf(stream, metadata, parsed, line);
      rows.push({ id: ++lastId, ns, line, labels: stream, metadata, parsed, level });
    }
  }
  if (ordered) return rows;
  // Each stream is in order; the sort is stable, so lines of one instant keep theirs.
  const sign = direction === "backward" ? -1 : 1;
  return rows.sort((a, b) => sign * compareNs(a.ns, b.ns));
}

// Tail frames cannot carry the categorize-labels flag, so metadata arrives among the labels. `indexed` are the names the
// index knows; all others were stored with the line or parsed from it.
export function separateLabels(streams: Stream[], indexed: ReadonlySet<string>): Stream[] {
  if (indexed.size === 0) return streams;
  return streams.map(({ stream, values }) => {
    const labels: Labels = {};
    const metadata: Labels = {};
    for (const [name, value] of Object.entries(stream)) (indexed.has(name) ? labels : metadata)[name] = value;
    return {
      stream: labels,
      values: values.map(([ns, line, own]) => [
        ns,
        line,
        { parsed: own?.parsed, structuredMetadata: { ...metadata, ...own?.structuredMetadata } },
      ]),
    };
  });
}

function sameRow(a: Row, b: Row): boolean {
  return a.ns === b.ns && a.line === b.line && sameLabels(a.labels, b.labels) && sameLabels(a.metadata, b.metadata);
}

function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

// The next page was asked for from the last row's own time on, because a page can end between lines of one instant; so
// it begins with rows already shown. Each of those is dropped once.
export function withoutOverlap(shown: Row[], page: Row[]): Row[] {
  const edge = shown.at(-1)?.ns;
  if (edge === undefined) return page;
  const known: Row[] = [];
  for (let i = shown.length - 1; i >= 0 && shown[i]!.ns === edge; i--) known.push(shown[i]!);
  return page.filter((row) => {
    if (row.ns !== edge) return true;
    const index = known.findIndex((other) => sameRow(row, other));
    if (index < 0) return true;
    known.splice(index, 1);
    return false;
  });
}
