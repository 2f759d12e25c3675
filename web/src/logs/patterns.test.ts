import { describe, expect, it } from "vitest";
import { patternPieces, patternRows, trendOf } from "./patterns";

describe("patterns of lines", () => {
  it("are counted, the most frequent first", () => {
    const rows = patternRows([
      { pattern: "a <_>", level: "info", samples: [[10, 1], [20, 2]] }, // prettier-ignore
      { pattern: "b", level: "error", samples: [[10, 6]] },
      { pattern: "none", level: "info", samples: [] },
      { pattern: "c", samples: [[20, 3]] },
    ]);
    expect(rows.map(({ pattern, level, count, share }) => [pattern, level, count, share])).toEqual([
      ["b", "error", 6, 0.5],
      ["a <_>", "info", 3, 0.25],
      ["c", "unknown", 3, 0.25],
    ]);
    expect(patternRows([])).toEqual([]);
  });

  it("are one when the server's levels are one here", () => {
    const rows = patternRows([
      { pattern: "x", level: "fatal", samples: [[10, 1]] },
      { pattern: "x", level: "critical", samples: [[10, 2]] },
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ level: "critical", count: 3, share: 1 });
    expect(rows[0]!.samples).toHaveLength(2);
  });

  it("come apart into words and gaps without losing text", () => {
    expect(patternPieces("a <_> b<_>").map(({ gap }) => gap)).toEqual([false, true, false, true]);
    for (const text of ["", "<_>", "<_> x", "a < b <_ <_>>", "no gap"]) {
      expect(patternPieces(text).map((piece) => piece.text).join("")).toBe(text); // prettier-ignore
    }
  });

  it("have a trend with a zero where no line came", () => {
    expect(trendOf([[20, 5], [30, 1], [30, 2]], 12, 45, 10)).toEqual([[10, 20, 30, 40], [0, 5, 3, 0]]); // prettier-ignore
    expect(trendOf([[500, 9]], 0, 20, 10)).toEqual([[0, 10, 20], [0, 0, 0]]); // prettier-ignore
  });
});
