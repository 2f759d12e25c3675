import { describe, expect, it } from "vitest";
import { en } from "./en";
import { fill } from "./fill";
import { zh } from "./zh";

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("dictionaries", () => {
  it("have the same keys", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it("have no empty text and the same placeholders", () => {
    for (const [key, text] of Object.entries(en)) {
      const other = zh[key as keyof typeof en];
      expect([key, text.trim() !== "", other.trim() !== ""]).toEqual([key, true, true]);
      expect([key, names(other)]).toEqual([key, names(text)]);
    }
  });

  it("are really translated", () => {
    const same = Object.entries(en).filter(([key, text]) => zh[key as keyof typeof en] === text);
    expect(same).toEqual([]);
  });

  it("fill in values and leave unknown names visible", () => {
    expect(fill("{count} of {max}", { count: 3, max: "9" })).toBe("3 of 9");
    expect(fill("{nothing}")).toBe("{nothing}");
  });
});
