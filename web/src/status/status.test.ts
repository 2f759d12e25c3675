import { describe, expect, it } from "vitest";
import type { Target, Targets } from "../api/prometheus_types";
import { isoAgo, poolsOf, readTargetsState, writeTargetsState } from "./targets";
import { bytesText, pairOf } from "./tsdb";

const target = (scrapePool: string, instance: string, health: Target["health"], lastError = ""): Target => ({
  discoveredLabels: { __address__: instance },
  labels: { job: scrapePool, instance },
  scrapePool,
  scrapeUrl: `http://${instance}/metrics`,
  lastError,
  lastScrape: "2026-01-15T08:30:00Z",
  lastScrapeDuration: 0.01,
  health,
});

const kTargets: Targets = {
  activeTargets: [
    target("a", "a10:1", "up"),
    target("a", "a9:1", "up"),
    target("b", "b1:1", "up"),
    target("b", "b2:1", "down", "connection refused"),
  ],
  droppedTargets: [{ discoveredLabels: { __address__: "d1:1", job: "c" } }],
};

describe("targets", () => {
  const shown = (search: string, health: "all" | "up" | "down" | "unknown" | "dropped" = "all") =>
    poolsOf(kTargets, { search, health }).map(({ name, active, dropped }) => [
      name,
      ...active.map(({ labels }) => labels.instance),
      ...dropped.map(({ discoveredLabels }) => discoveredLabels.__address__),
    ]);

  it("stand in their pools, trouble first", () => {
    expect(shown("")).toEqual([
      ["b", "b2:1", "b1:1"],
      ["a", "a9:1", "a10:1"],
      ["c", "d1:1"],
    ]);
  });

  it("are found by pool, address, label and error", () => {
    expect(shown("REFUSED")).toEqual([["b", "b2:1"]]);
    expect(shown('instance="a9')).toEqual([["a", "a9:1"]]);
    expect(shown("b b1")).toEqual([["b", "b1:1"]]);
    expect(shown("", "down")).toEqual([["b", "b2:1"]]);
    expect(shown("", "dropped")).toEqual([["c", "d1:1"]]);
    expect(shown("nothing")).toEqual([]);
  });

  it("keep their filter in the address", () => {
    const state = { search: "a & b", health: "down" } as const;
    expect(readTargetsState(writeTargetsState(state))).toEqual(state);
    expect(readTargetsState("?health=ill")).toEqual({ search: "", health: "all" });
  });

  it("tell how long ago the last scrape was, if there was one", () => {
    expect(isoAgo("2026-01-15T08:30:00Z", Date.parse("2026-01-15T08:31:05Z"))).toBe("1m5s");
    expect(isoAgo("0001-01-01T00:00:00Z", Date.now())).toBeUndefined();
    expect(isoAgo("", Date.now())).toBeUndefined();
  });
});

describe("cardinality", () => {
  it("reads pairs and writes sizes", () => {
    expect(pairOf("job=a=b")).toEqual({ label: "job", value: "a=b" });
    expect(pairOf("odd")).toEqual({ label: "odd", value: "" });
    expect([0, 1023, 1024, 5_000_000].map(bytesText)).toEqual(["0 B", "1023 B", "1.00 KiB", "4.77 MiB"]);
  });
});
