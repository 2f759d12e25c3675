import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { useRef } from "react";
import { CodeEditor, completing, type CodeEditorProps } from "../editor/CodeEditor";
import { completionClient } from "./completion_client";
import type { PromWorld } from "./world";

interface Props extends CodeEditorProps {
  world: PromWorld;
}

const style = HighlightStyle.define([
  { tag: tags.comment, color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: tags.labelName, color: "var(--syntax-label)" },
  { tag: tags.string, color: "var(--syntax-string)" },
  { tag: tags.number, color: "var(--syntax-number)" },
  { tag: [tags.keyword, tags.modifier], color: "var(--syntax-keyword)" },
  { tag: [tags.function(tags.variableName), tags.operatorKeyword], color: "var(--syntax-function)" },
  { tag: tags.operator, color: "var(--syntax-operator)" },
]);

// Grammar, completion and the marks under what cannot be right come from the published PromQL mode.
export default function PromqlEditor({ world, ...rest }: Props) {
  const latest = useRef(world);
  latest.current = world;
  const language = () => {
    const asked: PromWorld = {
      metricNames: () => latest.current.metricNames(),
      labelNames: (match) => latest.current.labelNames(match),
      labelValues: (name, match) => latest.current.labelValues(name, match),
      metadata: () => latest.current.metadata(),
    };
    const promql = new PromQLExtension().activateLinter(true).setComplete({ remote: completionClient(asked) });
    return [promql.asExtension(), syntaxHighlighting(style), completing()];
  };
  return <CodeEditor {...rest} language={language} />;
}
