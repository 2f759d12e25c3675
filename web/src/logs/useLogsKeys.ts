import type { RefObject } from "react";
import { useRunKey, useShortcuts } from "../app/shortcuts";
import type { EditorHandle } from "../editor/CodeEditor";
import type { ListHandle } from "./LogList";
import type { Row } from "./row";
import { kLogViews, type LogView } from "./url_state";
import type { Logs } from "./useLogs";

interface Targets {
  editor: RefObject<EditorHandle>;
  list: RefObject<ListHandle>;
  onContext(row: Row | undefined): void;
  toggleLive(): void;
}

// The page's keys; app/HelpDialog.tsx lists them.
export function useLogsKeys(
  { state, update, askDraft, live, isMetric }: Logs,
  { editor, list, onContext, toggleLive }: Targets,
) {
  useRunKey(askDraft);
  const show = (view: LogView) => {
    if (!live && !isMetric) update({ view });
  };
  useShortcuts({
    "/": () => editor.current?.focus(),
    t: toggleLive,
    w: () => update({ wrap: !state.wrap }, "replace"),
    o: () => update({ direction: state.direction === "backward" ? "forward" : "backward" }),
    r: askDraft,
    j: () => list.current?.move(1),
    k: () => list.current?.move(-1),
    ArrowDown: () => list.current?.move(1),
    ArrowUp: () => list.current?.move(-1),
    Home: () => list.current?.moveTo("first"),
    End: () => list.current?.moveTo("last"),
    Enter: () => list.current?.toggle(),
    ...Object.fromEntries(kLogViews.map((view, index) => [String(index + 1), () => show(view)])),
    c: () => onContext(list.current?.current()),
    Escape: () => {
      if (!list.current?.collapse() && state.live) update({ live: false });
    },
  });
}
