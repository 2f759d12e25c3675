import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { labelNames, labelValues, queryRange } from "../api/loki";
import type { MatrixSeries } from "../api/types";
import { volumeQuery } from "../logql/edit";
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

export function useMetric(query: string, interval: Interval | undefined, run: number, enabled: boolean) {
  return useQuery({
    queryKey: ["metric", query, interval && keyOf(interval), run],
    queryFn: async ({ signal }): Promise<MatrixSeries[]> => {
      const span = interval!.end - interval!.start;
      const rough = roundStep(span, kPointsWanted);
      const step = rough < kSecond ? kSecond : rough;
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
