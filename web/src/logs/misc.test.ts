import { describe, expect, it } from "vitest";
import { highlighter, pieces } from "./highlight";
import { alignSeries, chosenSeries, kSeriesMax, seriesColor, seriesName } from "./metric";
import { defaultQuery } from "./queries";
import { rowsOf } from "./row";
import { shortValue, sourceLabel } from "./source";

describe("marking what was searched for", () => {
  it("takes the query's positive line filters", () => {
    const pattern = highlighter('{a="b"} |= "x.y" or "z" != "no" |~ "q+"');
    expect(
      pieces("x.y xay zqq no", pattern)
        .filter((piece) => piece.hit)
        .map((piece) => piece.text),
    ).toEqual(["x.y", "z", "qq"]);
    expect(highlighter('{a="b"} != "no" | json')).toBeUndefined();
    expect(highlighter('{a="b"} |~ "(?i)time"')?.flags).toContain("i");
    expect(highlighter('{a="b"} |~ "(?P<x>"')).toBeUndefined(); // the browser cannot read it
    for (const slow of ["(a+)+b", "(a|a)*b", ".*a.*b.*c", "(x{2,}){3,}"])
      expect(highlighter(`{a="b"} |~ "${slow}"`)).toBeUndefined();
  });

  it("loses no text", () => {
    const pattern = highlighter('{a="b"} |= "a" |~ "b*"');
    for (const text of ["", "aaa", "xaybz", "bbb"])
      expect(
        pieces(text, pattern)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
  });
});

describe("the source column", () => {
  const rows = (...labels: Record<string, string>[]) =>
    rowsOf(
      labels.map((stream, index) => ({ stream, values: [[String(index), ""]] })),
      "forward",
    );
  it("is the label that tells streams apart", () => {
    expect(sourceLabel(rows({ app: "a" }))).toBeUndefined();
    expect(sourceLabel(rows({ app: "a", host: "1" }, { app: "a", host: "2" }))).toBe("host");
    expect(sourceLabel(rows({ service_name: "a", host: "1" }, { service_name: "b", host: "2" }))).toBe("service_name");
    expect(sourceLabel(rows({ zzz: "1", yyy: "1" }, { zzz: "2", yyy: "2" }))).toBe("yyy");
    expect(["/var/log/syslog", "api"].map(shortValue)).toEqual(["syslog", "api"]);
  });
});

describe("graphs", () => {
  it("share one time axis with gaps", () => {
    expect(
      alignSeries([
        {
          metric: {},
          values: [
            [1, "1"],
            [3, "3"],
          ],
        },
        {
          metric: {},
          values: [
            [2, "2"],
            [3, "NaN"],
          ],
        },
      ]),
    ).toEqual([
      [1, 2, 3],
      [1, null, 3],
      [null, 2, null],
    ]);
    expect(seriesName({ b: "1", a: "x" })).toBe('{a="x", b="1"}');
  });

  it("show the highest when there are too many, in a stable order", () => {
    const many = Array.from({ length: kSeriesMax + 5 }, (_, index) => ({
      metric: { n: String(index).padStart(3, "0") },
      values: [[1, String(index)] as [number, string]],
    }));
    const chosen = chosenSeries(many);
    expect(chosen).toHaveLength(kSeriesMax);
    expect(chosen[0]?.metric.n).toBe("005");
    expect(chosen.at(-1)?.metric.n).toBe("054");
    expect(seriesColor({ detected_level: "err" }, 3, "dark")).toBe("var(--level-error)");
    expect(seriesColor({ a: "x" }, 0, "dark")).not.toBe(seriesColor({ a: "y" }, 1, "dark"));
  });
});

describe("the default query", () => {
  it("prefers the service, and never guesses from nothing", () => {
    expect(defaultQuery(["app", "service_name"])).toBe('{service_name=~".+"}');
    expect(defaultQuery(["__stream_shard__", "app"])).toBe('{app=~".+"}');
    expect(defaultQuery([])).toBeUndefined();
  });
});
