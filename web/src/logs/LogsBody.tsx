import type { Ref } from "react";
import { useI18n } from "../i18n";
import { kDefaultRange } from "../time/range";
import { FieldsView } from "./FieldsView";
import type { ListHandle } from "./LogList";
import { LiveView } from "./LiveView";
import { MetricPanel } from "./MetricPanel";
import { PatternsView } from "./PatternsView";
import { useHasAnyLogs } from "./queries";
import { Results } from "./Results";
import type { Row } from "./row";
import { ErrorState, LoadingState, NoDataState, NoMatchState } from "./states";
import type { Logs } from "./useLogs";
import { ViewTabs } from "./ViewTabs";

interface Props {
  logs: Logs;
  list: Ref<ListHandle>;
  onContext(row: Row): void;
}

// Lines, their fields or patterns, live lines, numbers, or what stands in their place.
export function LogsBody({ logs, list, onContext }: Props) {
  const { t } = useI18n();
  const { state, update, interval, names, pattern, onFilter } = logs;
  if (!interval) {
    const error = new Error(t("time.badRange", { from: state.from, to: state.to }));
    return <ErrorState error={error} query="" onRetry={() => update(kDefaultRange)} />;
  }
  if (state.query === "") return <BeforeFirstQuery logs={logs} />;
  if (logs.isMetric) return <MetricPanel logs={logs} interval={interval} />;
  const shared = { state, update, zone: state.zone, pattern, onFilter, onContext, handle: list };
  if (logs.live) {
    // The names tell the labels of a live line from its metadata.
    return names.isPending ? <LoadingState /> : <LiveView {...shared} indexed={names.data ?? []} />;
  }
  const asked = { query: state.query, interval, run: logs.run, onRetry: logs.askDraft, handle: list };
  return (
    <>
      <ViewTabs view={state.view} onView={(view) => update({ view })} />
      {state.view === "fields" && <FieldsView {...asked} onFilter={onFilter} />}
      {state.view === "patterns" && <PatternsView {...asked} ask={logs.ask} />}
      {state.view === "lines" && (
        <Results
          {...shared}
          result={logs.lines}
          total={logs.total}
          matching={logs.volume.data?.total}
          run={logs.run}
          onRetry={logs.askDraft}
          onReset={logs.resetFilters}
        />
      )}
    </>
  );
}

// Without a query and without labels in the range there is nothing to ask for by default.
function BeforeFirstQuery({ logs }: { logs: Logs }) {
  const { names, askAgain } = logs;
  if (names.error) return <ErrorState error={names.error} query="" onRetry={askAgain} />;
  if (names.isPending) return <LoadingState />;
  return <NothingHere logs={logs} />;
}

function NothingHere({ logs: { run, askAgain, update } }: { logs: Logs }) {
  const any = useHasAnyLogs(true, run);
  if (any.isPending) return <LoadingState />;
  if (any.error) return <ErrorState error={any.error} query="" onRetry={askAgain} />;
  return any.data ? (
    <NoMatchState onRange={(from) => update({ from, to: "now" })} />
  ) : (
    <NoDataState onRetry={askAgain} />
  );
}
