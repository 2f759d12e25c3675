import { useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { MatrixSeries } from "../api/types";
import { useI18n } from "../i18n";
import { formatDuration } from "../time/duration";
import { nsFromMs } from "../time/ns";
import { absolute, type Interval } from "../time/range";
import { formatTime } from "../time/zone";
import { MetricTable, type NumberColumn } from "./MetricTable";
import { instantRows, summaryRows } from "./metric_table";
import { metricStep, useInstant } from "./queries";
import { ErrorState, LoadingState, NoMatchState } from "./states";
import { kPlotViews } from "./url_state";
import type { Logs } from "./useLogs";
import { StackToggle, ViewToolbar } from "./ViewToolbar";

const MetricView = lazy(() => import("./MetricView"));

interface Props {
  logs: Logs;
  interval: Interval;
}

// The answer of a metric query: lines over time, a table of its series, or its value at the end of the range.
export function MetricPanel({ logs, interval }: Props) {
  const { state } = logs;
  return (
    <>
      <MetricToolbar logs={logs} interval={interval} />
      {state.plot === "instant" ? (
        <Instant logs={logs} interval={interval} />
      ) : (
        <Range logs={logs} interval={interval} />
      )}
    </>
  );
}

function MetricToolbar({ logs: { state, update, metric }, interval }: Props) {
  const { t, number } = useI18n();
  const labels = { graph: t("metric.graph"), table: t("metric.table"), instant: t("metric.instant") };
  const instant = state.plot === "instant";
  return (
    <ViewToolbar
      view={state.plot}
      views={kPlotViews}
      labels={labels}
      testId="plot-control"
      onView={(plot) => update({ plot }, "replace")}
      summary={
        <>
          {instant && <span>{t("metric.at", { time: formatTime(interval.end, state.zone, "second") })}</span>}
          {!instant && metric.data && (
            <span data-testid="series-count" data-count={metric.data.length}>
              <b>{number(metric.data.length)}</b> {t("metric.series", { step: formatDuration(metricStep(interval)) })}
            </span>
          )}
        </>
      }
    >
      {state.plot === "graph" && (
        <StackToggle on={state.stacked} onToggle={() => update({ stacked: !state.stacked }, "replace")} />
      )}
    </ViewToolbar>
  );
}

function Nothing({ logs: { update, resetFilters } }: { logs: Logs }) {
  return <NoMatchState onRange={(from) => update({ from, to: "now" })} onReset={resetFilters} />;
}

function Range({ logs, interval }: Props) {
  const { state, metric, askDraft } = logs;
  if (metric.error) return <ErrorState error={metric.error} query={state.query} onRetry={askDraft} />;
  if (!metric.data) return <LoadingState />;
  if (metric.data.length === 0) return <Nothing logs={logs} />;
  return state.plot === "table" ? (
    <Summary series={metric.data} />
  ) : (
    <Graph logs={logs} interval={interval} series={metric.data} />
  );
}

function Graph({ logs: { state, update }, interval, series }: Props & { series: MatrixSeries[] }) {
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  return (
    <Suspense fallback={<LoadingState />}>
      <MetricView
        series={series}
        interval={interval}
        zone={state.zone}
        scheme={scheme}
        stacked={state.stacked}
        onZoom={(fromMs, toMs) => update(absolute({ start: nsFromMs(fromMs), end: nsFromMs(toMs) }))}
      />
    </Suspense>
  );
}

const kSummaryColumns: readonly NumberColumn[] = ["metric.last", "metric.least", "metric.mean", "metric.greatest"];

function Summary({ series }: { series: MatrixSeries[] }) {
  return <MetricTable rows={summaryRows(series)} numbers={kSummaryColumns} />;
}

function Instant({ logs, interval }: Props) {
  const { state, run, askDraft } = logs;
  const instant = useInstant(state.query, interval, run, logs.asking);
  if (instant.error) return <ErrorState error={instant.error} query={state.query} onRetry={askDraft} />;
  if (!instant.data) return <LoadingState />;
  if (instant.data.length === 0) return <Nothing logs={logs} />;
  return <MetricTable rows={instantRows(instant.data)} numbers={["metric.value"]} />;
}
