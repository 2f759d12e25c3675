import { describe, expect, it } from "vitest";
import {
  fromPrometheusLink,
  kDefaultMetrics,
  kNoQuery,
  readMetricsState,
  writeMetricsState,
  type MetricsState,
} from "./url_state";

describe("state of the metrics page in the URL", () => {
  it("comes back as it went", () => {
    const states: MetricsState[] = [
      kDefaultMetrics,
      {
        ...kDefaultMetrics,
        queries: [{ expr: 'sum by (a) (rate(x{b="c & d"}[5m]))\n# note', legend: "", off: false }],
      },
      {
        queries: [
          { expr: "up", legend: "{{job}} 日志", off: true },
          { expr: "", legend: "", off: false },
          { expr: "vector(1)", legend: "one", off: false },
        ],
        from: "1768465805123456789",
        to: "now",
        zone: "utc",
        step: "1m30s",
        view: "explain",
        stacked: true,
        log: true,
        exemplars: true,
        heat: true,
        refresh: "15s",
      },
    ];
    for (const state of states) expect(readMetricsState(writeMetricsState(state))).toEqual(state);
  });

  it("is short when nothing is special, and takes defaults for what it cannot read", () => {
    expect(writeMetricsState(kDefaultMetrics)).toBe("");
    expect(readMetricsState("?step=soon&tz=Mars&view=3d&scale=cubic&refresh=1ns&off=x")).toEqual(kDefaultMetrics);
  });

  it("reads links to Prometheus' page", () => {
    const link = "?g0.expr=up%20%3D%3D%200&g0.tab=1&g0.range_input=2h&g1.expr=vector(1)";
    expect(readMetricsState(fromPrometheusLink(link))).toEqual({
      ...kDefaultMetrics,
      queries: [
        { ...kNoQuery, expr: "up == 0" },
        { ...kNoQuery, expr: "vector(1)" },
      ],
      from: "now-7200s",
      view: "table",
    });
    const ended = readMetricsState(
      fromPrometheusLink("?g0.expr=up&g0.range_input=1h&g0.end_input=2026-01-15%2008:30:00"),
    );
    expect(BigInt(ended.to) - BigInt(ended.from)).toBe(3_600_000_000_000n);
    expect(fromPrometheusLink("?nothing=here")).toBe("");
  });
});
