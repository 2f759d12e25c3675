import { useRef, useState } from "react";
import { useRunKey, useShortcuts } from "../app/shortcuts";
import type { EditorHandle } from "../editor/CodeEditor";
import { addMatcher } from "../promql/edit";
import { MetricBrowser } from "./MetricBrowser";
import { MetricsBody } from "./MetricsBody";
import { MetricsHeader } from "./MetricsHeader";
import { QueryList } from "./QueryList";
import { useMetrics } from "./useMetrics";
import { kMetricsViews } from "./url_state";
import styles from "../logs/LogsPage.module.css";

export default function MetricsPage({ path, search }: { path: string; search: string }) {
  const metrics = useMetrics(path, search);
  const { state, update, interval, drafts, active, ask, askDrafts } = metrics;
  const [browsing, setBrowsing] = useState(false);
  const editor = useRef<EditorHandle>(null); // of the active query
  useRunKey(askDrafts);
  useShortcuts({
    "/": () => editor.current?.focus(),
    r: askDrafts,
    b: () => setBrowsing(!browsing),
    s: () => update({ stacked: !state.stacked }, "replace"),
    l: () => update({ log: !state.log }, "replace"),
    ...Object.fromEntries(kMetricsViews.map((view, index) => [String(index + 1), () => update({ view })])),
  });
  const insert = (text: string) => {
    if (drafts[active]!.trim() === "") ask(text);
    else editor.current?.insert(text);
  };
  return (
    <div className={styles.page}>
      {browsing && (
        <MetricBrowser
          interval={interval}
          onInsert={insert}
          onAsk={ask}
          onMatcher={(metric, name, op, value) => ask(addMatcher(drafts[active]!, metric, name, op, value))}
          onClose={() => setBrowsing(false)}
        />
      )}
      <div className={styles.column}>
        <MetricsHeader metrics={metrics} browsing={browsing} onBrowse={() => setBrowsing(!browsing)} />
        <QueryList metrics={metrics} editor={editor} />
        {metrics.isFetching && <div className={styles.progress} />}
        <section className={styles.body}>
          <MetricsBody metrics={metrics} onBrowse={() => setBrowsing(true)} />
        </section>
      </div>
    </div>
  );
}
