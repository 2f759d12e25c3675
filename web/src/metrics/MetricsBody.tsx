import { Button, useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import { ErrorState, LoadingState, Notice } from "../logs/states";
import { ToggleButton } from "../logs/Toolbar";
import { StackToggle, ViewToolbar } from "../logs/ViewToolbar";
import { formatDuration } from "../time/duration";
import { nsFromMs, nowNs } from "../time/ns";
import { absolute, kDefaultRange, zoomOut, type Interval } from "../time/range";
import { formatTime } from "../time/zone";
import { Annotations } from "./Annotations";
import { classicToNative, isClassic } from "./classic";
import { ExplainView } from "./ExplainView";
import { HeatView } from "./HeatView";
import { useMetricNames, type RangeAnswer } from "./queries";
import { ResultTable } from "./ResultTable";
import { rowsOf } from "./rows";
import { dotsOf, histogramsOf, lineCount, linesOf, type QueryResult } from "./series";
import { kMetricsViews } from "./url_state";
import type { Metrics } from "./useMetrics";
import styles from "./MetricsBody.module.css";

const GraphView = lazy(() => import("./GraphView"));

interface Props {
  metrics: Metrics;
  onBrowse(): void;
}

// The answers as lines over time, as a table, or how they come about; or what stands in their place.
export function MetricsBody({ metrics, onBrowse }: Props) {
  const { t } = useI18n();
  const { state, update, interval, asked } = metrics;
  if (!interval) {
    const error = new Error(t("time.badRange", { from: state.from, to: state.to }));
    return <ErrorState error={error} query="" onRetry={() => update(kDefaultRange)} />;
  }
  if (asked.length === 0) return <BeforeFirstQuery metrics={metrics} interval={interval} onBrowse={onBrowse} />;
  return (
    <>
      <MetricsToolbar metrics={metrics} interval={interval} />
      {state.view === "graph" && <Range metrics={metrics} interval={interval} />}
      {state.view === "table" && <Instant metrics={metrics} />}
      {state.view === "explain" && <ExplainView asked={asked} time={interval.end} run={metrics.run} />}
    </>
  );
}

function MetricsToolbar({ metrics, interval }: { metrics: Metrics; interval: Interval }) {
  const { t } = useI18n();
  const { state, update } = metrics;
  const labels = { graph: t("metric.graph"), table: t("metric.table"), explain: t("prom.explain") };
  const toggle = (name: "exemplars" | "log" | "stacked" | "heat") => () => update({ [name]: !state[name] }, "replace");
  return (
    <ViewToolbar
      view={state.view}
      views={kMetricsViews}
      labels={labels}
      testId="view-control"
      onView={(view) => update({ view })}
      summary={<Summary metrics={metrics} interval={interval} />}
    >
      {state.view === "graph" && (
        <>
          {hasBuckets(metrics.ranges) && (
            <ToggleButton
              icon="heat"
              label={t("prom.heat")}
              on={state.heat}
              testId="heat-toggle"
              onClick={toggle("heat")}
            />
          )}
          <ToggleButton
            icon="exemplar"
            label={t("prom.exemplars")}
            on={state.exemplars}
            testId="exemplars-toggle"
            onClick={toggle("exemplars")}
          />
          <ToggleButton
            icon="logarithm"
            label={t("prom.log")}
            on={state.log}
            testId="log-toggle"
            onClick={toggle("log")}
          />
          <StackToggle on={state.stacked} onToggle={toggle("stacked")} />
        </>
      )}
    </ViewToolbar>
  );
}

// Whether there is a classic histogram that can be drawn as one picture.
function hasBuckets(ranges: readonly RangeAnswer[]): boolean {
  return ranges.some(({ data }) => data?.data.resultType === "matrix" && isClassic(data.data.result));
}

// How many series there are, and what they cost.
function Summary({ metrics, interval }: { metrics: Metrics; interval: Interval }) {
  const { t, number } = useI18n();
  const { state, ranges, instants, step } = metrics;
  if (state.view === "explain")
    return <span>{t("prom.explainAt", { time: formatTime(interval.end, state.zone, "second") })}</span>;
  const answers = state.view === "graph" ? ranges : instants;
  if (answers.every(({ data }) => data === undefined)) return null;
  const count = answers.reduce((sum, { data }) => {
    const result = data?.data;
    if (!result) return sum;
    return sum + (result.resultType === "matrix" || result.resultType === "vector" ? result.result.length : 1);
  }, 0);
  const seconds = answers.reduce((sum, { data }) => sum + (data?.data.stats?.timings?.evalTotalTime ?? 0), 0);
  const samples = answers.reduce((sum, { data }) => sum + (data?.data.stats?.samples?.totalQueryableSamples ?? 0), 0);
  return (
    <>
      <span data-testid="series-count" data-count={count}>
        <b>{number(count)}</b>{" "}
        {state.view === "graph"
          ? t("metric.series", { step: formatDuration(step) })
          : t("prom.seriesAt", { time: formatTime(interval.end, state.zone, "second") })}
      </span>
      {samples > 0 && (
        <span>
          {t("prom.cost", { ms: (seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0), samples: number(samples) })}
        </span>
      )}
    </>
  );
}

function Range({ metrics, interval }: { metrics: Metrics; interval: Interval }) {
  const { t } = useI18n();
  const { state, update, asked, ranges, exemplars, askDrafts } = metrics;
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const results = useMemo<QueryResult[]>(
    () =>
      asked.flatMap(({ letter, expr, legend }, index) => {
        const answer = ranges[index];
        // What a failed query said before is not its answer.
        if (!answer?.data || answer.error || answer.data.data.resultType !== "matrix") return [];
        const series = answer.data.data.result;
        return [{ letter, expr, legend, series: state.heat && isClassic(series) ? classicToNative(series) : series }];
      }),
    // useQueries gives a new array each time; what counts is what is in it.
    [asked, state.heat, ...ranges.map(({ data }) => data), ...ranges.map(({ error }) => error)],
  );
  const lines = useMemo(() => linesOf(results, scheme), [results, scheme]);
  const heats = useMemo(() => histogramsOf(results), [results]);
  const dots = useMemo(
    () => (state.exemplars ? dotsOf(exemplars.flatMap(({ data }) => data ?? [])) : []),
    [state.exemplars, ...exemplars.map(({ data }) => data)],
  );
  const failed = ranges.flatMap(({ error }, index) => (error ? [{ ...asked[index]!, error }] : []));
  if (failed.length === asked.length) {
    return <ErrorState error={failed[0]!.error} query={failed[0]!.expr} onRetry={askDrafts} />;
  }
  if (ranges.some(({ isPending }) => isPending)) return <LoadingState />;
  return (
    <>
      <Annotations answers={ranges} failed={failed} lost={exemplars.map(({ error }) => error)} />
      {lines.length === 0 && heats.length === 0 ? (
        <NoSeries metrics={metrics} interval={interval} />
      ) : (
        <div className={styles.results}>
          {lines.length > 0 && (
            <Suspense fallback={<LoadingState />}>
              <GraphView
                lines={lines}
                count={lineCount(results)}
                many={asked.length > 1}
                dots={dots}
                interval={interval}
                zone={state.zone}
                scheme={scheme}
                stacked={state.stacked}
                log={state.log}
                onZoom={(fromMs, toMs) => update(absolute({ start: nsFromMs(fromMs), end: nsFromMs(toMs) }))}
                onZoomOut={() => update(absolute(zoomOut(interval, nowNs())))}
              />
            </Suspense>
          )}
          {heats.length > 0 && (
            <HeatView series={heats} interval={interval} zone={state.zone} alone={lines.length === 0} />
          )}
          {state.exemplars && dots.length === 0 && exemplars.every(({ isFetching }) => !isFetching) && (
            <div className={styles.note}>{t("prom.noExemplars")}</div>
          )}
        </div>
      )}
    </>
  );
}

function Instant({ metrics }: { metrics: Metrics }) {
  const { asked, instants, interval, state, askDrafts } = metrics;
  const failed = instants.flatMap(({ error }, index) => (error ? [{ ...asked[index]!, error }] : []));
  const rows = useMemo(
    () =>
      asked.flatMap(({ letter }, index) => {
        const answer = instants[index];
        return answer?.data && !answer.error ? rowsOf(letter, answer.data.data) : [];
      }),
    [asked, ...instants.map(({ data }) => data), ...instants.map(({ error }) => error)],
  );
  if (failed.length === asked.length) {
    return <ErrorState error={failed[0]!.error} query={failed[0]!.expr} onRetry={askDrafts} />;
  }
  if (instants.some(({ isPending }) => isPending)) return <LoadingState />;
  return (
    <>
      <Annotations answers={instants} failed={failed} lost={[]} />
      {rows.length === 0 ? (
        <NoSeries metrics={metrics} interval={interval!} />
      ) : (
        <ResultTable rows={rows} many={asked.length > 1} zone={state.zone} />
      )}
    </>
  );
}

function NoSeries({ metrics: { update }, interval }: { metrics: Metrics; interval: Interval }) {
  const { t } = useI18n();
  return (
    <Notice icon="search" title={t("prom.noSeries.title")} testId="empty-state">
      <p>{t("prom.noSeries.advice")}</p>
      <div className={styles.buttons}>
        {(["24h", "7d", "30d"] as const).map((range) => (
          <Button key={range} size="xs" variant="default" onClick={() => update({ from: `now-${range}`, to: "now" })}>
            {t(`range.last.${range}`)}
          </Button>
        ))}
        <Button size="xs" variant="default" onClick={() => update(absolute(zoomOut(interval, nowNs())))}>
          {t("time.zoomOut")}
        </Button>
      </div>
    </Notice>
  );
}

const kExamples = ["up", "count by (job) (up)", 'sum by (__name__) (rate({__name__=~".+_total"}[5m]))'] as const;

// Something to begin with: the metrics there are, or how to get some.
function BeforeFirstQuery({ metrics, interval, onBrowse }: Props & { interval: Interval }) {
  const { t, number } = useI18n();
  const names = useMetricNames(interval);
  if (names.error) return <ErrorState error={names.error} query="" onRetry={() => void names.refetch()} />;
  if (names.isPending) return <LoadingState />;
  if (names.data.length === 0) return <NoMetrics metrics={metrics} />;
  return (
    <Notice icon="chart" title={t("prom.start.title", { count: number(names.data.length) })} testId="start-state">
      <p>{t("prom.start.advice")}</p>
      <div className={styles.buttons}>
        <Button size="xs" onClick={onBrowse} leftSection={<Icon name="tags" size={14} />}>
          {t("prom.browser")}
        </Button>
        {kExamples.map((query) => (
          <Button key={query} size="xs" variant="default" ff="monospace" onClick={() => metrics.ask(query)}>
            {query}
          </Button>
        ))}
      </div>
    </Notice>
  );
}

function NoMetrics({ metrics: { askAgain, update } }: { metrics: Metrics }) {
  const { t } = useI18n();
  const config = `scrape_configs:\n- job_name: node\n  static_configs:\n  - targets: ["localhost:9100"]`;
  return (
    <Notice icon="empty" title={t("prom.noData.title")} testId="empty-state">
      <p>{t("prom.noData.scrape")}</p>
      <pre className={styles.code}>{config}</pre>
      <p>{t("prom.noData.push", { url: `${location.origin}/api/v1/write` })}</p>
      <div className={styles.buttons}>
        <Button size="xs" onClick={askAgain} leftSection={<Icon name="refresh" size={14} />}>
          {t("empty.noData.retry")}
        </Button>
        <Button size="xs" variant="default" onClick={() => update({ from: "now-30d", to: "now" })}>
          {t("range.last.30d")}
        </Button>
      </div>
    </Notice>
  );
}
