import { describe, expect, it } from "vitest";
import { kDefaultState, readState, writeState, type LogsState } from "./url_state";

describe("state in the URL", () => {
  it("comes back as it went", () => {
    const states: LogsState[] = [
      kDefaultState,
      {
        query: '{app="a & b"} |= "100%" |~ `\\d+#?`\n| json',
        from: "1768465805123456789",
        to: "1768465805123456790",
        limit: 5000,
        direction: "forward",
        wrap: true,
        zone: "Asia/Shanghai",
        live: true,
        view: "patterns",
        plot: "instant",
        stacked: true,
      },
      { ...kDefaultState, query: "日志", from: "now-1d/d", to: "now/d", zone: "utc" },
    ];
    for (const state of states) expect(readState(writeState(state))).toEqual(state);
  });

  it("is short when nothing is special", () => {
    expect(writeState(kDefaultState)).toBe("");
    expect(writeState({ ...kDefaultState, query: "x" })).toBe("?q=x");
  });

  it("takes defaults for what it cannot read", () => {
    expect(readState("?limit=7&tz=Mars&dir=up&wrap=yes&live=&from=&view=all&plot=3d&stacked=yes")).toEqual(
      kDefaultState,
    );
  });
});
