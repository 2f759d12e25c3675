import { EqlRegex, EqlSingle } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import type { ExplainNode } from "../api/prometheus_types";
import { narrowing } from "./completion_client";
import { addMatcher, usualQuery } from "./edit";
import { legendText, metricSelector, seriesText } from "./names";
import { countQuery, flatten, measuredNodes, metricNames, queryTree } from "./tree";

describe("PromQL text", () => {
  it("writes series and selectors, quoting what is no identifier", () => {
    expect(seriesText({ __name__: "up", job: 'a"b', instance: "x:1" })).toBe('up{instance="x:1", job="a\\"b"}');
    expect(seriesText({})).toBe("{}");
    expect(seriesText({ __name__: "http.requests", "a.b": "c\n" })).toBe('{"http.requests", "a.b"="c\\n"}');
    expect(metricSelector("up")).toBe("up");
    expect(legendText("{{job}} / {{ none }}{", { job: "api" })).toBe("api / {");
  });

  it("adds a matcher to the selectors of a metric, and leaves the rest", () => {
    const cases: [string, string][] = [
      ["up", 'up{a="b"}'],
      ['rate(up{job="x"}[5m])', 'rate(up{job="x", a="b"}[5m])'],
      ["up{} / on (a) down", 'up{a="b"} / on (a) down'],
      ["sum(up) / sum(up) # note", 'sum(up{a="b"}) / sum(up{a="b"}) # note'],
      ['up{a="b"}', 'up{a="b"}'],
      ["down", 'up{a="b"}'],
      ["", 'up{a="b"}'],
    ];
    for (const [query, want] of cases) expect([query, addMatcher(query, "up", "a", "=", "b")]).toEqual([query, want]);
    expect(addMatcher('{"a.b"}', "a.b", "x.y", "!=", "1")).toBe('{"a.b", "x.y"!="1"}');
  });

  it("knows what one wants of a metric", () => {
    const metadata = (type: string) => ({ type, help: "", unit: "" });
    const cases: [string, string, string][] = [
      ["a_total", "counter", "rate(a_total[5m])"],
      ["a", "gauge", "a"],
      ["a_bucket", "histogram", "histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m])))"],
      ["a_sum", "histogram", "rate(a_sum[5m])"],
      ["native", "histogram", "histogram_quantile(0.95, sum(rate(native[5m])))"],
    ];
    for (const [name, type, want] of cases) expect(usualQuery(name, metadata(type))).toBe(want);
    expect(usualQuery("b", undefined)).toBe("b");
  });
});

describe("the tree of a query", () => {
  const shown = (query: string) => {
    const tree = queryTree(query);
    return tree && flatten(tree).map(({ depth, type, text }) => `${"  ".repeat(depth)}${type} ${text}`);
  };

  it("has a node for everything that has a value", () => {
    expect(shown("sum by (a) (rate(x[5m] offset 1h)) / on(a) group_left y > bool 2")).toEqual([
      "vector sum by (a) (rate(x[5m] offset 1h)) / on(a) group_left y > bool 2",
      "  vector sum by (a) (rate(x[5m] offset 1h)) / on(a) group_left y",
      "    vector sum by (a) (rate(x[5m] offset 1h))",
      "      vector rate(x[5m] offset 1h)",
      "        range x[5m] offset 1h",
      "          range x[5m]",
      "    vector y",
      "  scalar 2",
    ]);
  });

  it("tells scalars, strings and ranges apart", () => {
    expect(shown('label_replace(-(a), "b", "$1", "c", ".*")')).toContain('  string "b"');
    expect(queryTree("time() + 1")!.type).toBe("scalar");
    expect(queryTree("vector(time())")!.type).toBe("vector");
    expect(queryTree("max_over_time(a[1h:5m])")!.children[0]!.type).toBe("range");
  });

  it("counts series where there are any", () => {
    expect(countQuery(queryTree("up @ 5")!)).toBe("count(up @ 5)");
    expect(countQuery(queryTree("up[5m]")!)).toBe("count(last_over_time(up[5m]))");
    expect(countQuery(queryTree("1 + 1")!)).toBeUndefined();
  });

  it("is undefined for what is no query", () => {
    for (const bad of ["", "sum(", "a b", "{"]) expect([bad, queryTree(bad)]).toEqual([bad, undefined]);
  });

  it("takes the text of the server's nodes by bytes", () => {
    const node = (start: number, end: number, ...children: ExplainNode[]): ExplainNode => ({
      text: "",
      type: "scalar",
      start,
      end,
      series: 0,
      points: 1,
      samplesRead: 0,
      seconds: 0,
      children,
    });
    const rows = measuredNodes(node(0, 16, node(0, 10), node(13, 16)), '{"日志"} + abc');
    expect(rows.map(({ depth, text }) => [depth, text])).toEqual([
      [0, '{"日志"} + abc'],
      [1, '{"日志"}'],
      [1, "abc"],
    ]);
  });

  it("names the metrics read", () => {
    expect(metricNames('a / {"b.c"} + sum(a{x="y"}) + {z="1"}')).toEqual(["a", "b.c"]);
  });
});

describe("what completion asks for", () => {
  it("is narrowed by the metric and the other matchers", () => {
    const matchers = [
      { type: EqlSingle, name: "job", value: "x" },
      { type: EqlRegex, name: "pod", value: "a.*" },
      { type: EqlSingle, name: "empty", value: "" },
    ];
    expect(narrowing("pod", "up", matchers)).toBe('up{job="x"}');
    expect(narrowing("job", "", matchers)).toBe('{pod=~"a.*"}');
    expect(narrowing("job", undefined)).toBeUndefined();
  });
});
