import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

export const editorTheme = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--text)", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", maxHeight: "180px" },
  ".cm-content": { padding: "6px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--mantine-primary-color-filled) 28%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selected)", color: "inherit" },
  ".cm-error-mark": { textDecoration: "underline wavy var(--level-error)", textUnderlineOffset: "4px" },
  // The marks of the linter; its own are images in data: URLs, which the page may not load.
  ".cm-lintRange-error, .cm-lintRange-warning, .cm-lintRange-info, .cm-lintRange-hint": {
    backgroundImage: "none",
    paddingBottom: "0",
  },
  ".cm-lintRange-error": { textDecoration: "underline wavy var(--level-error)", textUnderlineOffset: "4px" },
  ".cm-lintRange-warning": { textDecoration: "underline wavy var(--level-warn)", textUnderlineOffset: "4px" },
  ".cm-diagnostic": { fontFamily: "var(--mantine-font-family)", fontSize: "12px", padding: "4px 10px" },
  ".cm-tooltip.cm-completionInfo": {
    fontFamily: "var(--mantine-font-family)",
    fontSize: "12px",
    maxWidth: "360px",
    padding: "6px 10px",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--panel)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    boxShadow: "0 6px 20px rgb(0 0 0 / 22%)",
    overflow: "hidden",
  },
  // What is told of a completion stands beside the list.
  ".cm-tooltip.cm-tooltip-autocomplete": { overflow: "visible" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mono)",
    fontSize: "12px",
    maxHeight: "260px",
    borderRadius: "6px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "3px 10px",
    display: "flex",
    justifyContent: "space-between",
    gap: "24px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--selected)",
    color: "var(--text)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": {
    fontFamily: "var(--mantine-font-family)",
    fontStyle: "normal",
    color: "var(--muted)",
    marginLeft: "0",
  },
});

// The place the server could not read; gone with the next keystroke.
export const setErrorMark = StateEffect.define<number | undefined>();

export const errorMark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setErrorMark)) return markAt(effect.value, transaction.state.doc.toString());
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function markAt(offset: number | undefined, text: string): DecorationSet {
  if (offset === undefined || text === "") return Decoration.none;
  const from = Math.min(offset, text.length - 1);
  const word = /^\w+/.exec(text.slice(from))?.[0].length ?? 1;
  return Decoration.set([Decoration.mark({ class: "cm-error-mark" }).range(from, Math.min(from + word, text.length))]);
}
