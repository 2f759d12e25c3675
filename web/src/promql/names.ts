// Names and values as PromQL writes them.
import type { Labels } from "../api/types";

export const kNameLabel = "__name__";

const kMetricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const kLabelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

export function labelText(name: string): string {
  return kLabelName.test(name) ? name : quoted(name);
}

export type MatchOp = "=" | "!=";

export function matcherText(name: string, op: MatchOp, value: string): string {
  return `${labelText(name)}${op}${quoted(value)}`;
}

// A selector of one metric; names that are no identifiers are quoted and go into the braces.
export function metricSelector(name: string, matchers: readonly string[] = []): string {
  if (kMetricName.test(name)) return matchers.length === 0 ? name : `${name}{${matchers.join(", ")}}`;
  return `{${[quoted(name), ...matchers].join(", ")}}`;
}

// A series as it is written: name{label="value", ...}, labels in order.
export function seriesText(metric: Labels): string {
  const name = metric[kNameLabel];
  const matchers = Object.keys(metric)
    .filter((label) => label !== kNameLabel)
    .sort()
    .map((label) => matcherText(label, "=", metric[label]!));
  return name === undefined ? `{${matchers.join(", ")}}` : metricSelector(name, matchers);
}

// `{{label}}` stands for the label's value, as in Grafana's legends.
export function legendText(legend: string, metric: Labels): string {
  return legend.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, label: string) => metric[label] ?? "");
}
