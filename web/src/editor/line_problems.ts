import { StateEffect, StateField, type EditorState, type Range } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, type DecorationSet } from "@codemirror/view";

export interface LineProblem {
  line: number; // from 1
  text: string;
}

// What is wrong with lines, written beneath them; gone as soon as the text is no longer the one it was said of.
export const setLineProblems = StateEffect.define<readonly LineProblem[]>();

class ProblemText extends WidgetType {
  constructor(private readonly text: string) {
    super();
  }

  eq(other: ProblemText): boolean {
    return other.text === this.text;
  }

  toDOM(): HTMLElement {
    const box = document.createElement("div");
    box.className = "cm-line-problem";
    box.dataset.testid = "line-problem";
    box.textContent = this.text;
    return box;
  }
}

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setLineProblems)) return marksOf(effect.value, transaction.state);
    }
    return marks.map(transaction.changes);
  },
  provide: (each) => EditorView.decorations.from(each),
});

function marksOf(problems: readonly LineProblem[], { doc }: EditorState): DecorationSet {
  const marks: Range<Decoration>[] = problems.flatMap(({ line, text }) => {
    const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
    return [
      Decoration.line({ class: "cm-problem-line" }).range(from),
      Decoration.widget({ widget: new ProblemText(text), block: true, side: 1 }).range(to),
    ];
  });
  return Decoration.set(marks, true);
}

const theme = EditorView.baseTheme({
  ".cm-problem-line": { backgroundColor: "color-mix(in srgb, var(--level-error) 13%, transparent)" },
  ".cm-line-problem": {
    padding: "1px 10px 3px",
    color: "var(--level-error)",
    fontFamily: "var(--mantine-font-family)",
    fontSize: "12px",
    overflowWrap: "anywhere",
  },
});

export const lineProblems = [field, theme];
