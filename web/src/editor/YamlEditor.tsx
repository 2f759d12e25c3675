import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { editorTheme } from "./editor_theme";
import { lineProblems, setLineProblems, type LineProblem } from "./line_problems";

export interface YamlHandle {
  goTo(line: number): void; // from 1
  focus(): void;
}

interface Props {
  value: string;
  onChange(value: string): void;
  onSave(): void;
  readOnly: boolean;
  label: string;
  problems: readonly LineProblem[];
  handle?: Ref<YamlHandle>;
}

const style = HighlightStyle.define([
  { tag: tags.comment, color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--syntax-label)" },
  { tag: [tags.string, tags.content], color: "var(--syntax-string)" },
  { tag: [tags.keyword, tags.typeName], color: "var(--syntax-keyword)" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--syntax-operator)" },
]);

const roomy = EditorView.theme({
  "&": { height: "100%" },
  ".cm-scroller": { maxHeight: "none" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "var(--hover)" },
});

// A text of many lines. Tab indents; Escape and then Tab leaves it. Ctrl+S and Ctrl+Enter save.
export default function YamlEditor(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>();
  const latest = useRef(props);
  latest.current = props;
  const mode = useRef(new Compartment());

  useEffect(() => {
    const save = () => {
      latest.current.onSave();
      return true;
    };
    const created = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          Prec.highest(
            keymap.of([
              { key: "Mod-s", run: save },
              { key: "Mod-Enter", run: save },
            ]),
          ),
          lineNumbers(),
          highlightActiveLine(),
          history(),
          drawSelection(),
          bracketMatching(),
          indentOnInput(),
          yaml(),
          syntaxHighlighting(style),
          keymap.of([...historyKeymap, ...defaultKeymap, indentWithTab]),
          EditorView.lineWrapping,
          mode.current.of(modeOf(latest.current)),
          lineProblems,
          roomy, // before the theme that it changes
          editorTheme,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = created;
    return () => created.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === props.value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } });
  }, [props.value]);

  useEffect(() => {
    view.current?.dispatch({ effects: setLineProblems.of(props.problems) });
  }, [props.problems]);

  useEffect(() => {
    view.current?.dispatch({ effects: mode.current.reconfigure(modeOf(props)) });
  }, [props.readOnly, props.label]);

  useImperativeHandle(
    props.handle,
    () => ({
      goTo(line) {
        const editor = view.current;
        if (!editor) return;
        const { from } = editor.state.doc.line(Math.min(Math.max(line, 1), editor.state.doc.lines));
        editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
        editor.focus();
      },
      focus: () => view.current?.focus(),
    }),
    [],
  );

  return <div ref={host} style={{ flex: 1, minHeight: 0, minWidth: 0, overflow: "hidden" }} />;
}

function modeOf({ readOnly, label }: Pick<Props, "readOnly" | "label">) {
  return [
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": String(readOnly) }),
  ];
}
