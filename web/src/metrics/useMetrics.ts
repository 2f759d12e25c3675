import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { go } from "../app/location";
import { nowNs } from "../time/ns";
import { resolveRange } from "../time/range";
import { parseStep, stepOf } from "../time/step";
import { useExemplars, useInstants, useRanges, type Asked } from "./queries";
import {
  kNoQuery,
  kQueriesMax,
  letterOf,
  readMetricsState,
  writeMetricsState,
  type MetricQuery,
  type MetricsState,
} from "./url_state";

export type UpdateMetrics = (patch: Partial<MetricsState>, how?: "push" | "replace") => void;

// The URL is the state. What changes the answer is pushed, so that Back returns to it; how it is shown replaces.
function useMetricsState(path: string, search: string): [MetricsState, UpdateMetrics] {
  const state = useMemo(() => readMetricsState(search), [search]);
  const update = useCallback<UpdateMetrics>(
    // Read at the time of the call: two updates in one tick must both hold.
    (patch, how = "push") => go(path, writeMetricsState({ ...readMetricsState(location.search), ...patch }), how),
    [path],
  );
  return [state, update];
}

// The texts being edited. They follow what was asked whenever that changes (a click, Back).
function useDrafts(queries: readonly MetricQuery[]): [string[], (index: number, text: string) => void] {
  const asked = useMemo(() => queries.map(({ expr }) => expr), [queries]);
  const [drafts, setDrafts] = useState(asked);
  const last = useRef(asked);
  useEffect(() => {
    const before = last.current;
    last.current = asked;
    // A query whose asked text stayed keeps what is being written into it.
    setDrafts((old) =>
      asked.map((text, index) =>
        before.length === asked.length && before[index] === text ? (old[index] ?? text) : text,
      ),
    );
  }, [asked]);
  const setDraft = useCallback(
    (index: number, text: string) => setDrafts((old) => old.map((each, at) => (at === index ? text : each))),
    [],
  );
  return [asked.map((text, index) => drafts[index] ?? text), setDraft];
}

// All the page knows: what is asked (from the URL), what is being written, and what the server answered.
export function useMetrics(path: string, search: string) {
  const [state, update] = useMetricsState(path, search);
  const { from, to, zone } = state;
  const [run, setRun] = useState(0); // counts askings: relative times are read anew at each
  const interval = useMemo(() => resolveRange({ from, to }, nowNs(), zone), [from, to, zone, run]);
  const step = interval ? stepOf(state.step, interval) : 1n;
  const asked = useMemo<Asked[]>(
    () =>
      state.queries.flatMap(({ expr, legend, off }, index) =>
        off || expr.trim() === "" ? [] : [{ letter: letterOf(index), expr, legend }],
      ),
    [state.queries],
  );
  const ranges = useRanges(asked, interval, step, run, state.view === "graph");
  const instants = useInstants(asked, interval, run, state.view === "table");
  const exemplars = useExemplars(asked, interval, run, state.view === "graph" && state.exemplars);

  const [drafts, setDraft] = useDrafts(state.queries);
  const [active, setActive] = useState(0); // into which query the browser inserts
  const askAgain = useCallback(() => setRun((count) => count + 1), []);
  const setQueries = useCallback(
    (queries: MetricQuery[], how?: "push" | "replace") =>
      update({ queries: queries.length > 0 ? queries : [kNoQuery] }, how),
    [update],
  );
  // Every text as it stands now, with one of them replaced when given.
  const askWith = (index?: number, text?: string) => {
    setQueries(state.queries.map((query, at) => ({ ...query, expr: (at === index ? text! : drafts[at]!).trim() })));
    askAgain();
  };
  useRefresh(parseStep(state.refresh), askAgain);
  const current = Math.min(active, state.queries.length - 1);
  return {
    state,
    update,
    interval,
    step,
    run,
    asked,
    ranges,
    instants,
    exemplars,
    drafts,
    setDraft,
    active: current,
    setActive,
    askAgain,
    askDrafts: () => askWith(),
    ask: (text: string) => askWith(current, text),
    addQuery: () => {
      if (state.queries.length < kQueriesMax) setQueries([...withDrafts(state.queries, drafts), kNoQuery]);
    },
    removeQuery: (index: number) => setQueries(withDrafts(state.queries, drafts).filter((_, at) => at !== index)),
    setQuery: (index: number, patch: Partial<MetricQuery>) =>
      setQueries(
        withDrafts(state.queries, drafts).map((query, at) => (at === index ? { ...query, ...patch } : query)),
        "replace",
      ),
    isFetching: [...ranges, ...instants].some((each) => each.isFetching),
  };
}

function withDrafts(queries: readonly MetricQuery[], drafts: readonly string[]): MetricQuery[] {
  return queries.map((query, at) => ({ ...query, expr: drafts[at]!.trim() }));
}

// Asks again every so often, while somebody looks.
function useRefresh(every: bigint | undefined, askAgain: () => void) {
  const ms = every === undefined ? undefined : Number(every / 1_000_000n);
  useEffect(() => {
    if (ms === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") askAgain();
    }, ms);
    return () => clearInterval(timer);
  }, [ms, askAgain]);
}

export type Metrics = ReturnType<typeof useMetrics>;
