// Changes of a query's text through its syntax tree; what is not meant stays as it was written.
import { parser } from "@prometheus-io/lezer-promql";
import type { SyntaxNode } from "@lezer/common";
import type { MetricMetadata } from "../api/prometheus_types";
import { matcherText, metricSelector, type MatchOp } from "./names";
import { nameOf } from "./tree";

// Adds a matcher to each selector of `metric`; without such a selector the query becomes one.
export function addMatcher(query: string, metric: string, name: string, op: MatchOp, value: string): string {
  const matcher = matcherText(name, op, value);
  const selectors: SyntaxNode[] = [];
  parser
    .parse(query)
    .topNode.cursor()
    .iterate((ref) => {
      if (ref.name === "VectorSelector" && nameOf(ref.node, query) === metric) selectors.push(ref.node);
    });
  if (selectors.length === 0) return metricSelector(metric, [matcher]);
  return selectors.reduceRight((text, selector) => withMatcher(text, selector, matcher), query);
}

function withMatcher(query: string, selector: SyntaxNode, matcher: string): string {
  const braces = selector.getChild("LabelMatchers");
  if (!braces) {
    const end = selector.getChild("Identifier")?.to ?? selector.to;
    return `${query.slice(0, end)}{${matcher}}${query.slice(end)}`;
  }
  const inside = query.slice(braces.from + 1, braces.to - 1).trimEnd();
  if (inside.includes(matcher)) return query;
  const joint = inside.trim() === "" || inside.endsWith(",") ? "" : ", ";
  return `${query.slice(0, braces.from + 1)}${inside}${joint}${matcher}}${query.slice(braces.to)}`;
}

// What one mostly wants of a metric of that type: the rate of a counter, a quantile of a histogram, else its values.
export function usualQuery(metric: string, metadata: MetricMetadata | undefined): string {
  const type = metadata?.type ?? "";
  const selector = metricSelector(metric);
  if (/_bucket$/.test(metric)) return `histogram_quantile(0.95, sum by (le) (rate(${selector}[5m])))`;
  if (type === "histogram" && !/_(sum|count)$/.test(metric))
    return `histogram_quantile(0.95, sum(rate(${selector}[5m])))`;
  if (type === "counter" || /_(total|sum|count)$/.test(metric)) return `rate(${selector}[5m])`;
  return selector;
}
