import { Button, Tooltip, useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useCallback, useDeferredValue, useMemo, useRef, useState } from "react";
import { useRunKey, useShortcuts } from "../app/shortcuts";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import { formatQuery } from "../api/loki";
import { addFieldFilter, addLineFilter, addStage } from "../logql/edit";
import { errorPlace, offsetOf } from "../logql/error_place";
import type { EditorHandle } from "../logql/LogqlEditor";
import { kindOf } from "../logql/tree";
import { nsFromMs, nowNs } from "../time/ns";
import { absolute, resolveRange } from "../time/range";
import { TimePicker } from "../time/TimePicker";
import { ContextDrawer } from "./ContextDrawer";
import { copyText } from "./copy";
import { highlighter } from "./highlight";
import { Histogram } from "./Histogram";
import { LabelBrowser } from "./LabelBrowser";
import { levelFilter, type Level } from "./level";
import type { FieldFilterHandler } from "./LogDetail";
import type { ListHandle } from "./LogList";
import { LiveView } from "./LiveView";
import { defaultQuery, useHasAnyLogs, useLabelNames, useMetric, useVolume } from "./queries";
import { QueryBar } from "./QueryBar";
import { Results } from "./Results";
import type { Row } from "./row";
import { ErrorState, LoadingState, NoDataState, NoMatchState } from "./states";
import { ToggleButton } from "./Toolbar";
import { useCompletionWorld } from "./useCompletionWorld";
import { useDraft } from "./useDraft";
import { useLogRows } from "./useLogRows";
import { useLogsState } from "./useLogsState";
import styles from "./LogsPage.module.css";

const MetricView = lazy(() => import("./MetricView"));

export function LogsPage({ path, search }: { path: string; search: string }) {
  const { t } = useI18n();
  const [state, update] = useLogsState(path, search);
  const { from, to, zone, limit, direction } = state;
  const [run, setRun] = useState(0); // counts askings: relative times are read anew at each
  const interval = useMemo(() => resolveRange({ from, to }, nowNs(), zone), [from, to, zone, run]);

  const names = useLabelNames(interval, run);
  const query = state.query || (names.data ? (defaultQuery(names.data) ?? "") : "");
  const shown = useMemo(() => ({ ...state, query }), [state, query]);
  const [draft, setDraft] = useDraft(query);
  const kind = useMemo(() => kindOf(query), [query]);
  const live = state.live && kind !== "metric" && query !== "";
  const isMetric = kind === "metric";
  const asking = query !== "" && !live && interval !== undefined;

  const result = useLogRows(asking && !isMetric ? { query, interval, limit, direction, run } : undefined);
  const volume = useVolume(query, interval, run, asking && kind === "logs");
  const metric = useMetric(query, interval, run, asking && isMetric);
  const error = isMetric ? metric.error : result.error;

  const pattern = useMemo(() => highlighter(query), [query]);
  const world = useCompletionWorld(interval, useDeferredValue(result.rows));
  const editor = useRef<EditorHandle>(null);
  const list = useRef<ListHandle>(null);
  const [context, setContext] = useState<Row>();
  const [browsing, setBrowsing] = useState(false);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });

  const ask = useCallback(
    (text: string) => {
      setDraft(text);
      update({ query: text.trim() });
      setRun((count) => count + 1);
    },
    [setDraft, update],
  );
  const retry = useCallback(() => ask(draft), [ask, draft]);
  const onFilter = useCallback<FieldFilterHandler>(
    (filter, mode) => ask(addFieldFilter(draft, filter, mode)),
    [ask, draft],
  );
  const onLevel = (level: Level) => ask(addStage(draft, levelFilter(level)));
  const format = () => {
    // A query that cannot be read stays as it is; running it says what is wrong.
    formatQuery(draft).then(setDraft, retry);
  };
  const toggleLive = () => {
    if (!isMetric) update({ live: !state.live });
  };

  useRunKey(retry);
  useShortcuts({
    "/": () => editor.current?.focus(),
    t: toggleLive,
    w: () => update({ wrap: !state.wrap }, "replace"),
    o: () => update({ direction: direction === "backward" ? "forward" : "backward" }),
    r: retry,
    j: () => list.current?.move(1),
    k: () => list.current?.move(-1),
    ArrowDown: () => list.current?.move(1),
    ArrowUp: () => list.current?.move(-1),
    Home: () => list.current?.moveTo("first"),
    End: () => list.current?.moveTo("last"),
    Enter: () => list.current?.toggle(),
    c: () => setContext(list.current?.current()),
    Escape: () => {
      if (!list.current?.collapse() && state.live) update({ live: false });
    },
  });

  const place = error ? errorPlace(error.message) : undefined;
  const resetFilters =
    query !== (names.data && defaultQuery(names.data)) && names.data?.length
      ? () => ask(defaultQuery(names.data) ?? "")
      : undefined;

  return (
    <div className={styles.page}>
      {browsing && (
        <LabelBrowser interval={interval} run={run} onFilter={onFilter} onClose={() => setBrowsing(false)} />
      )}
      <div className={styles.column}>
        <header className={styles.top}>
          <h1>{t("logs.title")}</h1>
          <ToggleButton
            icon="tags"
            label={t("labels.title")}
            on={browsing}
            testId="labels-toggle"
            onClick={() => setBrowsing(!browsing)}
          />
          <ShareButton />
          <div className={styles.fill} />
          <TimePicker
            range={{ from, to }}
            interval={interval}
            zone={zone}
            onRange={(range) => {
              update({ ...range, live: false });
              setRun((count) => count + 1);
            }}
            onZone={(next) => update({ zone: next }, "replace")}
          />
          <Button
            size="xs"
            variant={live ? "filled" : "default"}
            color={live ? "red" : undefined}
            onClick={toggleLive}
            disabled={isMetric}
            leftSection={<Icon name={live ? "stop" : "live"} size={15} />}
            aria-pressed={live}
            data-testid="live-toggle"
          >
            {t(live ? "live.stop" : "live.start")}
          </Button>
          <Tooltip label={t("editor.runHelp")}>
            <Button size="xs" onClick={retry} leftSection={<Icon name="play" size={13} />} data-testid="run-button">
              {t("editor.run")}
            </Button>
          </Tooltip>
        </header>
        <QueryBar
          draft={draft}
          changed={draft.trim() !== query}
          errorAt={place && offsetOf(query, place)}
          world={world}
          editor={editor}
          onChange={setDraft}
          onRun={retry}
          onFormat={format}
          onSearch={(text, ignoreCase) => ask(addLineFilter(draft, text, { ignoreCase }))}
        />
        {!live && interval && kind === "logs" && !result.error && (
          <Histogram
            volume={volume.data}
            interval={interval}
            zone={zone}
            loading={volume.isFetching}
            error={volume.error?.message}
            onZoom={(zoomed) => update(absolute(zoomed))}
            onLevel={onLevel}
          />
        )}
        {(result.isFetching || metric.isFetching) && <div className={styles.progress} />}
        <section className={styles.body} data-stale={(asking && !isMetric && result.isPlaceholderData) || undefined}>
          {body()}
        </section>
      </div>
      <ContextDrawer row={context} zone={zone} pattern={pattern} onClose={() => setContext(undefined)} />
    </div>
  );

  function body() {
    if (!interval)
      return (
        <ErrorState
          error={new Error(t("time.badRange", { from, to }))}
          query=""
          onRetry={() => update({ from: "now-1h", to: "now" })}
        />
      );
    if (query === "") return beforeFirstQuery();
    if (live) {
      return (
        <LiveView
          state={shown}
          update={update}
          indexed={names.data ?? []}
          zone={zone}
          pattern={pattern}
          onFilter={onFilter}
          onContext={setContext}
          handle={list}
        />
      );
    }
    if (isMetric) {
      if (metric.error) return <ErrorState error={metric.error} query={query} onRetry={retry} />;
      if (!metric.data) return <LoadingState />;
      if (metric.data.length === 0)
        return <NoMatchState onRange={(start) => update({ from: start, to: "now" })} onReset={resetFilters} />;
      return (
        <Suspense fallback={<LoadingState />}>
          <MetricView
            series={metric.data}
            interval={interval}
            zone={zone}
            scheme={scheme}
            onZoom={(fromMs, toMs) => update(absolute({ start: nsFromMs(fromMs), end: nsFromMs(toMs) }))}
          />
        </Suspense>
      );
    }
    return (
      <Results
        state={shown}
        update={update}
        result={result}
        matching={volume.data?.total}
        interval={interval}
        zone={zone}
        run={run}
        pattern={pattern}
        onFilter={onFilter}
        onContext={setContext}
        onRetry={retry}
        onReset={resetFilters}
        handle={list}
      />
    );
  }

  // Without a query and without labels in the range there is nothing to ask for by default.
  function beforeFirstQuery() {
    if (names.error) return <ErrorState error={names.error} query="" onRetry={retry} />;
    if (names.isPending) return <LoadingState />;
    return <NothingHere run={run} onRetry={retry} onRange={(start) => update({ from: start, to: "now" })} />;
  }
}

function NothingHere({ run, onRetry, onRange }: { run: number; onRetry(): void; onRange(from: string): void }) {
  const any = useHasAnyLogs(true, run);
  if (any.isPending) return <LoadingState />;
  return any.data ? <NoMatchState onRange={onRange} /> : <NoDataState onRetry={onRetry} />;
}

function ShareButton() {
  const { t } = useI18n();
  const [copied, setCopied] = useState(false);
  const share = () => {
    void copyText(location.href).then((done) => {
      setCopied(done);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <Tooltip label={t(copied ? "share.copied" : "share.copy")}>
      <button
        type="button"
        className={styles.toggle}
        onClick={share}
        aria-label={t("share.copy")}
        data-testid="share-button"
      >
        <Icon name={copied ? "check" : "link"} size={16} />
      </button>
    </Tooltip>
  );
}
