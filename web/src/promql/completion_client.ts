import type { PrometheusClient } from "@prometheus-io/codemirror-promql";
import { EqlRegex, EqlSingle, Neq, NeqRegex } from "@prometheus-io/lezer-promql";
import { labelText, metricSelector, quoted } from "./names";
import type { PromWorld } from "./world";

const kOperators: Record<number, string> = { [EqlSingle]: "=", [Neq]: "!=", [EqlRegex]: "=~", [NeqRegex]: "!~" };

export interface EditorMatcher {
  type: number; // a term of the grammar
  name: string;
  value: string;
}

// The selector that narrows what values of `label` are offered: by the metric and by the other finished matchers.
export function narrowing(
  label: string | undefined,
  metric: string | undefined,
  matchers: readonly EditorMatcher[] = [],
): string | undefined {
  const texts = matchers
    .filter(({ type, name, value }) => name !== label && name !== "" && value !== "" && kOperators[type] !== undefined)
    .map(({ type, name, value }) => `${labelText(name)}${kOperators[type]}${quoted(value)}`);
  if (metric) return metricSelector(metric, texts);
  return texts.length === 0 ? undefined : `{${texts.join(", ")}}`;
}

// The published completion asks through this; it stays quiet when the server does not answer, since running the query
// shows the error.
export function completionClient(world: PromWorld): PrometheusClient {
  return {
    metricNames: () => world.metricNames().catch(() => []),
    labelNames: (metric) => world.labelNames(narrowing(undefined, metric)).catch(() => []),
    labelValues: (label, metric, matchers) =>
      world.labelValues(label, narrowing(label, metric, matchers)).catch(() => []),
    metricMetadata: () => world.metadata().catch(() => ({})),
    series: async () => [],
    flags: async () => ({}),
  };
}
