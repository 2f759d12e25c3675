import { describe, expect, it } from "vitest";
import { lineCountQuery, topValuesQuery } from "./field_query";
import { patternModes, togglePatternFilter } from "./pattern_filter";
import { kSecond } from "../time/ns";

describe("filtering by a pattern", () => {
  it("puts the filter before parsers, replaces what it contradicts, and takes it back", () => {
    const cases: [query: string, mode: "for" | "out", pattern: string, want: string][] = [
      ['{a="b"}', "for", "x <_>", '{a="b"} |> "x <_>"'],
      ['{a="b"}', "out", "x <_>", '{a="b"} !> "x <_>"'],
      ['{a="b"} |= "y" | json | n>1', "out", "x <_>", '{a="b"} |= "y" !> "x <_>" | json | n>1'],
      ['{a="b"} |> "x <_>" | json', "out", "x <_>", '{a="b"} !> "x <_>" | json'],
      ['{a="b"} !> "x <_>"', "for", "x <_>", '{a="b"} |> "x <_>"'],
      // One pattern at a time is asked for; any number is left out.
      ['{a="b"} |> "x <_>"', "for", "y <_>", '{a="b"} |> "y <_>"'],
      ['{a="b"} !> "x <_>"', "out", "y <_>", '{a="b"} !> "x <_>" !> "y <_>"'],
      ['{a="b"} |= "z" |> "x <_>" | json', "for", "x <_>", '{a="b"} |= "z" | json'],
      ['{a="b"} !> "x <_>"', "out", "x <_>", '{a="b"}'],
      // Quotes of every kind.
      ['{a="b"}', "for", '{"k":"<_>"}', '{a="b"} |> `{"k":"<_>"}`'],
      ['{a="b"}', "for", 'a "`" \\ <_>', '{a="b"} |> "a \\"`\\" \\\\ <_>"'],
      ['{a="b"} |> `{"k":"<_>"}`', "for", '{"k":"<_>"}', '{a="b"}'],
      // What says more than one thing stays.
      ['{a="b"} |> "x" or "y"', "out", "x", '{a="b"} |> "x" or "y" !> "x"'],
    ];
    for (const [query, mode, pattern, want] of cases) {
      expect([query, togglePatternFilter(query, pattern, mode)]).toEqual([query, want]);
    }
  });

  it("knows what the query says already", () => {
    expect([...patternModes('{a="b"} |> "x" !> `y "<_>"` != "z"')]).toEqual([
      ["x", "for"],
      ['y "<_>"', "out"],
    ]);
  });
});

describe("questions about the lines of a query", () => {
  const top = (query: string, parsers: string[]) => topValuesQuery(query, { name: "f", parsers }, 90n * kSecond, 10);
  it("parse what the query does not, and count broken lines", () => {
    expect(top('{a="b"} |= "x"', ["json"])).toBe(
      'topk(10, sum by (f) (count_over_time({a="b"} |= "x" | json | drop __error__, __error_details__ | f!="" [1m30s])))',
    );
    expect(top('{a="b"} | json', ["json", "logfmt"])).toBe(
      'topk(10, sum by (f) (count_over_time({a="b"} | json | logfmt | drop __error__, __error_details__ | f!="" [1m30s])))',
    );
    expect(top('{a="b"}', [])).toBe('topk(10, sum by (f) (count_over_time({a="b"} | f!="" [1m30s])))');
    expect(top("", [])).toBeUndefined();
    expect(lineCountQuery('{a="b"}', kSecond)).toBe('sum(count_over_time({a="b"} [1s]))');
  });
});
