import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
  insertBracket,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { Compartment, EditorState, Prec, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder as placeholderText } from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { editorTheme, errorMark, setErrorMark } from "./editor_theme";

export interface EditorHandle {
  focus(): void;
  insert(text: string): void; // in place of the selection
}

export interface CodeEditorProps {
  value: string;
  onChange(value: string): void;
  onRun(): void;
  onFocus?: () => void;
  placeholder: string;
  label: string;
  errorAt?: number; // offset to underline
  handle?: Ref<EditorHandle>;
}

interface Props extends CodeEditorProps {
  language(): Extension; // asked for once, when the editor is made
}

type Completing = Parameters<typeof autocompletion>[0];

// How lists of completions look; a language may add where they come from.
export function completing(more: Completing = {}): Extension {
  return autocompletion({ icons: false, maxRenderedOptions: 200, ...more });
}

// CodeMirror owns the text; React hands it a new one only when that differs (filter buttons, back and forward).
export function CodeEditor(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>();
  const latest = useRef<Props>(props);
  latest.current = props;
  const worded = useRef(new Compartment());

  useEffect(() => {
    const created = new EditorView({
      parent: host.current!,
      state: EditorState.create({ doc: latest.current.value, extensions: extensions(latest, worded.current) }),
    });
    view.current = created;
    return () => created.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === props.value) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: props.value },
      selection: { anchor: props.value.length },
    });
  }, [props.value]);

  useEffect(() => {
    view.current?.dispatch({ effects: setErrorMark.of(props.errorAt) });
  }, [props.errorAt]);

  useEffect(() => {
    view.current?.dispatch({ effects: worded.current.reconfigure(wording(props.placeholder, props.label)) });
  }, [props.placeholder, props.label]);

  useImperativeHandle(
    props.handle,
    () => ({
      focus() {
        const editor = view.current;
        editor?.focus();
        editor?.dispatch({ selection: { anchor: editor.state.doc.length } });
      },
      insert(text) {
        const editor = view.current;
        editor?.dispatch(editor.state.replaceSelection(text));
        editor?.focus();
      },
    }),
    [],
  );

  return <div ref={host} style={{ flex: 1, minWidth: 0 }} />;
}

function wording(placeholder: string, label: string) {
  return [placeholderText(placeholder), EditorView.contentAttributes.of({ "aria-label": label })];
}

function extensions(latest: { current: Props }, worded: Compartment) {
  const run = () => {
    latest.current.onRun();
    return true;
  };
  return [
    Prec.highest(
      keymap.of([
        { key: "Mod-Enter", run },
        { key: "Tab", run: acceptCompletion },
        // A query is mostly one line, so Enter runs it; while a list is open Enter takes from the list, unless the list
        // came up under the very keystroke.
        { key: "Enter", run: (editor) => acceptCompletion(editor) || run() },
        { key: "Escape", run: blurUnlessCompleting },
      ]),
    ),
    history(),
    drawSelection(),
    bracketMatching(),
    replaceAll,
    closeBrackets(),
    latest.current.language(),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
    EditorView.lineWrapping,
    worded.of(wording(latest.current.placeholder, latest.current.label)),
    errorMark,
    editorTheme,
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange(update.state.doc.toString());
      if (update.focusChanged && update.view.hasFocus) latest.current.onFocus?.();
    }),
  ];
}

// Typing over a wholly selected query replaces it, where closeBrackets alone would wrap it in the bracket typed.
const replaceAll = EditorView.inputHandler.of((view, from, to, text) => {
  const { length } = view.state.doc;
  if (length === 0 || from !== 0 || to !== length) return false;
  view.dispatch({ changes: { from, to, insert: "" } });
  view.dispatch(insertBracket(view.state, text) ?? view.state.replaceSelection(text));
  startCompletion(view);
  return true;
});

function blurUnlessCompleting(editor: EditorView): boolean {
  if (completionStatus(editor.state) === "active") return false;
  editor.contentDOM.blur();
  return true;
}
