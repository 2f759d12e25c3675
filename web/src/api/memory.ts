// Where the server's memory goes, and what is near a limit. Trilobite's own.
import { getJson } from "./client";
import type { PromEnvelope } from "./prometheus_types";

export interface Subsystem {
  name: string;
  bytes: number;
  help: string;
  limitBytes?: number;
  series?: number;
  onDisk?: boolean;
}

export type LimitState = "ok" | "warning" | "critical";

export interface Limit {
  name: string;
  subject: string; // a tenant or a job; "": the server
  used: number;
  limit: number;
  ratio: number;
  unit: "bytes" | "count";
  state: LimitState;
  key: string; // the setting; "": there is none
  effect: string; // what happens beyond, as a sentence
  help?: string;
}

export interface LimitWarning {
  limit: string;
  subject: string;
  state: LimitState;
  since: string; // RFC 3339
  message: string;
}

export interface MemoryStatus {
  process: { residentBytes: number; allocatedBytes?: number; budgetBytes?: number; machineBytes?: number };
  subsystems: Subsystem[];
  limits: Limit[];
  warnings: LimitWarning[];
  thresholds: { warning: number; critical: number };
  top: {
    metrics: { name: string; series: number; bytes: number }[];
    labels: { name: string; values: number; series: number; bytes: number }[];
    pairs: { name: string; series: number }[];
  };
}

export async function memoryStatus(limit: number, signal?: AbortSignal): Promise<MemoryStatus | undefined> {
  return (await getJson<PromEnvelope<MemoryStatus>>("/api/v1/status/memory", { limit }, { signal })).data;
}

// What somebody should look at, in words: what is near a limit. Costs the server next to nothing.
export async function notifications(signal?: AbortSignal): Promise<string[]> {
  const answer = await getJson<PromEnvelope<{ text: string; active: boolean }[]>>(
    "/api/v1/notifications",
    {},
    { signal },
  );
  return (answer.data ?? []).filter(({ active }) => active).map(({ text }) => text);
}
