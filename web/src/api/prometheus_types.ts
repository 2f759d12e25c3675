// Shapes of the Prometheus HTTP API as this UI uses them.
import type { Labels } from "./types";

export type Sample = [seconds: number, value: string];

// rule 0: (lower, upper], 1: [lower, upper), 2: (lower, upper), 3: [lower, upper]
export type Bucket = [rule: number, lower: string, upper: string, count: string];

export interface NativeHistogram {
  count: string;
  sum: string;
  buckets?: Bucket[];
}

export interface RangeSeries {
  metric: Labels;
  values?: Sample[];
  histograms?: [seconds: number, NativeHistogram][];
}

export interface InstantSample {
  metric: Labels;
  value?: Sample;
  histogram?: [seconds: number, NativeHistogram];
}

export interface PromStats {
  timings?: { evalTotalTime?: number; execQueueTime?: number; execTotalTime?: number };
  samples?: { totalQueryableSamples?: number; peakSamples?: number };
}

export type PromData = { stats?: PromStats } & (
  | { resultType: "matrix"; result: RangeSeries[] }
  | { resultType: "vector"; result: InstantSample[] }
  | { resultType: "scalar" | "string"; result: Sample }
);

export interface PromEnvelope<T> {
  status: "success" | "error";
  data?: T;
  warnings?: string[];
  infos?: string[];
}

export interface Answer<T> {
  data: T;
  warnings: string[];
  infos: string[];
}

export interface MetricMetadata {
  type: string;
  help: string;
  unit: string;
}

export interface Exemplar {
  labels: Labels;
  value: string;
  timestamp: number; // seconds
}

export interface ExemplarSeries {
  seriesLabels: Labels;
  exemplars: Exemplar[];
}

export interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl?: string;
  lastError: string;
  lastScrape: string; // RFC 3339; year 1 when there was none
  lastScrapeDuration: number; // seconds
  health: "up" | "down" | "unknown";
  scrapeInterval?: string;
  scrapeTimeout?: string;
}

export interface DroppedTarget {
  discoveredLabels: Labels;
  scrapePool?: string;
}

export interface Targets {
  activeTargets: Target[];
  droppedTargets: DroppedTarget[];
  droppedTargetCounts?: Record<string, number>;
}

// A node of a query's tree, evaluated by itself. Trilobite's.
export interface ExplainNode {
  text: string; // the node's own part: an operator, a function, a selector
  type: string; // "instant vector", "range vector", "scalar", "string"
  start: number; // bytes of the query's text
  end: number;
  series: number;
  points: number;
  samplesRead: number;
  seconds: number;
  children: ExplainNode[];
}

export interface NamedCount {
  name: string;
  value: number;
}

export interface TsdbStatus {
  headStats: { numSeries: number; numLabelPairs?: number; chunkCount: number; minTime: number; maxTime: number };
  seriesCountByMetricName: NamedCount[];
  labelValueCountByLabelName: NamedCount[];
  memoryInBytesByLabelName: NamedCount[];
  seriesCountByLabelValuePair: NamedCount[];
}
