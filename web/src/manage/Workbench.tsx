import { Button, Modal, TextInput } from "@mantine/core";
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { Source } from "../api/manage";
import { Icon } from "../app/icons";
import { go } from "../app/location";
import type { YamlHandle } from "../editor/YamlEditor";
import { useI18n } from "../i18n";
import { ErrorState, LoadingState, Notice } from "../logs/states";
import { EntryList } from "./EntryList";
import { hiddenSecrets, problemsOf, topValue, type Problem } from "./problems";
import page from "../logs/LogsPage.module.css";
import styles from "./Workbench.module.css";

const YamlEditor = lazy(() => import("../editor/YamlEditor"));

// One text that can be looked at, and changed unless a file of the server has it.
export interface Entry {
  id: string;
  name: string;
  group?: string; // under which it stands in the list
  source: Source;
  yaml: string;
}

export interface Words {
  title: string;
  search: string;
  fresh: string; // "New job"
  none: string;
  advice: string;
  editor: string;
  nameless: string; // said when the text does not name what it describes
  fromFile: string;
  question(entry: Entry): string; // before deleting
}

interface Props {
  path: string;
  search: string;
  words: Words;
  answer: { data?: readonly Entry[]; error: Error | null; isFetching: boolean; refetch(): Promise<unknown> };
  nameKey: string; // under which the text says its name
  template: string;
  place?: string; // what is asked for besides the text of a new one: its group; a label
  save(name: string, yaml: string, group: string): Promise<string>; // the id it has then
  remove(entry: Entry): Promise<void>;
  banner?: ReactNode;
  more?(entry: Entry): ReactNode; // beside the name
}

const kNew = ""; // in place of an id

// A list of texts, and the chosen one in an editor: save, revert, delete. Nothing is lost by looking at another one.
export function Workbench(props: Props) {
  const { path, search, words, answer, nameKey, template, banner } = props;
  const { t } = useI18n();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const entries = answer.data ?? [];
  const adding = params.has("new");
  const chosen = entries.find(({ id }) => id === params.get("show")) ?? (params.has("show") ? undefined : entries[0]);
  const id = adding ? kNew : chosen?.id;
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [said, setSaid] = useState("");
  const [group, setGroup] = useState("default");
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState<Entry>();
  const editor = useRef<YamlHandle>(null);

  const stored = adding ? template : (chosen?.yaml ?? "");
  const text = id === undefined ? "" : (drafts[id] ?? stored);
  const changed = id !== undefined && text !== stored;
  const readOnly = !adding && chosen?.source === "file";
  const told = useMemo(
    () =>
      problems.map(({ line, text: what, near = [] }) => ({
        line,
        text: near.length === 0 ? what : `${what}. ${t("edit.near", { names: near.join(", ") })}`,
      })),
    [problems, t],
  );
  const lines = useMemo(
    () => told.flatMap(({ line, text: what }) => (line === undefined ? [] : [{ line, text: what }])),
    [told],
  );
  const isChanged = (each: Entry) => drafts[each.id] !== undefined && drafts[each.id] !== each.yaml;
  useLeaveGuard(entries.some(isChanged) || (drafts[kNew] ?? template) !== template);

  const forget = (which: string) => setDrafts(({ [which]: _, ...rest }) => rest);
  const show = (what: string | undefined) => {
    const next = new URLSearchParams();
    if (what === kNew) next.set("new", "1");
    else if (what !== undefined) next.set("show", what);
    const query = next.toString();
    go(path, query === "" ? "" : `?${query}`, "push");
    setProblems([]);
    setSaid("");
  };
  const change = (next: string) => {
    if (id === undefined || next === text) return;
    setDrafts((old) => ({ ...old, [id]: next }));
    setProblems([]);
    setSaid("");
  };
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true);
    setSaid("");
    setProblems([]);
    try {
      await what();
    } catch (error) {
      setProblems(problemsOf(error instanceof Error ? error.message : String(error)));
    } finally {
      setBusy(false);
    }
  };
  const save = () => {
    if (busy || readOnly || id === undefined) return;
    const secrets = hiddenSecrets(text);
    if (secrets.length > 0) return setProblems(secrets.map((line) => ({ line, text: t("edit.secret") })));
    const name = topValue(text, nameKey);
    if (name === undefined) return setProblems([{ line: 1, text: words.nameless }]);
    const into = adding ? group.trim() : (chosen?.group ?? "");
    // The server takes names from the path of the request, where a slash ends one.
    if (`${name}${into}`.includes("/")) return setProblems([{ text: t("edit.slash") }]);
    void attempt(async () => {
      const now = await props.save(name, text, into);
      await answer.refetch();
      forget(id);
      show(now);
      setSaid(t("edit.saved", { name }));
    });
  };
  const remove = (entry: Entry) => {
    setAsking(undefined);
    void attempt(async () => {
      await props.remove(entry);
      forget(entry.id);
      await answer.refetch();
      show(undefined);
      setSaid(t("edit.deleted", { name: entry.name }));
    });
  };

  const body = () => {
    if (answer.error && !answer.data)
      return <ErrorState error={answer.error} query="" onRetry={() => void answer.refetch()} />;
    if (!answer.data) return <LoadingState />;
    if (id === undefined) {
      return (
        <Notice icon="edit" title={entries.length === 0 ? words.none : t("edit.gone")} testId="empty-state">
          <p>{words.advice}</p>
          <Button size="xs" onClick={() => show(kNew)} leftSection={<Icon name="plus" size={14} />}>
            {words.fresh}
          </Button>
        </Notice>
      );
    }
    return (
      <div className={styles.editing}>
        <div className={page.toolbar}>
          <span className={`${page.summary} ${styles.about}`}>
            <b className={styles.name}>{adding ? words.fresh : chosen!.name}</b>
            {readOnly && <span data-testid="read-only">{words.fromFile}</span>}
            {!adding && props.more?.(chosen!)}
            {changed && <span className={page.warning}>{t("edit.changed")}</span>}
          </span>
          {adding && props.place && (
            <TextInput
              size="xs"
              w={170}
              value={group}
              placeholder={props.place}
              aria-label={props.place}
              data-testid="group-input"
              onChange={(event) => setGroup(event.currentTarget.value)}
            />
          )}
          {!adding && !readOnly && (
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => setAsking(chosen)}
              disabled={busy}
              data-testid="delete-button"
            >
              {t("edit.delete")}
            </Button>
          )}
          {changed && (
            <Button size="compact-xs" variant="default" onClick={() => change(stored)} data-testid="revert-button">
              {t("edit.revert")}
            </Button>
          )}
          {!readOnly && (
            <Button
              size="compact-xs"
              loading={busy}
              disabled={!changed && !adding}
              onClick={save}
              data-testid="save-button"
            >
              {t("edit.save")}
            </Button>
          )}
        </div>
        <div className={styles.editor} data-testid="yaml-editor" data-changed={changed || undefined}>
          <Suspense fallback={<LoadingState />}>
            <YamlEditor
              key={id}
              value={text}
              onChange={change}
              onSave={save}
              readOnly={readOnly}
              label={words.editor}
              problems={lines}
              handle={editor}
            />
          </Suspense>
        </div>
        {!readOnly && <div className={styles.hint}>{t("edit.hint")}</div>}
      </div>
    );
  };

  return (
    <div className={page.page}>
      <div className={page.column}>
        <header className={page.top}>
          <h1>{words.title}</h1>
          <div className={page.fill} />
          <Button
            size="xs"
            variant="default"
            onClick={() => show(kNew)}
            leftSection={<Icon name="plus" size={13} />}
            data-testid="new-button"
          >
            {words.fresh}
          </Button>
        </header>
        {banner && <div className={styles.banner}>{banner}</div>}
        <div className={styles.said} role="status" data-testid="said">
          {said !== "" && (
            <span>
              <Icon name="check" size={14} /> {said}
            </span>
          )}
        </div>
        {problems.length > 0 && (
          <div className={styles.problems} role="alert" data-testid="problems">
            {told.map(({ line, text: what }, index) => (
              <div key={index} data-line={line}>
                <Icon name="alert" size={14} />
                {line !== undefined && (
                  <button type="button" onClick={() => editor.current?.goTo(line)}>
                    {t("edit.line", { line })}
                  </button>
                )}
                <span>{what}</span>
              </div>
            ))}
          </div>
        )}
        <section className={`${page.body} ${styles.columns}`}>
          {entries.length > 0 && (
            <EntryList
              entries={entries}
              chosen={adding ? undefined : chosen?.id}
              isChanged={isChanged}
              label={words.title}
              searchLabel={words.search}
              onChoose={show}
            />
          )}
          {body()}
        </section>
      </div>
      <Modal
        opened={asking !== undefined}
        onClose={() => setAsking(undefined)}
        title={t("edit.delete")}
        centered
        data-testid="confirm"
      >
        {asking && <p className={styles.question}>{words.question(asking)}</p>}
        <div className={styles.buttons}>
          <Button size="xs" variant="default" onClick={() => setAsking(undefined)} data-autofocus>
            {t("edit.keep")}
          </Button>
          <Button size="xs" color="red" onClick={() => asking && remove(asking)} data-testid="confirm-delete">
            {t("edit.delete")}
          </Button>
        </div>
      </Modal>
    </div>
  );
}

// The browser asks before it throws away what was written.
function useLeaveGuard(on: boolean) {
  useEffect(() => {
    if (!on) return;
    const guard = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", guard);
    return () => window.removeEventListener("beforeunload", guard);
  }, [on]);
}
