import { describe, expect, it } from "vitest";
import { hiddenSecrets, problemsOf, topValue } from "./problems";

describe("problems", () => {
  it("have the line that the server names", () => {
    const cases: [string, ReturnType<typeof problemsOf>][] = [
      ["line 3: scrape_interval: not a duration", [{ line: 3, text: "scrape_interval: not a duration" }]],
      [
        "line 4: rules[0].expr: could not parse expression: 1:5: parse error: unexpected end of input",
        [{ line: 4, text: "rules[0].expr: could not parse expression: 1:5: parse error: unexpected end of input" }],
      ],
      [
        "line 1: a; b; line 2: c",
        [
          { line: 1, text: "a; b" },
          { line: 2, text: "c" },
        ],
      ],
      ["yaml: line 2: did not find expected key", [{ line: 2, text: "yaml: line 2: did not find expected key" }]],
      ["line 7, column 3: end of map not found", [{ line: 7, text: "end of map not found" }]],
      [
        "line 1: a\n\nline 2: b",
        [
          { line: 1, text: "a" },
          { line: 2, text: "b" },
        ],
      ],
      ['job_name is "a" but the request is about "b"', [{ text: 'job_name is "a" but the request is about "b"' }]],
      ["an outline 4: of it", [{ text: "an outline 4: of it" }]],
      ["line 0: nothing", [{ line: 1, text: "nothing" }]],
      ["", []],
    ];
    for (const [message, problems] of cases) expect([message, problemsOf(message)]).toEqual([message, problems]);
  });

  it("tell which known names look like an unknown one, in place of all of them", () => {
    expect(problemsOf("line 3: metrics_paht: unknown name; known are job_name, metrics_path, scheme")).toEqual([
      { line: 3, text: "metrics_paht: unknown name", near: ["metrics_path"] },
    ]);
    expect(problemsOf('line 2: rules[0]: unknown name "exp"; known are alert, expr, for, record')).toEqual([
      { line: 2, text: 'rules[0]: unknown name "exp"', near: ["expr"] },
    ]);
    expect(problemsOf("line 2: zzzzzz: unknown name; known are alert, expr")).toEqual([
      { line: 2, text: "zzzzzz: unknown name", near: [] },
    ]);
  });

  it("are secrets that were not shown", () => {
    expect(hiddenSecrets("basic_auth:\n  username: u\n  password: <secret>\n")).toEqual([3]);
    expect(hiddenSecrets("password: mine")).toEqual([]);
  });
});

describe("the name in a text", () => {
  it("is read however it is written", () => {
    const cases: [string, string | undefined][] = [
      ["job_name: node", "node"],
      ["# first\nscrape_interval: 1m\njob_name:   node exporter  # why", "node exporter"],
      ['job_name: "a # \\"b\\""', 'a # "b"'],
      ["job_name: 'it''s'", "it's"],
      ["- job_name: listed", "listed"],
      ["'job_name': quoted", "quoted"],
      ["static_configs:\n  job_name: inner", undefined],
      ["job_name:", undefined],
      ["job_name: # none", undefined],
      ["", undefined],
    ];
    for (const [yaml, name] of cases) expect([yaml, topValue(yaml, "job_name")]).toEqual([yaml, name]);
  });
});
