import { describe, expect, it } from "vitest";
import {
  addFieldFilter,
  addLineFilter,
  addStage,
  selectorText,
  volumeQuery,
  type FieldOrigin,
  type FilterMode,
} from "./edit";
import { kindOf } from "./tree";

interface Case {
  query: string;
  origin: FieldOrigin;
  name: string;
  value: string;
  mode: FilterMode;
  want: string;
}

const c = (query: string, mode: FilterMode, origin: FieldOrigin, name: string, value: string, want: string): Case => ({
  query,
  mode,
  origin,
  name,
  value,
  want,
});

describe("filtering by a field", () => {
  it("puts stream labels into the selector", () => {
    const cases = [
      c('{app="a"}', "for", "label", "host", "h1", '{app="a", host="h1"}'),
      c('{app="a"}', "out", "label", "host", "h1", '{app="a", host!="h1"}'),
      c("{}", "for", "label", "host", "h1", '{host="h1"}'),
      c("", "for", "label", "host", "h1", '{host="h1"}'),
      // Already said: nothing changes.
      c('{app="a"}', "for", "label", "app", "a", '{app="a"}'),
      c('{app="a", host!="h"}', "out", "label", "host", "h", '{app="a", host!="h"}'),
      // An equality replaces what was said of that label.
      c('{service_name=~".+"}', "for", "label", "service_name", "api", '{service_name="api"}'),
      c('{app="a", host="h1"}', "for", "label", "host", "h2", '{app="a", host="h2"}'),
      c('{app!="b", host="h", app!="c"}', "for", "label", "app", "a", '{app="a", host="h"}'),
      // The placeholder stays when something is filtered out; an equality alone turns into a refused selector otherwise.
      c('{service_name=~".+"}', "out", "label", "service_name", "api", '{service_name=~".+", service_name!="api"}'),
      c('{app="a"}', "out", "label", "app", "a", '{app=~".+", app!="a"}'),
      c('{host="h", app="a"}', "out", "label", "app", "a", '{host="h", app!="a"}'),
      // Text around stays as it was written.
      c('{ app="a" } |= "x" # why', "for", "label", "host", "h", '{ app="a", host="h" } |= "x" # why'),
      c('{app="a"}', "for", "label", "path", 'C:\\x "y"', '{app="a", path="C:\\\\x \\"y\\""}'),
    ];
    for (const { query, mode, origin, name, value, want } of cases) {
      expect([query, addFieldFilter(query, { name, value, origin }, mode)]).toEqual([query, want]);
    }
  });

  it("filters other fields after the stages that make them", () => {
    const cases = [
      c('{app="a"}', "for", "metadata", "detected_level", "error", '{app="a"} | detected_level="error"'),
      c('{app="a"} |= "x"', "out", "metadata", "trace_id", "1", '{app="a"} |= "x" | trace_id!="1"'),
      c('{app="a"}', "for", "json", "status", "200", '{app="a"} | json | status="200"'),
      c('{app="a"} | json', "for", "json", "status", "200", '{app="a"} | json | status="200"'),
      c(
        '{app="a"} | json | line_format "{{.x}}"',
        "for",
        "parsed",
        "status",
        "200",
        '{app="a"} | json | line_format "{{.x}}" | status="200"',
      ),
      c('{app="a"}', "for", "logfmt", "took", "1s", '{app="a"} | logfmt | took="1s"'),
      c('{app="a"} | json', "for", "logfmt", "took", "1s", '{app="a"} | json | logfmt | took="1s"'),
      c('{app="a"}', "for", "json", "http.status-code", "2", '{app="a"} | json | http_status_code="2"'),
      // The opposite of a filter turns it around, the same one changes nothing.
      c('{app="a"} | json | status="200"', "out", "json", "status", "200", '{app="a"} | json | status!="200"'),
      c('{app="a"} | json | status="200"', "for", "json", "status", "200", '{app="a"} | json | status="200"'),
      c(
        '{app="a"} | json | status="200" | x="1"',
        "for",
        "json",
        "status",
        "500",
        '{app="a"} | json | status="200" | x="1" | status="500"',
      ),
      // A compound filter is not taken apart.
      c('{app="a"} | json | a="1" or b="2"', "out", "json", "a", "1", '{app="a"} | json | a="1" or b="2" | a!="1"'),
    ];
    for (const { query, mode, origin, name, value, want } of cases) {
      expect([query, addFieldFilter(query, { name, value, origin }, mode)]).toEqual([query, want]);
    }
  });

  it("reaches every selector of a metric query", () => {
    const query = 'sum(rate({app="a"} | json [5m])) / sum(rate({app="b"} [5m]))';
    expect(addFieldFilter(query, { name: "host", value: "h", origin: "label" }, "for")).toBe(
      'sum(rate({app="a", host="h"} | json [5m])) / sum(rate({app="b", host="h"} [5m]))',
    );
    expect(addFieldFilter(query, { name: "s", value: "1", origin: "json" }, "for")).toBe(
      'sum(rate({app="a"} | json | s="1" [5m])) / sum(rate({app="b"} | json | s="1" [5m]))',
    );
  });
});

describe("searching for text", () => {
  it("adds a line filter after other line filters and before parsers", () => {
    const exact = { ignoreCase: false };
    expect(addLineFilter('{app="a"}', "x y", exact)).toBe('{app="a"} |= "x y"');
    expect(addLineFilter('{app="a"} |= "x" | json | s="1"', "y", exact)).toBe('{app="a"} |= "x" |= "y" | json | s="1"');
    expect(addLineFilter('{app="a"} | json', 'say "hi"', exact)).toBe('{app="a"} |= `say "hi"` | json');
    expect(addLineFilter('{app="a"}', 'a`"b', exact)).toBe('{app="a"} |= "a`\\"b"');
    expect(addLineFilter('{app="a"}', "a", { ...exact, exclude: true })).toBe('{app="a"} != "a"');
  });

  it("escapes the text when case does not matter", () => {
    expect(addLineFilter('{app="a"}', "a.b(c)", { ignoreCase: true })).toBe('{app="a"} |~ `(?i)a\\.b\\(c\\)`');
    expect(addLineFilter('{app="a"}', "timeout", { ignoreCase: true })).toBe('{app="a"} |~ "(?i)timeout"');
  });
});

describe("derived queries", () => {
  it("count lines by level for the histogram", () => {
    expect(volumeQuery('{app="a"} |= "x" # c', "30s")).toBe(
      'sum by (detected_level) (count_over_time({app="a"} |= "x" [30s]))',
    );
    expect(volumeQuery('{app="a"} | json | s>1', "1m")).toBe(
      'sum by (detected_level) (count_over_time({app="a"} | json | s>1 | drop __error__ [1m]))',
    );
    expect(volumeQuery("nonsense", "1m")).toBeUndefined();
    expect(volumeQuery('{app="a"} | json | distinct a, b | sort by (a) desc', "1m")).toBe(
      'sum by (detected_level) (count_over_time({app="a"} | json | drop __error__ [1m]))',
    );
    expect(volumeQuery('{app="a"} |= "| distinct a"', "1m")).toBe(
      'sum by (detected_level) (count_over_time({app="a"} |= "| distinct a" [1m]))',
    );
  });

  it("find the selector, the kind, and add a stage once", () => {
    expect(selectorText('rate({app="a"} | json [1m])')).toBe('{app="a"}');
    expect(['{a="b"}', '{a="b"} | json', 'rate({a="b"}[1m])', "", "hello"].map(kindOf)).toEqual([
      "logs",
      "logs",
      "metric",
      "invalid",
      "invalid",
    ]);
    const once = addStage('{app="a"}', 'detected_level="error"');
    expect(once).toBe('{app="a"} | detected_level="error"');
    expect(addStage(once, 'detected_level="error"')).toBe(once);
  });
});
