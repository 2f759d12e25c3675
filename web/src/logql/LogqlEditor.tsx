import { useRef } from "react";
import { CodeEditor, completing, type CodeEditorProps } from "../editor/CodeEditor";
import { completionSource, type CompletionWorld } from "./completion";
import { logql } from "./language";

interface Props extends CodeEditorProps {
  world: CompletionWorld;
}

export default function LogqlEditor({ world, ...rest }: Props) {
  const latest = useRef(world);
  latest.current = world;
  const language = () => {
    const asked: CompletionWorld = {
      labelNames: () => latest.current.labelNames(),
      labelValues: (name, selector) => latest.current.labelValues(name, selector),
      fieldNames: () => latest.current.fieldNames(),
      fieldValues: (name) => latest.current.fieldValues(name),
      help: (key) => latest.current.help(key),
    };
    return [logql(), completing({ override: [completionSource(asked)] })];
  };
  return <CodeEditor {...rest} language={language} />;
}
