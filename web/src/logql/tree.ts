import { parser } from "@grafana/lezer-logql";
import type { SyntaxNode, Tree } from "@lezer/common";

export function parseLogql(query: string): Tree {
  return parser.parse(query);
}

export function nodesNamed(root: SyntaxNode, ...names: string[]): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  root.cursor().iterate((ref) => {
    if (ref.from < root.from || ref.to > root.to) return;
    if (names.includes(ref.name)) found.push(ref.node);
  });
  return found;
}

export function textOf(query: string, node: SyntaxNode): string {
  return query.slice(node.from, node.to);
}

export type QueryKind = "logs" | "metric" | "invalid";

// Whether a query yields lines or numbers. The server has the last word; this only chooses what to ask it.
export function kindOf(query: string): QueryKind {
  const top = parseLogql(query).topNode;
  if (nodesNamed(top, "MetricExpr").length > 0) return "metric";
  return nodesNamed(top, "Selector").length > 0 ? "logs" : "invalid";
}

// One `{...} | stages` of a query; a metric query can have several.
export interface LogPart {
  selector: SyntaxNode;
  stages: SyntaxNode[];
  end: number; // where the next stage goes
}

export function logParts(query: string): LogPart[] {
  const top = parseLogql(query).topNode;
  return nodesNamed(top, "Selector").map((selector) => {
    const pipeline = outermostPipeline(selector);
    const stages = pipeline ? nodesNamed(pipeline, "PipelineStage") : [];
    return { selector, stages, end: endOf(query, stages.at(-1) ?? selector) };
  });
}

function outermostPipeline(selector: SyntaxNode): SyntaxNode | undefined {
  for (let next = selector.nextSibling; next; next = next.nextSibling) {
    if (next.name === "PipelineExpr") return next;
  }
  return undefined;
}

// Error recovery can leave trailing blanks inside a node.
function endOf(query: string, node: SyntaxNode): number {
  return node.from + textOf(query, node).trimEnd().length;
}

// The parser stages a part already has, by keyword.
export function parserNames(part: LogPart): Set<string> {
  const names = new Set<string>();
  for (const stage of part.stages) {
    for (const node of nodesNamed(stage, "Json", "Logfmt", "Pattern", "Regexp", "Unpack"))
      names.add(node.name.toLowerCase());
  }
  return names;
}
