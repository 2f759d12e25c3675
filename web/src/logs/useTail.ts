import { useCallback, useEffect, useRef, useState } from "react";
import { openTail, type TailStatus } from "../api/tail";
import type { Stream } from "../api/types";
import { kMinute, nowNs } from "../time/ns";
import { rowsOf, separateLabels, type Row } from "./row";

export interface TailState {
  rows: Row[]; // oldest first
  status: TailStatus;
  detail: string;
  waiting: number; // rows that came while paused
  lost: number; // rows the server dropped because this page was too slow
  paused: boolean;
}

export const kTailRowsMax = 10_000;
const kFlushMs = 120;
const kHistoryLimit = 200;

const kStart: TailState = { rows: [], status: "connecting", detail: "", waiting: 0, lost: 0, paused: false };

// Follows `query`. Rows are gathered and shown a few times a second, so that a flood does not render per frame; only the
// newest kTailRowsMax are kept, on screen and while paused.
export function useTail(query: string, enabled: boolean, indexed: ReadonlySet<string>) {
  const [state, setState] = useState<TailState>(kStart);
  const incoming = useRef<Row[]>([]);
  const paused = useRef(false);
  const known = useRef(indexed);
  known.current = indexed;

  const flush = useCallback(() => {
    const fresh = incoming.current;
    if (paused.current || fresh.length === 0) return;
    incoming.current = [];
    setState((old) => ({ ...old, waiting: 0, rows: newest([...old.rows, ...fresh]) }));
  }, []);

  useEffect(() => {
    if (!enabled) return;
    setState(kStart);
    incoming.current = [];
    paused.current = false;
    let last = (nowNs() - 5n * kMinute).toString();
    let seen = new Set<string>(); // rows of the last instant, to drop them when a new connection repeats them

    const receive = (streams: Stream[]) => {
      const rows = rowsOf(separateLabels(streams, known.current), "forward").filter((row) => {
        const key = `${row.line}\0${JSON.stringify(row.labels)}`;
        if (BigInt(row.ns) > BigInt(last)) {
          last = row.ns;
          seen = new Set();
        } else if (row.ns === last && seen.has(key)) return false;
        if (row.ns === last) seen.add(key);
        return true;
      });
      incoming.current = newest(incoming.current.concat(rows));
      if (paused.current) setState((old) => ({ ...old, waiting: incoming.current.length }));
    };

    const tail = openTail(query, kHistoryLimit, () => last, {
      onStreams: receive,
      onDropped: (count) => setState((old) => ({ ...old, lost: old.lost + count })),
      onStatus: (status, detail) => setState((old) => ({ ...old, status, detail })),
    });
    const timer = setInterval(flush, kFlushMs);
    return () => {
      clearInterval(timer);
      tail.close();
    };
  }, [query, enabled, flush]);

  const setPaused = useCallback(
    (value: boolean) => {
      paused.current = value;
      setState((old) => ({ ...old, paused: value }));
      flush();
    },
    [flush],
  );

  const clear = useCallback(() => setState((old) => ({ ...old, rows: [] })), []);

  return { ...state, setPaused, clear };
}

function newest(rows: Row[]): Row[] {
  return rows.length > kTailRowsMax ? rows.slice(rows.length - kTailRowsMax) : rows;
}
