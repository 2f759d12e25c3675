import { describe, expect, it } from "vitest";
import { fieldsOf } from "./fields";
import { joinLines, prettyJson, withExactNumbers } from "./pretty_json";

describe("fields in a line", () => {
  it("flatten JSON as the json stage does", () => {
    expect(fieldsOf('{"a":1,"b":{"c":"x","d":{"e":true}},"list":[1],"none":null}')).toEqual({
      format: "json",
      fields: { a: "1", b_c: "x", b_d_e: "true" },
    });
  });

  it("keep numbers a double cannot hold", () => {
    expect(fieldsOf('{"id":9007199254740993,"f":1.10}').fields).toEqual({ id: "9007199254740993", f: "1.10" });
    expect(withExactNumbers('{"a":"9007199254740993","b":2}')).toBe('{"a":"9007199254740993","b":2}');
  });

  it("read logfmt, but not prose", () => {
    expect(fieldsOf('level=info msg="a \\"b\\"" took=3ms empty=')).toEqual({
      format: "logfmt",
      fields: { level: "info", msg: 'a "b"', took: "3ms" },
    });
    for (const line of ["", "hello world", "set a=b in the configuration file and restart", "{broken", "a=b"]) {
      expect([line, fieldsOf(line).format]).toEqual([line, "text"]);
    }
  });
});

describe("pretty JSON", () => {
  it("lays out as JSON.stringify does, and keeps digits", () => {
    for (const value of [{}, [], { a: {} }, { a: [1, "x,{}", { b: null }], c: [] }, [[1], [2]], { "k:": 'v",' }]) {
      expect(joinLines(prettyJson(JSON.stringify(value)))).toBe(JSON.stringify(value, null, 2));
    }
    expect(joinLines(prettyJson('{"id": 9007199254740993}'))).toBe('{\n  "id": 9007199254740993\n}');
  });

  it("tells keys from values", () => {
    expect(prettyJson('{"a":"b"}')[1]?.tokens.map((token) => token.kind)).toEqual(["key", "mark", "string"]);
  });
});
