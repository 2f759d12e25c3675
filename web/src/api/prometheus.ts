import type { Interval } from "../time/range";
import { kMillisecond, type Ns } from "../time/ns";
import { ApiError, getJson, type Params } from "./client";
import type {
  Answer,
  ExemplarSeries,
  ExplainNode,
  MetricMetadata,
  PromData,
  PromEnvelope,
  Targets,
  TsdbStatus,
} from "./prometheus_types";

const kBase = "/api/v1";

// The API counts milliseconds; as text, because a double in seconds can be one off.
export function secondsText(ns: Ns): string {
  const ms = ns / kMillisecond;
  return `${ms / 1000n}.${(ms % 1000n).toString().padStart(3, "0")}`;
}

function span(interval: Interval | undefined): Params {
  return interval ? { start: secondsText(interval.start), end: secondsText(interval.end) } : {};
}

async function ask<T>(path: string, params: Params, empty: T, signal?: AbortSignal): Promise<Answer<T>> {
  const answer = await getJson<PromEnvelope<T>>(kBase + path, params, { signal });
  return { data: answer.data ?? empty, warnings: answer.warnings ?? [], infos: answer.infos ?? [] };
}

export function promRange(
  query: string,
  interval: Interval,
  step: Ns,
  signal?: AbortSignal,
): Promise<Answer<PromData>> {
  const params = { query, ...span(interval), step: secondsText(step), stats: "true" };
  return ask("/query_range", params, { resultType: "matrix", result: [] }, signal);
}

export function promInstant(query: string, time: Ns, signal?: AbortSignal): Promise<Answer<PromData>> {
  const params = { query, time: secondsText(time), stats: "true" };
  return ask("/query", params, { resultType: "vector", result: [] }, signal);
}

export async function promExemplars(
  query: string,
  interval: Interval,
  signal?: AbortSignal,
): Promise<ExemplarSeries[]> {
  return (await ask<ExemplarSeries[]>("/query_exemplars", { query, ...span(interval) }, [], signal)).data;
}

// The tree of a query with what each node gives and costs; undefined where the server has no such thing.
export async function promExplain(query: string, time: Ns, signal?: AbortSignal): Promise<ExplainNode | undefined> {
  try {
    const params = { query, time: secondsText(time) };
    return (await ask<ExplainNode | undefined>("/query_explain", params, undefined, signal)).data;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

// Names of labels, of those series only that `match` selects.
export async function promLabelNames(interval?: Interval, match?: string, signal?: AbortSignal): Promise<string[]> {
  return (await ask<string[]>("/labels", { ...span(interval), "match[]": match }, [], signal)).data;
}

export interface ValuesQuery {
  interval?: Interval;
  match?: string;
  limit?: number;
}

export async function promLabelValues(
  name: string,
  { interval, match, limit }: ValuesQuery,
  signal?: AbortSignal,
): Promise<string[]> {
  const path = `/label/${encodeURIComponent(name)}/values`;
  return (await ask<string[]>(path, { ...span(interval), "match[]": match, limit }, [], signal)).data;
}

export async function promMetadata(signal?: AbortSignal): Promise<Record<string, MetricMetadata[]>> {
  return (await ask<Record<string, MetricMetadata[]>>("/metadata", {}, {}, signal)).data;
}

export async function promFormat(query: string, signal?: AbortSignal): Promise<string> {
  return (await ask("/format_query", { query }, query, signal)).data;
}

export async function promTargets(signal?: AbortSignal): Promise<Targets> {
  const none: Targets = { activeTargets: [], droppedTargets: [] };
  return (await ask("/targets", { state: "any" }, none, signal)).data;
}

export async function promTsdbStatus(limit: number, signal?: AbortSignal): Promise<TsdbStatus> {
  const none: TsdbStatus = {
    headStats: { numSeries: 0, chunkCount: 0, minTime: 0, maxTime: 0 },
    seriesCountByMetricName: [],
    labelValueCountByLabelName: [],
    memoryInBytesByLabelName: [],
    seriesCountByLabelValuePair: [],
  };
  return { ...none, ...(await ask("/status/tsdb", { limit }, none, signal)).data };
}
