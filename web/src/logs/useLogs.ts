import { useCallback, useMemo, useState } from "react";
import { addFieldFilter } from "../logql/edit";
import { kindOf } from "../logql/tree";
import { nowNs } from "../time/ns";
import { resolveRange } from "../time/range";
import { highlighter } from "./highlight";
import type { FieldFilterHandler } from "./LogDetail";
import { defaultQuery, useLabelNames, useMetric, useTotalRows, useVolume } from "./queries";
import { useDraft } from "./useDraft";
import { useLogRows } from "./useLogRows";
import { useLogsState } from "./useLogsState";

// All the page knows: what is asked (from the URL), what is being written, and what the server answered.
export function useLogs(path: string, search: string) {
  const [urlState, update] = useLogsState(path, search);
  const { from, to, zone, limit, direction } = urlState;
  const [run, setRun] = useState(0); // counts askings: relative times are read anew at each
  // Read anew also after a tail, so that the lines it showed are in the range.
  const interval = useMemo(() => resolveRange({ from, to }, nowNs(), zone), [from, to, zone, run, urlState.live]);

  const names = useLabelNames(interval, run);
  const fallback = names.data && defaultQuery(names.data);
  const query = urlState.query || (fallback ?? "");
  const state = useMemo(() => ({ ...urlState, query }), [urlState, query]);
  const kind = useMemo(() => kindOf(query), [query]);
  const isMetric = kind === "metric";
  const live = state.live && !isMetric && query !== "";
  const asking = query !== "" && !live && interval !== undefined;

  const lines = useLogRows(
    asking && !isMetric && state.view === "lines" ? { query, interval, limit, direction, run } : undefined,
  );
  const more = lines.hasNextPage && !lines.isPlaceholderData;
  const total = useTotalRows(query, interval, run, asking && kind === "logs" && more);
  const volume = useVolume(query, interval, run, asking && kind === "logs");
  const metric = useMetric(query, interval, run, asking && isMetric && state.plot !== "instant");

  const [draft, setDraft] = useDraft(query);
  const askAgain = useCallback(() => setRun((count) => count + 1), []);
  const ask = useCallback(
    (text: string) => {
      setDraft(text);
      update({ query: text.trim() });
      askAgain();
    },
    [setDraft, update, askAgain],
  );
  const askDraft = useCallback(() => ask(draft), [ask, draft]);
  const onFilter = useCallback<FieldFilterHandler>(
    (filter, mode) => ask(addFieldFilter(draft, filter, mode)),
    [ask, draft],
  );
  return {
    state,
    update,
    interval,
    run,
    names,
    kind,
    isMetric,
    live,
    asking,
    lines,
    total: more ? (total.data ?? undefined) : undefined,
    volume,
    metric,
    // A later page that fails is told at the end of the list; the query as such works.
    error: isMetric ? metric.error : lines.rows.length === 0 ? lines.error : null,
    pattern: useMemo(() => highlighter(query), [query]),
    draft,
    setDraft,
    ask,
    askDraft,
    askAgain,
    onFilter,
    resetFilters: fallback !== undefined && fallback !== query ? () => ask(fallback) : undefined,
  };
}

export type Logs = ReturnType<typeof useLogs>;
