import type { Interval } from "../time/range";
import type { Ns } from "../time/ns";
import { getJson, type Params } from "./client";
import type {
  BuildInfo,
  DetectedField,
  Direction,
  Envelope,
  Labels,
  LinePattern,
  MatrixSeries,
  QueryData,
  Stream,
} from "./types";

const kBase = "/loki/api/v1";

// With this flag a value carries its structured metadata and parsed fields apart from the stream's labels.
const kCategorize = { "X-Loki-Response-Encoding-Flags": "categorize-labels" };

function span(interval: Interval | undefined): Params {
  return interval ? { start: interval.start, end: interval.end } : {};
}

// Empty answers leave `data` out.
async function list(path: string, params: Params, signal?: AbortSignal): Promise<string[]> {
  const answer = await getJson<Envelope<string[]>>(path, params, { signal });
  return answer.data ?? [];
}

export function labelNames(interval?: Interval, query?: string, signal?: AbortSignal): Promise<string[]> {
  return list(`${kBase}/labels`, { ...span(interval), query }, signal);
}

export function labelValues(
  name: string,
  interval?: Interval,
  query?: string,
  signal?: AbortSignal,
): Promise<string[]> {
  return list(`${kBase}/label/${encodeURIComponent(name)}/values`, { ...span(interval), query }, signal);
}

export async function series(match: string, interval?: Interval, signal?: AbortSignal): Promise<Labels[]> {
  const params = { ...span(interval), "match[]": match };
  const answer = await getJson<Envelope<Labels[]>>(`${kBase}/series`, params, { signal });
  return answer.data ?? [];
}

export interface RangeQuery {
  query: string;
  interval: Interval;
  limit?: number;
  direction?: Direction;
  step?: string;
  purpose?: string; // written to the server's query log
}

export interface RangeAnswer {
  data: QueryData;
  warnings: string[];
}

export async function queryRange(request: RangeQuery, signal?: AbortSignal): Promise<RangeAnswer> {
  const { query, interval, limit, direction, step } = request;
  const headers: Record<string, string> = { ...kCategorize };
  if (request.purpose) headers["X-Query-Tags"] = `Source=${request.purpose}`;
  // How many lines an answer leaves out is asked for apart, so that the lines need not wait for it.
  const params = { query, ...span(interval), limit, direction, step, count: "false" };
  const answer = await getJson<Envelope<QueryData>>(`${kBase}/query_range`, params, { signal, headers });
  return { data: answer.data ?? { resultType: "streams", result: [] }, warnings: answer.warnings ?? [] };
}

export interface Surroundings {
  before: Stream[]; // all oldest first
  at: Stream[]; // the line itself; nothing where there is none such
  after: Stream[];
}

export interface SurroundingsQuery {
  query: string;
  time: string; // ns
  line: string;
  interval: Interval;
  before: number;
  after: number;
}

// The lines around one line of a query, in one question.
export async function surroundings(request: SurroundingsQuery, signal?: AbortSignal): Promise<Surroundings> {
  const { interval, ...rest } = request;
  const params = { ...rest, ...span(interval) };
  const headers = { ...kCategorize, "X-Query-Tags": "Source=context" };
  const answer = await getJson<Envelope<Surroundings>>(`${kBase}/context`, params, { signal, headers });
  return answer.data ?? { before: [], at: [], after: [] };
}

// How many lines a query has in the interval; undefined where counting takes the server too long.
export async function countRows(query: string, interval: Interval, signal?: AbortSignal): Promise<number | undefined> {
  const headers = { "X-Query-Tags": "Source=count" };
  const params = { query, ...span(interval), limit: 1 };
  const { data } = await getJson<Envelope<QueryData>>(`${kBase}/query_range`, params, { signal, headers });
  if (data?.resultType !== "streams" || data.rowsMore === undefined) return undefined;
  return data.result.reduce((sum, { values }) => sum + values.length, 0) + data.rowsMore;
}

export async function queryInstant(query: string, time: Ns, signal?: AbortSignal): Promise<QueryData> {
  const answer = await getJson<Envelope<QueryData>>(`${kBase}/query`, { query, time }, { signal });
  return answer.data ?? { resultType: "vector", result: [] };
}

// Bytes per value of each of `targetLabels`.
export async function volumeRange(
  query: string,
  interval: Interval,
  step: string,
  targetLabels: string,
  signal?: AbortSignal,
): Promise<MatrixSeries[]> {
  const params = { query, ...span(interval), step, targetLabels };
  const answer = await getJson<Envelope<QueryData>>(`${kBase}/index/volume_range`, params, { signal });
  return answer.data?.resultType === "matrix" ? answer.data.result : [];
}

// What fields the newest `sample` lines have.
export async function detectedFields(
  query: string,
  interval: Interval,
  sample: number,
  signal?: AbortSignal,
): Promise<DetectedField[]> {
  const params = { query, ...span(interval), line_limit: sample };
  const answer = await getJson<{ fields?: DetectedField[] }>(`${kBase}/detected_fields`, params, { signal });
  return answer.fields ?? [];
}

export async function detectedFieldValues(
  name: string,
  query: string,
  interval: Interval,
  sample: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const path = `${kBase}/detected_field/${encodeURIComponent(name)}/values`;
  const params = { query, ...span(interval), line_limit: sample };
  const answer = await getJson<{ values?: string[] }>(path, params, { signal });
  return answer.values ?? [];
}

// The templates of the lines of a selector, with how many lines of each came in each step.
export async function linePatterns(
  selector: string,
  interval: Interval,
  step: string,
  signal?: AbortSignal,
): Promise<LinePattern[]> {
  const params = { query: selector, ...span(interval), step };
  const answer = await getJson<Envelope<LinePattern[]>>(`${kBase}/patterns`, params, { signal });
  return answer.data ?? [];
}

export async function formatQuery(query: string, signal?: AbortSignal): Promise<string> {
  const answer = await getJson<Envelope<string>>(`${kBase}/format_query`, { query }, { signal });
  return answer.data ?? query;
}

export async function buildInfo(signal?: AbortSignal): Promise<BuildInfo> {
  const answer = await getJson<Envelope<BuildInfo>>("/api/trilobite/v1/buildinfo", {}, { signal });
  return answer.data ?? {};
}
