import { useDeferredValue, useRef, useState, type Ref } from "react";
import { formatQuery } from "../api/loki";
import { addLineFilter, addStage } from "../logql/edit";
import { errorPlace, offsetOf } from "../editor/error_place";
import type { EditorHandle } from "../editor/CodeEditor";
import { absolute } from "../time/range";
import { ContextDrawer } from "./ContextDrawer";
import { Histogram } from "./Histogram";
import { LabelBrowser } from "./LabelBrowser";
import { levelFilter } from "./level";
import type { ListHandle } from "./LogList";
import { LogsBody } from "./LogsBody";
import { LogsHeader } from "./LogsHeader";
import { QueryBar } from "./QueryBar";
import type { Row } from "./row";
import { useCompletionWorld } from "./useCompletionWorld";
import { useLogs, type Logs } from "./useLogs";
import { useLogsKeys } from "./useLogsKeys";
import styles from "./LogsPage.module.css";

export function LogsPage({ path, search }: { path: string; search: string }) {
  const logs = useLogs(path, search);
  const { state, update, interval, lines, metric } = logs;
  const editor = useRef<EditorHandle>(null);
  const list = useRef<ListHandle>(null);
  const [context, setContext] = useState<Row>();
  const [browsing, setBrowsing] = useState(false);
  const toggleLive = () => {
    if (!logs.isMetric) update({ live: !state.live });
  };
  useLogsKeys(logs, { editor, list, onContext: setContext, toggleLive });
  const stale = logs.asking && !logs.isMetric && state.view === "lines" && lines.isPlaceholderData;
  return (
    <div className={styles.page}>
      {browsing && (
        <LabelBrowser interval={interval} run={logs.run} onFilter={logs.onFilter} onClose={() => setBrowsing(false)} />
      )}
      <div className={styles.column}>
        <LogsHeader logs={logs} browsing={browsing} onBrowse={() => setBrowsing(!browsing)} onLive={toggleLive} />
        <Query logs={logs} editor={editor} />
        <Volume logs={logs} />
        {(lines.isFetching || metric.isFetching) && <div className={styles.progress} />}
        <section className={styles.body} data-stale={stale || undefined}>
          <LogsBody logs={logs} list={list} onContext={setContext} />
        </section>
      </div>
      <ContextDrawer row={context} zone={state.zone} pattern={logs.pattern} onClose={() => setContext(undefined)} />
    </div>
  );
}

function Query({ logs, editor }: { logs: Logs; editor: Ref<EditorHandle> }) {
  const { state, draft, setDraft, ask, askDraft, error } = logs;
  const world = useCompletionWorld(logs.interval, useDeferredValue(logs.lines.rows));
  const place = error ? errorPlace(error.message) : undefined;
  return (
    <QueryBar
      draft={draft}
      changed={draft.trim() !== state.query}
      errorAt={place && offsetOf(state.query, place)}
      world={world}
      editor={editor}
      onChange={setDraft}
      onRun={askDraft}
      // A query that cannot be read stays as it is; running it says what is wrong.
      onFormat={() => void formatQuery(draft).then(setDraft, askDraft)}
      onSearch={(text, ignoreCase) => ask(addLineFilter(draft, text, { ignoreCase }))}
    />
  );
}

function Volume({ logs }: { logs: Logs }) {
  const { state, update, interval, volume, draft, ask } = logs;
  if (!logs.asking || !interval || logs.kind !== "logs" || logs.error) return null;
  return (
    <Histogram
      volume={volume.data}
      interval={interval}
      zone={state.zone}
      loading={volume.isFetching}
      error={volume.error?.message}
      onZoom={(zoomed) => update(absolute(zoomed))}
      onLevel={(level) => ask(addStage(draft, levelFilter(level)))}
    />
  );
}
