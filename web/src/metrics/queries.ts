import { keepPreviousData, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import {
  promExemplars,
  promExplain,
  promInstant,
  promLabelNames,
  promLabelValues,
  promMetadata,
  promRange,
} from "../api/prometheus";
import type { MetricMetadata } from "../api/prometheus_types";
import type { PromWorld } from "../promql/world";
import { kNameLabel } from "../promql/names";
import { countQuery, type QueryNode } from "../promql/tree";
import { floorTo, kDay, kMinute, nowNs, type Ns } from "../time/ns";
import type { Interval } from "../time/range";
import { alignTo } from "../time/step";

const keyOf = (interval: Interval) => `${interval.start}-${interval.end}`;
const kForgetMs = 60_000;

export interface Asked {
  letter: string;
  expr: string;
  legend: string;
}

export function useRanges(asked: readonly Asked[], interval: Interval | undefined, step: Ns, run: number, on: boolean) {
  return useQueries({
    queries: asked.map(({ expr }) => ({
      queryKey: ["prom-range", expr, interval && keyOf(interval), step.toString(), run],
      queryFn: ({ signal }: { signal: AbortSignal }) => promRange(expr, alignTo(interval!, step), step, signal),
      enabled: on && interval !== undefined,
      placeholderData: keepPreviousData,
      gcTime: kForgetMs,
    })),
  });
}

export type RangeAnswer = ReturnType<typeof useRanges>[number];

// Values at the end of the range.
export function useInstants(asked: readonly Asked[], interval: Interval | undefined, run: number, on: boolean) {
  return useQueries({
    queries: asked.map(({ expr }) => ({
      queryKey: ["prom-instant", expr, interval && interval.end.toString(), run],
      queryFn: ({ signal }: { signal: AbortSignal }) => promInstant(expr, interval!.end, signal),
      enabled: on && interval !== undefined,
      placeholderData: keepPreviousData,
      gcTime: kForgetMs,
    })),
  });
}

export function useExemplars(asked: readonly Asked[], interval: Interval | undefined, run: number, on: boolean) {
  return useQueries({
    queries: asked.map(({ expr }) => ({
      queryKey: ["prom-exemplars", expr, interval && keyOf(interval), run],
      queryFn: ({ signal }: { signal: AbortSignal }) => promExemplars(expr, interval!, signal),
      enabled: on && interval !== undefined,
      placeholderData: keepPreviousData,
      gcTime: kForgetMs,
    })),
  });
}

export function useExplained(query: string, time: Ns, run: number) {
  return useQuery({
    queryKey: ["prom-explain", query, time.toString(), run],
    queryFn: async ({ signal }) => (await promExplain(query, time, signal)) ?? null,
    gcTime: kForgetMs,
  });
}

export interface Measured {
  series?: number;
  value?: string; // of a scalar
  seconds?: number;
  samples?: number;
}

// What one node of a query costs and gives at an instant: its own evaluation, with the server's own statistics.
export function useMeasured(node: QueryNode, time: Ns, run: number) {
  return useQuery({
    queryKey: ["prom-node", node.text, node.type, time.toString(), run],
    queryFn: async ({ signal }): Promise<Measured> => {
      const { data } = await promInstant(countQuery(node) ?? node.text, time, signal);
      const measured: Measured = {
        seconds: data.stats?.timings?.evalTotalTime,
        samples: data.stats?.samples?.totalQueryableSamples,
      };
      if (data.resultType === "vector") measured.series = Number(data.result[0]?.value?.[1] ?? 0);
      if (data.resultType === "scalar") measured.value = data.result[1];
      return measured;
    },
    enabled: node.type !== "string",
    gcTime: kForgetMs,
  });
}

// Questions about names are rounded to a minute, so that typing asks once and not at every key.
function rounded(interval: Interval): Interval {
  return { start: floorTo(interval.start, kMinute), end: floorTo(interval.end, kMinute) + kMinute };
}

const kFreshMs = 30_000;
export const kNamesMax = 50_000;

export function useMetricNames(interval: Interval | undefined) {
  const span = interval && rounded(interval);
  return useQuery({
    queryKey: ["prom-names", span && keyOf(span)],
    queryFn: ({ signal }) => promLabelValues(kNameLabel, { interval: span, limit: kNamesMax }, signal),
    enabled: span !== undefined,
    staleTime: kFreshMs,
    placeholderData: keepPreviousData,
  });
}

export function useMetadata() {
  return useQuery({ queryKey: ["prom-metadata"], queryFn: ({ signal }) => promMetadata(signal), staleTime: kFreshMs });
}

export function useMetricLabels(match: string, interval: Interval, on: boolean) {
  const span = rounded(interval);
  return useQuery({
    queryKey: ["prom-labels", match, keyOf(span)],
    queryFn: ({ signal }) => promLabelNames(span, match, signal),
    enabled: on,
    staleTime: kFreshMs,
  });
}

export function useMetricLabelValues(name: string, match: string, interval: Interval, on: boolean) {
  const span = rounded(interval);
  return useQuery({
    queryKey: ["prom-values", name, match, keyOf(span)],
    queryFn: ({ signal }) => promLabelValues(name, { interval: span, match }, signal),
    enabled: on,
    staleTime: kFreshMs,
  });
}

// Metadata stands under the family's name; a histogram's or counter's series have suffixes.
export function metadataOf(
  all: Record<string, MetricMetadata[]> | undefined,
  metric: string,
): MetricMetadata | undefined {
  return all?.[metric]?.[0] ?? all?.[metric.replace(/_(total|count|sum|bucket|created|info)$/, "")]?.[0];
}

// What completion asks; the answers are shared with the metric browser.
export function usePromWorld(interval: Interval | undefined): PromWorld {
  const client = useQueryClient();
  return useMemo(() => {
    const span = rounded(interval ?? { start: nowNs() - kDay, end: nowNs() });
    const key = keyOf(span);
    const fetched = <T>(queryKey: readonly unknown[], queryFn: (context: { signal: AbortSignal }) => Promise<T>) =>
      client.fetchQuery({ queryKey, queryFn, staleTime: kFreshMs });
    return {
      metricNames: () =>
        fetched(["prom-names", key], ({ signal }) =>
          promLabelValues(kNameLabel, { interval: span, limit: kNamesMax }, signal),
        ),
      labelNames: (match) => fetched(["prom-labels", match, key], ({ signal }) => promLabelNames(span, match, signal)),
      labelValues: (name, match) =>
        fetched(["prom-values", name, match, key], ({ signal }) =>
          promLabelValues(name, { interval: span, match, limit: 1000 }, signal),
        ),
      metadata: () => fetched(["prom-metadata"], ({ signal }) => promMetadata(signal)),
    };
  }, [client, interval]);
}
