import { useQuery } from "@tanstack/react-query";
import { memoryStatus, notifications, type MemoryStatus } from "../api/memory";

const kPageEveryMs = 15_000;
const kBadgeEveryMs = 60_000;

export function useMemoryStatus(limit: number) {
  return useQuery({
    queryKey: ["memory", limit],
    queryFn: async ({ signal }) => (await memoryStatus(limit, signal)) ?? kNothing,
    placeholderData: (previous) => previous,
    refetchInterval: kPageEveryMs,
  });
}

// How much is near a limit, for the navigation; quiet where the server does not tell.
export function useWarningCount(): number {
  const { data } = useQuery({
    queryKey: ["notifications"],
    queryFn: async ({ signal }) => (await notifications(signal)).length,
    refetchInterval: (query) => (query.state.error ? false : kBadgeEveryMs),
  });
  return data ?? 0;
}

const kNothing: MemoryStatus = {
  process: { residentBytes: 0 },
  subsystems: [],
  limits: [],
  warnings: [],
  thresholds: { warning: 0.8, critical: 0.95 },
  top: { metrics: [], labels: [], pairs: [] },
};
