import { describe, expect, it } from "vitest";
import { errorPlace, offsetOf, pointAt } from "../editor/error_place";
import { labelName, quote, quoteDouble, selectorOf, unquote } from "./text";

describe("LogQL text", () => {
  it("quotes so that reading back gives the same", () => {
    for (const value of ["", "plain", 'a"b', "a\\b", "`", '`"\\', "line\nbreak", "tab\t", "\x1b[31m", "日志 ✓"]) {
      expect(unquote(quote(value))).toBe(value);
      expect(unquote(quoteDouble(value))).toBe(value);
    }
  });

  it("reads Go escapes", () => {
    expect(unquote('"\\x41\\u00e9\\U0001F600\\101\\n"')).toBe("Aé😀A\n");
  });

  it("names fields as the parsers do", () => {
    expect(["a", "http.status", " x ", "1st", "é"].map(labelName)).toEqual(["a", "http_status", "x", "_1st", "_"]);
  });

  it("writes a selector of exact labels", () => {
    expect(selectorOf({ b: 'x"y', a: "1" })).toBe('{a="1", b="x\\"y"}');
  });
});

describe("the place of a parse error", () => {
  const message = "parse error at line 2, col 5: syntax error: unexpected |";
  it("is read from the server's text and pointed at", () => {
    expect(errorPlace(message)).toEqual({ line: 2, column: 5 });
    expect(errorPlace("something else")).toBeUndefined();
    const query = '{a="b"}\n| | x';
    expect(offsetOf(query, { line: 2, column: 3 })).toBe(10);
    expect(offsetOf(query, { line: 9, column: 99 })).toBe(query.length);
    expect(pointAt(query, { line: 2, column: 3 })).toBe("| | x\n  ^");
  });
});
