import { useMemo } from "react";
import { useI18n } from "../i18n";
import type { CompletionWorld } from "../logql/completion";
import { labelName } from "../logql/text";
import type { Interval } from "../time/range";
import { fieldsOf } from "./fields";
import { kLevels } from "./level";
import { useLabelIndex } from "./queries";
import type { Row } from "./row";

const kRowsRead = 200;

// Completion knows the labels from the index, and the fields from the lines that are on screen.
export function useCompletionWorld(interval: Interval | undefined, rows: readonly Row[]): CompletionWorld {
  const { t } = useI18n();
  const index = useLabelIndex(interval);
  return useMemo(() => {
    let seen: Map<string, Set<string>> | undefined; // read when first asked for
    const fields = () => (seen ??= fieldsOfRows(rows));
    return {
      // The editor stays usable when the index does not answer; running the query shows the error.
      labelNames: () => index.names().catch(() => []),
      labelValues: (name, selector) => index.values(name, selector || undefined).catch(() => []),
      fieldNames: () => [...fields().keys()].sort(),
      fieldValues: (name) => [...(fields().get(name) ?? [])].sort(),
      help: (key) => t(key),
    };
  }, [index, rows, t]);
}

function fieldsOfRows(rows: readonly Row[]): Map<string, Set<string>> {
  // The server adds the level to every line, so it is there even when no line is on screen.
  const seen = new Map<string, Set<string>>([["detected_level", new Set(kLevels)]]);
  for (const row of rows.slice(0, kRowsRead)) {
    for (const source of [row.metadata, row.parsed, fieldsOf(row.line).fields]) {
      for (const [field, value] of Object.entries(source)) {
        const name = labelName(field);
        const values = seen.get(name);
        if (values) values.add(value);
        else seen.set(name, new Set([value]));
      }
    }
  }
  return seen;
}
