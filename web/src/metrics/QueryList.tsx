import { ActionIcon, Button, TextInput, Tooltip } from "@mantine/core";
import { lazy, Suspense, useEffect, useState, type Ref } from "react";
import { promFormat } from "../api/prometheus";
import { Icon } from "../app/icons";
import type { EditorHandle } from "../editor/CodeEditor";
import { errorPlace, offsetOf } from "../editor/error_place";
import { useI18n } from "../i18n";
import { usePromWorld } from "./queries";
import { letterOf } from "./url_state";
import type { Metrics } from "./useMetrics";
import bar from "../logs/QueryBar.module.css";
import styles from "./QueryList.module.css";

// The editor is the largest piece of the bundle; the page does not wait for it.
const PromqlEditor = lazy(() => import("../promql/PromqlEditor"));

interface Props {
  metrics: Metrics;
  editor: Ref<EditorHandle>; // of the query that the browser inserts into
}

export function QueryList({ metrics, editor }: Props) {
  const { t } = useI18n();
  const { state, addQuery } = metrics;
  return (
    <div className={styles.list}>
      {state.queries.map((_, index) => (
        <QueryRow key={index} metrics={metrics} index={index} editor={editor} />
      ))}
      <Button
        className={styles.add}
        size="compact-xs"
        variant="subtle"
        leftSection={<Icon name="plus" size={12} />}
        onClick={addQuery}
        data-testid="add-query"
      >
        {t("prom.addQuery")}
      </Button>
    </div>
  );
}

function QueryRow({ metrics, index, editor }: Props & { index: number }) {
  const { t } = useI18n();
  const { state, drafts, setDraft, askDrafts, ask, active, setActive, interval } = metrics;
  const query = state.queries[index]!;
  const draft = drafts[index]!;
  const letter = letterOf(index);
  const world = usePromWorld(interval);
  const error = errorOf(metrics, letter);
  const place = error ? errorPlace(error.message) : undefined;
  const format = () => {
    setActive(index);
    // A query that cannot be read stays as it is; running it says what is wrong.
    void promFormat(draft).then(
      (text) => setDraft(index, text),
      () => ask(draft),
    );
  };
  return (
    <div className={styles.row} data-testid="query-row" data-letter={letter} data-off={query.off || undefined}>
      <Tooltip label={t(query.off ? "prom.switchOn" : "prom.switchOff")}>
        <button
          type="button"
          className={styles.letter}
          aria-pressed={!query.off}
          aria-label={t(query.off ? "prom.switchOn" : "prom.switchOff")}
          onClick={() => metrics.setQuery(index, { off: !query.off })}
          data-testid="query-switch"
        >
          {letter}
        </button>
      </Tooltip>
      <div
        className={bar.editor}
        data-testid="promql-editor"
        data-changed={draft.trim() !== query.expr || undefined}
        data-active={index === active || undefined}
      >
        <Suspense fallback={<div className={bar.waiting}>{draft}</div>}>
          <PromqlEditor
            value={draft}
            onChange={(text) => setDraft(index, text)}
            onRun={askDrafts}
            onFocus={() => setActive(index)}
            world={world}
            errorAt={place && offsetOf(query.expr, place)}
            placeholder={t("prom.placeholder")}
            label={t("prom.editor", { letter })}
            handle={index === active ? editor : undefined}
          />
        </Suspense>
        <Tooltip label={t("editor.format")}>
          <ActionIcon size="sm" m={5} onClick={format} aria-label={t("editor.format")} data-testid="format-button">
            <Icon name="format" size={15} />
          </ActionIcon>
        </Tooltip>
      </div>
      <Legend legend={query.legend} onLegend={(legend) => metrics.setQuery(index, { legend })} />
      {state.queries.length > 1 && (
        <ActionIcon
          size="sm"
          m={5}
          onClick={() => metrics.removeQuery(index)}
          aria-label={t("prom.removeQuery")}
          title={t("prom.removeQuery")}
          data-testid="remove-query"
        >
          <Icon name="close" size={14} />
        </ActionIcon>
      )}
    </div>
  );
}

export function errorOf(metrics: Metrics, letter: string): Error | null {
  const { asked, ranges, instants, state } = metrics;
  const at = asked.findIndex((each) => each.letter === letter);
  return (
    (state.view === "graph" ? ranges[at]?.error : state.view === "table" ? instants[at]?.error : undefined) ?? null
  );
}

function Legend({ legend, onLegend }: { legend: string; onLegend(legend: string): void }) {
  const { t } = useI18n();
  const [text, setText] = useState(legend);
  useEffect(() => setText(legend), [legend]);
  const submit = () => {
    if (text !== legend) onLegend(text);
  };
  return (
    <Tooltip label={t("prom.legendHelp")}>
      <TextInput
        className={styles.legend}
        size="xs"
        value={text}
        placeholder={t("prom.legend")}
        aria-label={t("prom.legend")}
        data-testid="legend-input"
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={submit}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) submit();
        }}
      />
    </Tooltip>
  );
}
