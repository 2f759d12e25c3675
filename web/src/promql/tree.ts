import { parser } from "@prometheus-io/lezer-promql";
import type { SyntaxNode } from "@lezer/common";
import type { ExplainNode } from "../api/prometheus_types";

// What an expression yields.
export type ValueType = "vector" | "range" | "scalar" | "string";

// A node of a query that has a value of its own.
export interface QueryNode {
  kind: string; // of the grammar: AggregateExpr, FunctionCall, ...
  type: ValueType;
  text: string;
  from: number;
  depth: number;
  children: QueryNode[];
}

const kExpressions: Record<string, ValueType | "inner" | "call" | "binary"> = {
  AggregateExpr: "vector",
  BinaryExpr: "binary",
  FunctionCall: "call",
  MatrixSelector: "range",
  NumberDurationLiteral: "scalar",
  OffsetExpr: "inner",
  ParenExpr: "inner",
  StepInvariantExpr: "inner",
  StringLiteral: "string",
  SubqueryExpr: "range",
  UnaryExpr: "inner",
  VectorSelector: "vector",
};

const kScalarFunctions = new Set(["time", "pi", "scalar", "start", "end", "step", "range", "min_of", "max_of"]);

// The tree of a query, or undefined when the text does not fit the grammar.
export function queryTree(query: string): QueryNode | undefined {
  const top = parser.parse(query).topNode;
  let broken = false;
  top.cursor().iterate((node) => {
    if (node.type.isError) broken = true;
  });
  return broken ? undefined : expressionsIn(top, query, 0)[0];
}

function expressionsIn(parent: SyntaxNode, query: string, depth: number): QueryNode[] {
  const found: QueryNode[] = [];
  for (let node = parent.firstChild; node; node = node.nextSibling) {
    // Names of labels, ranges, offsets and so on are no values.
    if (
      /^(GroupingLabels|LabelMatchers|AggregateModifier|MatchingModifierClause|DurationExpr|OffsetDurationExpr)$/.test(
        node.name,
      )
    )
      continue;
    if (kExpressions[node.name] === undefined) found.push(...expressionsIn(node, query, depth));
    else found.push(nodeOf(node, query, depth));
  }
  return found;
}

function nodeOf(node: SyntaxNode, query: string, depth: number): QueryNode {
  const text = query.slice(node.from, node.to);
  // A range selector's own selector is shown with it; the seconds of an @ are none of our nodes.
  const inner = node.name === "MatrixSelector" ? [] : expressionsIn(node, query, depth + 1);
  const children = node.name === "StepInvariantExpr" || node.name === "OffsetExpr" ? inner.slice(0, 1) : inner;
  return { kind: node.name, type: typeOf(node, text, children), text, from: node.from, depth, children };
}

function typeOf(node: SyntaxNode, text: string, children: QueryNode[]): ValueType {
  const rule = kExpressions[node.name];
  if (rule === "call") return kScalarFunctions.has(/^\w+/.exec(text)?.[0] ?? "") ? "scalar" : "vector";
  if (rule === "binary") return children.every(({ type }) => type === "scalar") ? "scalar" : "vector";
  if (rule === "inner") return children[0]?.type ?? "vector";
  return rule as ValueType;
}

export function flatten(node: QueryNode): QueryNode[] {
  return [node, ...node.children.flatMap(flatten)];
}

// A query whose one value tells how many series the node has; undefined where counting means nothing.
export function countQuery({ type, text }: QueryNode): string | undefined {
  if (type === "vector") return `count(${text})`;
  return type === "range" ? `count(last_over_time(${text}))` : undefined;
}

// Of which metrics a query reads.
export function metricNames(query: string): string[] {
  const names = new Set<string>();
  parser
    .parse(query)
    .topNode.cursor()
    .iterate((node) => {
      if (node.name !== "VectorSelector") return;
      const name = nameOf(node.node, query);
      if (name !== undefined) names.add(name);
    });
  return [...names];
}

// The metric's name, written before the braces or quoted within.
export function nameOf(selector: SyntaxNode, query: string): string | undefined {
  const name = selector.getChild("Identifier");
  if (name) return query.slice(name.from, name.to);
  const quoted = selector.getChild("LabelMatchers")?.getChild("QuotedLabelName");
  return quoted ? query.slice(quoted.from + 1, quoted.to - 1) : undefined;
}

// A row of the explained query: a node with what the server measured.
export interface MeasuredNode {
  node: ExplainNode;
  depth: number;
  text: string; // as it stands in the query
}

// The server counts bytes of UTF-8.
export function measuredNodes(root: ExplainNode, query: string): MeasuredNode[] {
  const bytes = new TextEncoder().encode(query);
  const decoder = new TextDecoder();
  const rows = (node: ExplainNode, depth: number): MeasuredNode[] => [
    { node, depth, text: decoder.decode(bytes.subarray(node.start, node.end)) },
    ...node.children.flatMap((child) => rows(child, depth + 1)),
  ];
  return rows(root, 0);
}
