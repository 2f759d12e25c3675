import type { DroppedTarget, Target, Targets } from "../api/prometheus_types";
import type { Labels } from "../api/types";
import { formatRough } from "../time/duration";
import { nsFromMs } from "../time/ns";

export const kHealths = ["all", "up", "down", "unknown", "dropped"] as const;
export type Health = (typeof kHealths)[number];

export const kPoolRowsMax = 500;

export interface TargetsState {
  search: string;
  health: Health;
}

export function readTargetsState(search: string): TargetsState {
  const params = new URLSearchParams(search);
  return {
    search: params.get("search") ?? "",
    health: kHealths.find((health) => health === params.get("health")) ?? "all",
  };
}

export function writeTargetsState({ search, health }: TargetsState): string {
  const params = new URLSearchParams();
  if (search !== "") params.set("search", search);
  if (health !== "all") params.set("health", health);
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

export interface Pool {
  name: string;
  active: Target[];
  dropped: DroppedTarget[];
  up: number; // of the active ones shown
}

const kTrouble: Record<Target["health"], number> = { down: 0, unknown: 1, up: 2 };

// The targets that fit, by scrape pool. Trouble comes first, within a pool and of pools.
export function poolsOf(targets: Targets, { search, health }: TargetsState): Pool[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (...texts: string[]) => words.every((word) => texts.some((text) => text.toLowerCase().includes(word)));
  const pools = new Map<string, Pool>();
  const poolOf = (name: string) => {
    const known = pools.get(name);
    if (known) return known;
    const pool: Pool = { name, active: [], dropped: [], up: 0 };
    pools.set(name, pool);
    return pool;
  };
  for (const target of targets.activeTargets) {
    if (health !== "all" && health !== target.health) continue;
    if (!fits(target.scrapePool, target.scrapeUrl, target.lastError, labelsText(target.labels))) continue;
    const pool = poolOf(target.scrapePool);
    pool.active.push(target);
    if (target.health === "up") pool.up += 1;
  }
  for (const target of targets.droppedTargets) {
    if (health !== "all" && health !== "dropped") continue;
    const name = target.scrapePool ?? target.discoveredLabels.job ?? "";
    if (fits(name, labelsText(target.discoveredLabels))) poolOf(name).dropped.push(target);
  }
  for (const pool of pools.values()) {
    pool.active.sort((a, b) => kTrouble[a.health] - kTrouble[b.health] || byText(a.scrapeUrl, b.scrapeUrl));
  }
  const bad = (pool: Pool) => Number(pool.up === pool.active.length);
  return [...pools.values()].sort((a, b) => bad(a) - bad(b) || byText(a.name, b.name));
}

const byText = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ");
}

// "12s"; undefined when there was no scrape yet (the year 1).
export function isoAgo(iso: string, nowMs: number): string | undefined {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms) || ms <= 0) return undefined;
  const ago = Math.max(0, Math.round((nowMs - ms) / 1000) * 1000);
  return formatRough(nsFromMs(ago));
}
