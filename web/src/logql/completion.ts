import {
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import type { Key } from "../i18n/en";
import { siteAt, type Site } from "./site";
import {
  kAggregations,
  kFilterOperators,
  kMatchOperators,
  kPipes,
  kRangeFunctions,
  kRanges,
  kStages,
  type Word,
} from "./words";

// What completion needs to know of the world.
export interface CompletionWorld {
  labelNames(): Promise<string[]>;
  labelValues(name: string, selector: string): Promise<string[]>;
  fieldNames(): string[]; // seen in the rows on screen
  fieldValues(name: string): string[];
  help(key: Key): string;
}

const kValuesMax = 1000;

export function completionSource(world: CompletionWorld) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const site = siteAt(context.state.doc.toString(), context.pos);
    if (!site || !shouldOffer(site, context)) return null;
    const options = await optionsAt(site, world);
    return options.length === 0 ? null : { from: site.from, options, validFor: validFor(site) };
  };
}

// Names and values come by themselves; the rest only once a letter is typed or the list is asked for.
function shouldOffer(site: Site, context: CompletionContext): boolean {
  if (context.explicit) return true;
  if (site.kind === "expression") return context.pos > site.from;
  if (site.kind === "pipe" || site.kind === "filterOperator" || site.kind === "matchOperator")
    return context.pos > site.from;
  return true;
}

function validFor(site: Site): RegExp | undefined {
  switch (site.kind) {
    case "labelValue":
    case "fieldValue":
      return /^[^"`]*$/;
    case "matchOperator":
    case "filterOperator":
    case "pipe":
      return undefined;
    default:
      return /^\w*$/;
  }
}

async function optionsAt(site: Site, world: CompletionWorld): Promise<Completion[]> {
  switch (site.kind) {
    case "labelName": {
      const names = await world.labelNames();
      return names.filter((name) => !site.present.includes(name)).map((name) => matcherOption(name));
    }
    case "labelValue": {
      const values = await world.labelValues(site.name, site.selector);
      return values.slice(0, kValuesMax).map(valueOption);
    }
    case "fieldValue":
      return world.fieldValues(site.name).slice(0, kValuesMax).map(valueOption);
    case "matchOperator":
      return kMatchOperators.map((word) => wordOption(word, "operator", world));
    case "filterOperator":
      return kFilterOperators.map((word) => wordOption(word, "operator", world));
    case "pipe":
      return kPipes.map((word) => wordOption(word, "operator", world));
    case "range":
      return kRanges.map((label) => ({ label, type: "constant" }));
    case "grouping": {
      const names = new Set([...(await world.labelNames()), ...world.fieldNames()]);
      return [...names].map((label) => ({ label, type: "property" }));
    }
    case "stage": {
      const stages = kStages.map((word) => wordOption(word, "keyword", world));
      return [
        ...stages,
        ...world.fieldNames().map((label) => ({ label, type: "property", boost: site.parsed ? 1 : -1 })),
      ];
    }
    case "expression":
      return [
        { label: "{", type: "namespace", apply: applier("{$}"), detail: world.help("word.selector"), boost: 2 },
        ...kRangeFunctions.map((word) => wordOption(word, "function", world)),
        ...kAggregations.map((word) => wordOption(word, "function", world)),
      ];
  }
}

function matcherOption(name: string): Completion {
  return {
    label: name,
    type: "property",
    apply: (view, _completion, from, to) => {
      const follows = view.state.sliceDoc(to, to + 2).trimStart();
      insert(view, from, to, /^[=!]/.test(follows) ? name : `${name}="$"`);
    },
  };
}

function valueOption(value: string): Completion {
  return {
    label: value,
    type: "text",
    apply: (view, _completion, from, to) => {
      const quote = view.state.sliceDoc(from - 1, from);
      const escaped = quote === '"' ? value.replace(/[\\"]/g, "\\$&") : value;
      const rest = view.state.sliceDoc(to, to + 200);
      const old = /^[^"`,}\n]*(?=["`])/.exec(rest)?.[0].length ?? 0; // what is left of the value being replaced
      const closed = rest[old] === quote;
      const text = closed ? escaped : escaped + quote;
      view.dispatch({
        changes: { from, to: to + old, insert: text },
        selection: { anchor: from + text.length + (closed ? 1 : 0) },
        userEvent: "input.complete",
      });
    },
  };
}

function wordOption(word: Word, type: string, world: CompletionWorld): Completion {
  return { label: word.label, type, detail: world.help(word.help), apply: applier(word.insert ?? `${word.label} `) };
}

function applier(template: string) {
  return (view: EditorView, _completion: Completion, from: number, to: number) => insert(view, from, to, template);
}

// Puts the template in, the cursor at its `$`, and opens the next list.
function insert(view: EditorView, from: number, to: number, template: string) {
  const cursor = template.indexOf("$");
  const text = template.replace("$", "");
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + (cursor < 0 ? text.length : cursor) },
    userEvent: "input.complete",
  });
  if (cursor >= 0) startCompletion(view);
}
