import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError } from "../api/client";
import { queryRange } from "../api/loki";
import type { Direction, QueryStats } from "../api/types";
import type { Interval } from "../time/range";
import { rowsOf, withoutOverlap, type Row } from "./row";

export interface LogRequest {
  query: string;
  interval: Interval;
  limit: number;
  direction: Direction;
  run: number; // a new number asks the same question again
}

interface Page {
  rows: Row[];
  full: boolean; // the server stopped at the limit, so there is more
  warnings: string[];
  stats?: QueryStats;
}

// Where the next page begins: the rows of the last instant shown, which will come again.
type Cursor = Row[];

export const kPageMax = 5000; // the server's own limit for one answer

async function fetchPage(request: LogRequest, edge: Cursor, signal: AbortSignal): Promise<Page> {
  const { query, direction } = request;
  const limit = Math.min(kPageMax, request.limit + edge.length);
  const interval = rest(request, edge);
  if (interval.start >= interval.end) return { rows: [], full: false, warnings: [] };
  const { data, warnings } = await queryRange({ query, interval, limit, direction, purpose: "logs" }, signal);
  if (data.resultType !== "streams") throw new ApiError("server", 200, `expected streams, got ${data.resultType}`);
  const all = rowsOf(data.result, direction, data.ordered);
  if (data.ordered) return { rows: all, full: false, warnings, stats: data.stats };
  return { rows: withoutOverlap(edge, all), full: all.length >= limit, warnings, stats: data.stats };
}

// What is left of the interval. The instant of the edge is asked for again, unless it alone fills a page.
function rest({ interval, direction }: LogRequest, edge: Cursor): Interval {
  const last = edge.at(-1);
  if (!last) return interval;
  const at = BigInt(last.ns);
  const past = edge.length >= kPageMax;
  return direction === "backward"
    ? { start: interval.start, end: past ? at : at + 1n }
    : { start: past ? at + 1n : at, end: interval.end };
}

function edgeOf(pages: Page[]): Cursor {
  const edge: Row[] = [];
  for (let p = pages.length - 1; p >= 0; p--) {
    const rows = pages[p]!.rows;
    for (let i = rows.length - 1; i >= 0; i--) {
      if (edge.length > 0 && rows[i]!.ns !== edge[0]!.ns) return edge;
      edge.push(rows[i]!);
    }
  }
  return edge;
}

export function useLogRows(request: LogRequest | undefined) {
  const result = useInfiniteQuery({
    queryKey: [
      "rows",
      request?.query,
      request?.interval.start.toString(),
      request?.interval.end.toString(),
      request?.limit,
      request?.direction,
      request?.run,
    ],
    queryFn: ({ pageParam, signal }) => fetchPage(request!, pageParam, signal),
    initialPageParam: [] as Cursor,
    getNextPageParam: (last, pages) => (last.full ? edgeOf(pages) : undefined),
    enabled: request !== undefined,
    placeholderData: keepPreviousData, // the old lines stay, dimmed, until the new ones are here
    gcTime: 30_000, // pages can be large
  });
  const pages = result.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.rows) ?? [], [pages]);
  const warnings = useMemo(() => [...new Set(pages?.flatMap((page) => page.warnings))], [pages]);
  return { ...result, rows, warnings, stats: pages?.[0]?.stats };
}
