import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import {
  countRows,
  detectedFields,
  detectedFieldValues,
  labelNames,
  labelValues,
  linePatterns,
  queryInstant,
  queryRange,
} from "../api/loki";
import type { DetectedField, MatrixSeries, QueryData, VectorSample } from "../api/types";
import { volumeQuery } from "../logql/edit";
import { lineCountQuery, topValuesQuery } from "../logql/field_query";
import { formatDuration, roundStep } from "../time/duration";
import { floorTo, kDay, kMinute, kSecond, nowNs } from "../time/ns";
import type { Interval } from "../time/range";
import { volumeInterval, volumeOf, volumeStep } from "./histogram";

const keyOf = (interval: Interval) => `${interval.start}-${interval.end}`;

// How many lines of each level over the interval.
export function useVolume(query: string, interval: Interval | undefined, run: number, enabled: boolean) {
  return useQuery({
    queryKey: ["volume", query, interval && keyOf(interval), run],
    queryFn: async ({ signal }) => {
      const step = volumeStep(interval!);
      const metric = volumeQuery(query, formatDuration(step));
      if (metric === undefined) return volumeOf([], interval!, step);
      const { data } = await queryRange(
        {
          query: metric,
          interval: volumeInterval(interval!, step),
          step: stepSeconds(step),
          purpose: "logvolhist",
        },
        signal,
      );
      return volumeOf(data.resultType === "matrix" ? data.result : [], interval!, step);
    },
    enabled: enabled && interval !== undefined,
    gcTime: 60_000,
  });
}

// The API takes float seconds, which every server reads alike.
function stepSeconds(step: bigint): string {
  return String(Number(step) / Number(kSecond));
}

const kPointsWanted = 240;

export function metricStep(interval: Interval): bigint {
  const rough = roundStep(interval.end - interval.start, kPointsWanted);
  return rough < kSecond ? kSecond : rough;
}

export function useMetric(query: string, interval: Interval | undefined, run: number, enabled: boolean) {
  return useQuery({
    queryKey: ["metric", query, interval && keyOf(interval), run],
    queryFn: async ({ signal }): Promise<MatrixSeries[]> => {
      const step = metricStep(interval!);
      const { data } = await queryRange(
        { query, interval: interval!, step: stepSeconds(step), purpose: "metric" },
        signal,
      );
      return data.resultType === "matrix" ? data.result : [];
    },
    enabled: enabled && interval !== undefined,
    gcTime: 60_000,
  });
}

// The value of a metric query at the end of the interval; a number without labels is a sample of no labels.
export function useInstant(query: string, interval: Interval, run: number, enabled: boolean) {
  return useQuery({
    queryKey: ["instant", query, keyOf(interval), run],
    queryFn: async ({ signal }) => samplesOf(await queryInstant(query, interval.end, signal)),
    enabled,
    gcTime: 60_000,
  });
}

function samplesOf(data: QueryData): VectorSample[] {
  if (data.resultType === "scalar") return [{ metric: {}, value: data.result }];
  return data.resultType === "vector" ? data.result : [];
}

// Of how many of the newest lines the fields are told.
export const kFieldsSample = 1000;

export function useDetectedFields(query: string, interval: Interval, run: number) {
  return useQuery({
    queryKey: ["fields", query, keyOf(interval), run],
    queryFn: ({ signal }) => detectedFields(query, interval, kFieldsSample, signal),
    gcTime: 60_000,
  });
}

export interface TopValue {
  value: string;
  count?: number; // unknown where the server could not count
}

export const kTopValues = 10;

// The values that most lines of the interval have; when they cannot be counted, those of the newest lines.
export function useTopValues(query: string, field: DetectedField, interval: Interval, run: number) {
  return useQuery({
    queryKey: ["top", query, field.label, keyOf(interval), run],
    queryFn: async ({ signal }): Promise<{ values: TopValue[]; uncounted?: string }> => {
      const range = interval.end - interval.start;
      const top = topValuesQuery(query, { name: field.label, parsers: field.parsers ?? [] }, range, kTopValues);
      if (top === undefined) return { values: [] };
      try {
        const samples = samplesOf(await queryInstant(top, interval.end, signal));
        const values = samples.map(({ metric, value }) => ({
          value: metric[field.label] ?? "",
          count: Number(value[1]),
        }));
        return { values: values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)) };
      } catch (error) {
        if (signal.aborted) throw error;
        const values = await detectedFieldValues(field.label, query, interval, kFieldsSample, signal);
        const uncounted = error instanceof Error ? error.message : String(error);
        return { values: values.slice(0, kTopValues).map((value) => ({ value })), uncounted };
      }
    },
    gcTime: 60_000,
  });
}

// How many lines of the query there are: what the shares are of.
export function useLineCount(query: string, interval: Interval, run: number) {
  return useQuery({
    queryKey: ["count", query, keyOf(interval), run],
    queryFn: async ({ signal }) => {
      const count = lineCountQuery(query, interval.end - interval.start);
      const samples = count === undefined ? [] : samplesOf(await queryInstant(count, interval.end, signal));
      return Number(samples[0]?.value[1] ?? 0);
    },
    gcTime: 60_000,
  });
}

// How many lines there are in all, once the first ones are shown and there are more.
export function useTotalRows(query: string, interval: Interval | undefined, run: number, enabled: boolean) {
  return useQuery({
    queryKey: ["total", query, interval && keyOf(interval), run],
    queryFn: async ({ signal }) => (await countRows(query, interval!, signal)) ?? null,
    enabled: enabled && interval !== undefined,
    gcTime: 60_000,
  });
}

const kTrendPoints = 60;

export function trendStep(interval: Interval): bigint {
  const rough = roundStep(interval.end - interval.start, kTrendPoints);
  return rough < kSecond ? kSecond : rough;
}

export function usePatterns(selector: string, interval: Interval, run: number) {
  return useQuery({
    queryKey: ["patterns", selector, keyOf(interval), run],
    queryFn: ({ signal }) => linePatterns(selector, interval, stepSeconds(trendStep(interval)), signal),
    gcTime: 60_000,
  });
}

// The newest line of a pattern.
export function useSampleLine(query: string, interval: Interval) {
  return useQuery({
    queryKey: ["sample", query, keyOf(interval)],
    queryFn: async ({ signal }) => {
      const { data } = await queryRange({ query, interval, limit: 1, purpose: "sample" }, signal);
      return data.resultType === "streams" ? data.result[0]?.values[0]?.[1] : undefined;
    },
    gcTime: 60_000,
  });
}

// Label questions are rounded to a minute, so that typing asks once and not at every key.
function rounded(interval: Interval): Interval {
  return { start: floorTo(interval.start, kMinute), end: floorTo(interval.end, kMinute) + kMinute };
}

export interface LabelIndex {
  names(): Promise<string[]>;
  values(name: string, selector?: string): Promise<string[]>;
}

export function useLabelIndex(interval: Interval | undefined): LabelIndex {
  const client = useQueryClient();
  return useMemo(() => {
    const span = rounded(interval ?? { start: nowNs() - kDay, end: nowNs() });
    const freshMs = 30_000;
    return {
      names: () =>
        client.fetchQuery({
          queryKey: ["labels", keyOf(span)],
          staleTime: freshMs,
          queryFn: ({ signal }) => labelNames(span, undefined, signal),
        }),
      values: (name, selector) =>
        client.fetchQuery({
          queryKey: ["values", name, selector, keyOf(span)],
          staleTime: freshMs,
          queryFn: ({ signal }) => labelValues(name, span, selector, signal),
        }),
    };
  }, [client, interval]);
}

export function useLabelNames(interval: Interval | undefined, run: number) {
  const span = interval && rounded(interval);
  return useQuery({
    queryKey: ["labels", span && keyOf(span), run],
    queryFn: ({ signal }) => labelNames(span, undefined, signal),
    enabled: span !== undefined,
    placeholderData: keepPreviousData,
  });
}

export function useLabelValues(name: string, interval: Interval | undefined, enabled: boolean) {
  const span = interval && rounded(interval);
  return useQuery({
    queryKey: ["values", name, undefined, span && keyOf(span)],
    queryFn: ({ signal }) => labelValues(name, span, undefined, signal),
    enabled: enabled && span !== undefined,
    staleTime: 30_000,
  });
}

const kLongAgo = 3650n * kDay;

// Whether the server holds any logs at all, recorded ones of long ago included.
export function useHasAnyLogs(enabled: boolean, run: number) {
  return useQuery({
    queryKey: ["any", run],
    queryFn: async ({ signal }) => {
      const now = nowNs();
      return (await labelNames({ start: now - kLongAgo, end: now + kMinute }, undefined, signal)).length > 0;
    },
    enabled,
  });
}

// What to show somebody who has not asked anything yet.
export function defaultQuery(names: string[]): string | undefined {
  const name = names.includes("service_name") ? "service_name" : names.find((each) => !each.startsWith("__"));
  return name === undefined ? undefined : `{${name}=~".+"}`;
}
