import { describe, expect, it } from "vitest";
import type { Stream } from "../api/types";
import { rowsOf, separateLabels, withoutOverlap } from "./row";

const stream = (app: string, ...values: [string, string][]): Stream => ({ stream: { app }, values });

describe("rows", () => {
  it("merge streams by time without losing a nanosecond", () => {
    const streams = [
      stream("a", ["1768465805123456789", "one"], ["1768465805123456787", "three"]),
      stream("b", ["1768465805123456788", "two"]),
    ];
    expect(rowsOf(streams, "backward").map((row) => row.line)).toEqual(["one", "two", "three"]);
    expect(rowsOf(streams, "forward").map((row) => row.ns)).toEqual([
      "1768465805123456787",
      "1768465805123456788",
      "1768465805123456789",
    ]);
  });

  it("keep a stream's order within one instant", () => {
    expect(rowsOf([stream("a", ["5", "x"], ["5", "y"], ["5", "z"])], "forward").map((row) => row.line)).toEqual([
      "x",
      "y",
      "z",
    ]);
  });

  it("carry metadata and parsed fields apart", () => {
    const [row] = rowsOf(
      [
        {
          stream: { app: "a" },
          values: [["1", "x", { structuredMetadata: { detected_level: "warn" }, parsed: { s: "1" } }]],
        },
      ],
      "forward",
    );
    expect(row).toMatchObject({
      labels: { app: "a" },
      metadata: { detected_level: "warn" },
      parsed: { s: "1" },
      level: "warn",
    });
  });

  it("drop what a page repeats, once for each", () => {
    const shown = rowsOf([stream("a", ["9", "p"], ["5", "x"], ["5", "x"])], "backward");
    const page = rowsOf(
      [stream("a", ["5", "x"], ["5", "x"], ["5", "x"], ["5", "y"], ["4", "x"]), stream("b", ["5", "x"])],
      "backward",
    );
    expect(withoutOverlap(shown, page).map((row) => `${row.labels.app}${row.ns}${row.line}`)).toEqual([
      "a5x",
      "a5y",
      "b5x",
      "a4x",
    ]);
    expect(withoutOverlap([], page)).toHaveLength(6);
  });

  it("tell stream labels of tail frames by the index", () => {
    const [separated] = separateLabels(
      [{ stream: { app: "a", detected_level: "error" }, values: [["1", "x"]] }],
      new Set(["app"]),
    );
    expect(separated).toEqual({
      stream: { app: "a" },
      values: [["1", "x", { structuredMetadata: { detected_level: "error" } }]],
    });
  });
});
