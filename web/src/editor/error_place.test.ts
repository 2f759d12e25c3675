import { describe, expect, it } from "vitest";
import { errorPlace, offsetOf, pointAt } from "./error_place";

describe("places of errors", () => {
  it("are read from the texts of both languages", () => {
    const cases: [string, ReturnType<typeof errorPlace>][] = [
      ["parse error at line 2, col 7: syntax error", { line: 2, column: 7 }],
      ["1:5: parse error: unexpected end of input", { line: 1, column: 5, bytes: true }],
      ['invalid parameter "query": 3:12: parse error: unclosed left parenthesis', { line: 3, column: 12, bytes: true }],
      ["query timed out at 10:15: sorry", undefined],
      ["", undefined],
    ];
    for (const [text, place] of cases) expect([text, errorPlace(text)]).toEqual([text, place]);
  });

  it("are offsets within the query", () => {
    expect(offsetOf("sum(\nrate(x", { line: 2, column: 3 })).toBe(7);
    expect(offsetOf("abc", { line: 9, column: 9 })).toBe(3);
    expect(offsetOf("abc", { line: 1, column: 0 })).toBe(0);
  });

  it("count bytes where PromQL does", () => {
    const query = '{"日志"} bad';
    const at = query.indexOf("bad");
    const column = new TextEncoder().encode(query.slice(0, at)).length + 1;
    expect(offsetOf(query, { line: 1, column, bytes: true })).toBe(at);
    expect(pointAt(query, { line: 1, column, bytes: true })).toBe(`${query}\n${" ".repeat(at)}^`);
  });
});
