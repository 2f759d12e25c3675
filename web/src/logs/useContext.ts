import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { queryRange } from "../api/loki";
import type { Direction } from "../api/types";
import { selectorOf } from "../logql/text";
import { kDay } from "../time/ns";
import { rowsOf, withoutOverlap, type Row } from "./row";

const kContextPage = 50;
const kContextSpan = 7n * kDay; // a quiet stream's neighbours can be days away

interface Page {
  rows: Row[]; // away from the line
  full: boolean;
}

async function fetchSide(anchor: Row, direction: Direction, edge: Row | undefined, signal: AbortSignal): Promise<Page> {
  const at = BigInt((edge ?? anchor).ns);
  // End is exclusive and start inclusive. Lines of the anchor's own instant are all taken as lines after it, except
  // itself; at later edges the instant is asked for again and the overlap dropped.
  const interval =
    direction === "backward"
      ? { start: at - kContextSpan, end: edge ? at + 1n : at }
      : { start: at, end: at + kContextSpan };
  const limit = kContextPage + 50;
  const { data } = await queryRange(
    { query: selectorOf(anchor.labels), interval, limit, direction, purpose: "context" },
    signal,
  );
  const all = data.resultType === "streams" ? rowsOf(data.result, direction) : [];
  const fresh = withoutOverlap([edge ?? anchor], all);
  return { rows: fresh, full: all.length >= limit };
}

function useSide(anchor: Row, direction: Direction) {
  return useInfiniteQuery({
    queryKey: ["context", selectorOf(anchor.labels), anchor.ns, anchor.line, direction],
    queryFn: ({ pageParam, signal }) => fetchSide(anchor, direction, pageParam, signal),
    initialPageParam: undefined as Row | undefined,
    getNextPageParam: (last) => (last.full ? last.rows.at(-1) : undefined),
    gcTime: 30_000,
  });
}

// The lines of the same stream around one line.
export function useContextRows(anchor: Row) {
  const older = useSide(anchor, "backward");
  const newer = useSide(anchor, "forward");
  const before = useMemo(() => older.data?.pages.flatMap((page) => page.rows).reverse() ?? [], [older.data]);
  const after = useMemo(() => newer.data?.pages.flatMap((page) => page.rows) ?? [], [newer.data]);
  return { older, newer, before, after };
}
