import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { lazy, Suspense, useState, type Ref } from "react";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import type { CompletionWorld } from "../logql/completion";
import type { EditorHandle } from "../editor/CodeEditor";
import styles from "./QueryBar.module.css";

// The editor is the largest piece of the bundle; the page does not wait for it.
const LogqlEditor = lazy(() => import("../logql/LogqlEditor"));

interface Props {
  draft: string;
  changed: boolean; // the text is not what the results below answer
  errorAt?: number;
  world: CompletionWorld;
  editor: Ref<EditorHandle>;
  onChange(text: string): void;
  onRun(): void;
  onFormat(): void;
  onSearch(text: string, ignoreCase: boolean): void;
}

export function QueryBar(props: Props) {
  const { t } = useI18n();
  return (
    <div className={styles.bar}>
      <div className={styles.editor} data-testid="logs-editor" data-changed={props.changed || undefined}>
        <Suspense fallback={<div className={styles.waiting}>{props.draft}</div>}>
          <LogqlEditor
            value={props.draft}
            onChange={props.onChange}
            onRun={props.onRun}
            world={props.world}
            errorAt={props.errorAt}
            placeholder={t("editor.placeholder")}
            label={t("editor.label")}
            handle={props.editor}
          />
        </Suspense>
        <Tooltip label={t("editor.format")}>
          <ActionIcon
            size="sm"
            m={5}
            onClick={props.onFormat}
            aria-label={t("editor.format")}
            data-testid="format-button"
          >
            <Icon name="format" size={15} />
          </ActionIcon>
        </Tooltip>
      </div>
      <SearchBox onSearch={props.onSearch} />
    </div>
  );
}

// Plain text for those who do not write LogQL: it becomes a line filter of the query.
function SearchBox({ onSearch }: { onSearch(text: string, ignoreCase: boolean): void }) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const [exact, setExact] = useState(true);
  const submit = () => {
    if (text === "") return;
    onSearch(text, !exact);
    setText("");
  };
  return (
    <TextInput
      className={styles.search}
      size="xs"
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      placeholder={t("search.placeholder")}
      aria-label={t("search.label")}
      data-testid="search-box"
      leftSection={<Icon name="search" size={14} />}
      rightSection={
        <Tooltip label={t(exact ? "search.exact" : "search.anyCase")}>
          <button
            type="button"
            className={styles.case}
            aria-pressed={exact}
            onClick={() => setExact(!exact)}
            aria-label={t("search.matchCase")}
          >
            Aa
          </button>
        </Tooltip>
      }
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.nativeEvent.isComposing) submit();
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
