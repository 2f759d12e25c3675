import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { surroundings } from "../api/loki";
import { selectorOf } from "../logql/text";
import { kDay } from "../time/ns";
import { rowsOf, type Row } from "./row";

const kContextPage = 50;
const kContextSpan = 7n * kDay; // a quiet stream's neighbours can be days away

interface Page {
  before: Row[]; // both oldest first
  after: Row[];
}

// Beyond which row more is wanted; the first page has both sides of the line itself.
interface Edge {
  row: Row;
  before: number;
  after: number;
}

async function fetchAround(anchor: Row, edge: Edge, signal: AbortSignal): Promise<Page> {
  const { row, before, after } = edge;
  const at = BigInt(row.ns);
  const interval = { start: at - kContextSpan, end: at + kContextSpan };
  const query = selectorOf(anchor.labels);
  const found = await surroundings({ query, time: row.ns, line: row.line, interval, before, after }, signal);
  return { before: rowsOf(found.before, "forward"), after: rowsOf(found.after, "forward") };
}

// The lines of the same stream around one line. Both sides come with one answer; more of a side are asked for from its
// outermost row on. A side is at its end when it gave fewer rows than it was asked for.
export function useContextRows(anchor: Row) {
  const result = useInfiniteQuery({
    queryKey: ["context", selectorOf(anchor.labels), anchor.ns, anchor.line],
    queryFn: ({ pageParam, signal }) => fetchAround(anchor, pageParam, signal),
    initialPageParam: { row: anchor, before: kContextPage, after: kContextPage } as Edge,
    getPreviousPageParam: ({ before }): Edge | undefined =>
      before.length < kContextPage ? undefined : { row: before[0]!, before: kContextPage, after: 0 },
    getNextPageParam: ({ after }): Edge | undefined =>
      after.length < kContextPage ? undefined : { row: after.at(-1)!, before: 0, after: kContextPage },
    gcTime: 30_000,
  });
  const pages = result.data?.pages;
  const before = useMemo(() => pages?.flatMap((page) => page.before) ?? [], [pages]);
  const after = useMemo(() => pages?.flatMap((page) => page.after) ?? [], [pages]);
  return {
    before,
    after,
    isPending: result.isPending,
    older: {
      error: result.isFetchNextPageError ? null : result.error,
      more: result.hasPreviousPage,
      isFetching: result.isPending || result.isFetchingPreviousPage,
      fetchMore: () => void (result.data ? result.fetchPreviousPage() : result.refetch()),
    },
    newer: {
      error: result.isFetchPreviousPageError ? null : result.error,
      more: result.hasNextPage,
      isFetching: result.isPending || result.isFetchingNextPage,
      fetchMore: () => void (result.data ? result.fetchNextPage() : result.refetch()),
    },
  };
}

export type ContextSide = ReturnType<typeof useContextRows>["older"];
