import { kDefaultRange } from "../time/range";
import { isZone } from "../time/zone";
import { parseStep } from "../time/step";

export interface MetricQuery {
  expr: string;
  legend: string; // "{{label}}" stands for a value; empty: the whole series
  off: boolean; // kept, but not asked
}

// Everything that makes up a view, so that a link shows the same to somebody else.
export interface MetricsState {
  queries: MetricQuery[]; // at least one
  from: string;
  to: string;
  zone: string;
  step: string; // "": fitting the range
  view: MetricsView;
  stacked: boolean;
  log: boolean; // scale
  exemplars: boolean;
  heat: boolean; // classic histograms as one picture
  refresh: Refresh;
}

export const kMetricsViews = ["graph", "table", "explain"] as const;
export type MetricsView = (typeof kMetricsViews)[number];
export const kRefreshes = ["off", "5s", "15s", "1m", "5m"] as const;
export type Refresh = (typeof kRefreshes)[number];

export const kQueriesMax = 26; // a letter each
export const kNoQuery: MetricQuery = { expr: "", legend: "", off: false };

export const kDefaultMetrics: MetricsState = {
  queries: [kNoQuery],
  ...kDefaultRange,
  zone: "browser",
  step: "",
  view: "graph",
  stacked: false,
  log: false,
  exemplars: false,
  heat: false,
  refresh: "off",
};

export function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

export function readMetricsState(search: string): MetricsState {
  const params = new URLSearchParams(search);
  const zone = params.get("tz") ?? kDefaultMetrics.zone;
  const step = params.get("step") ?? "";
  return {
    queries: readQueries(params),
    from: params.get("from") || kDefaultMetrics.from,
    to: params.get("to") || kDefaultMetrics.to,
    zone: isZone(zone) ? zone : kDefaultMetrics.zone,
    step: parseStep(step) === undefined ? "" : step,
    view: kMetricsViews.find((view) => view === params.get("view")) ?? kDefaultMetrics.view,
    stacked: params.get("stacked") === "1",
    log: params.get("scale") === "log",
    exemplars: params.get("exemplars") === "1",
    heat: params.get("heat") === "1",
    refresh: kRefreshes.find((refresh) => refresh === params.get("refresh")) ?? kDefaultMetrics.refresh,
  };
}

function readQueries(params: URLSearchParams): MetricQuery[] {
  const legends = params.getAll("legend");
  const off = new Set((params.get("off") ?? "").split("."));
  const queries = params
    .getAll("q")
    .slice(0, kQueriesMax)
    .map((expr, index) => ({ expr, legend: legends[index] ?? "", off: off.has(String(index)) }));
  return queries.length === 0 ? kDefaultMetrics.queries : queries;
}

// Only what differs from the default, so that links stay short.
export function writeMetricsState(state: MetricsState): string {
  const params = new URLSearchParams();
  const { queries } = state;
  if (queries.length > 1 || queries[0]!.expr !== "") for (const { expr } of queries) params.append("q", expr);
  if (queries.some(({ legend }) => legend !== "")) for (const { legend } of queries) params.append("legend", legend);
  const off = queries.flatMap((query, index) => (query.off ? [index] : []));
  if (off.length > 0) params.set("off", off.join("."));
  if (state.from !== kDefaultMetrics.from || state.to !== kDefaultMetrics.to) {
    params.set("from", state.from);
    params.set("to", state.to);
  }
  if (state.zone !== kDefaultMetrics.zone) params.set("tz", state.zone);
  if (state.step !== "") params.set("step", state.step);
  if (state.view !== kDefaultMetrics.view) params.set("view", state.view);
  if (state.stacked) params.set("stacked", "1");
  if (state.log) params.set("scale", "log");
  if (state.exemplars) params.set("exemplars", "1");
  if (state.heat) params.set("heat", "1");
  if (state.refresh !== kDefaultMetrics.refresh) params.set("refresh", state.refresh);
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

// Links to Prometheus' own page, which alerts and old bookmarks hold: /graph?g0.expr=up&g0.tab=0&g0.range_input=1h.
export function fromPrometheusLink(search: string): string {
  const params = new URLSearchParams(search);
  const queries: MetricQuery[] = [];
  for (let index = 0; params.has(`g${index}.expr`) && index < kQueriesMax; index++) {
    queries.push({ ...kNoQuery, expr: params.get(`g${index}.expr`)! });
  }
  const range = params.get("g0.range_input") ?? "";
  const end = Date.parse(`${(params.get("g0.end_input") ?? "").replace(" ", "T")}Z`);
  const state = { ...kDefaultMetrics, queries: queries.length === 0 ? kDefaultMetrics.queries : queries };
  const span = parseStep(range);
  if (span !== undefined && Number.isNaN(end)) state.from = `now-${span / 1_000_000_000n}s`;
  if (span !== undefined && !Number.isNaN(end)) {
    state.to = (BigInt(end) * 1_000_000n).toString();
    state.from = (BigInt(end) * 1_000_000n - span).toString();
  }
  const tab = params.get("g0.tab");
  if (tab === "1" || tab === "table") state.view = "table";
  return writeMetricsState(state);
}
