import type { Direction } from "../api/types";
import { kDefaultRange } from "../time/range";
import { isZone } from "../time/zone";

// Everything that makes up a view, so that a link shows the same to somebody else.
export interface LogsState {
  query: string;
  from: string;
  to: string;
  limit: number;
  direction: Direction;
  wrap: boolean;
  zone: string;
  live: boolean;
  view: LogView;
  plot: PlotView;
  stacked: boolean;
}

// What is shown of a log query, and of a metric query ("instant": its value at the end of the range).
export const kLogViews = ["lines", "fields", "patterns"] as const;
export type LogView = (typeof kLogViews)[number];
export const kPlotViews = ["graph", "table", "instant"] as const;
export type PlotView = (typeof kPlotViews)[number];

export const kLimits = [100, 500, 1000, 2000, 5000] as const;

export const kDefaultState: LogsState = {
  query: "",
  ...kDefaultRange,
  limit: 1000,
  direction: "backward",
  wrap: false,
  zone: "browser",
  live: false,
  view: "lines",
  plot: "graph",
  stacked: false,
};

export function readState(search: string): LogsState {
  const params = new URLSearchParams(search);
  const limit = Number(params.get("limit"));
  const zone = params.get("tz") ?? kDefaultState.zone;
  return {
    query: params.get("q") ?? "",
    from: params.get("from") || kDefaultState.from,
    to: params.get("to") || kDefaultState.to,
    limit: kLimits.find((choice) => choice === limit) ?? kDefaultState.limit,
    direction: params.get("dir") === "forward" ? "forward" : "backward",
    wrap: params.get("wrap") === "1",
    zone: isZone(zone) ? zone : kDefaultState.zone,
    live: params.get("live") === "1",
    view: kLogViews.find((view) => view === params.get("view")) ?? kDefaultState.view,
    plot: kPlotViews.find((plot) => plot === params.get("plot")) ?? kDefaultState.plot,
    stacked: params.get("stacked") === "1",
  };
}

// Only what differs from the default, so that links stay short.
export function writeState(state: LogsState): string {
  const params = new URLSearchParams();
  if (state.query !== "") params.set("q", state.query);
  if (state.from !== kDefaultState.from || state.to !== kDefaultState.to) {
    params.set("from", state.from);
    params.set("to", state.to);
  }
  if (state.limit !== kDefaultState.limit) params.set("limit", String(state.limit));
  if (state.direction !== kDefaultState.direction) params.set("dir", state.direction);
  if (state.wrap) params.set("wrap", "1");
  if (state.zone !== kDefaultState.zone) params.set("tz", state.zone);
  if (state.live) params.set("live", "1");
  if (state.view !== kDefaultState.view) params.set("view", state.view);
  if (state.plot !== kDefaultState.plot) params.set("plot", state.plot);
  if (state.stacked) params.set("stacked", "1");
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
