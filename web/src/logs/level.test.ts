import { describe, expect, it } from "vitest";
import { kLevels, levelFilter, levelInLine, levelOf, levelOfName } from "./level";

describe("levels", () => {
  it("fold the usual names", () => {
    const cases: [string, string][] = [
      ["ERROR", "error"],
      ["err", "error"],
      ["Warning", "warn"],
      ["wrn", "warn"],
      ["fatal", "critical"],
      ["CRITICAL", "critical"],
      ["Information", "info"],
      ["dbg", "debug"],
      ["trc", "trace"],
      ["whatever", "unknown"],
      ["", "unknown"],
    ];
    for (const [name, level] of cases) expect([name, levelOfName(name)]).toEqual([name, level]);
  });

  it("come from the server's own finding first", () => {
    expect(levelOf({}, { detected_level: "error" }, {}, "INFO all well")).toBe("error");
    expect(levelOf({ level: "warn" }, {}, {}, "")).toBe("warn");
    expect(levelOf({}, {}, { level: "debug" }, "")).toBe("debug");
    // The server looked and found nothing: the line is not second-guessed.
    expect(levelOf({}, { detected_level: "unknown" }, {}, "an error")).toBe("unknown");
    expect(levelOf({}, {}, {}, "2026 ERROR: disk full")).toBe("error");
  });

  it("are found as words only", () => {
    const cases: [string, string][] = [
      ["[error] x", "error"],
      ["level=warn x", "warn"],
      ['{"level":"info"}', "info"],
      ["terror here", "unknown"],
      ["errors: 5", "unknown"],
      ["FATAL:  role does not exist", "critical"],
      ["no level", "unknown"],
    ];
    for (const [line, level] of cases) expect([line, levelInLine(line)]).toEqual([line, level]);
  });

  it("turn into filters", () => {
    expect(levelFilter("error")).toBe('detected_level="error"');
    expect(levelFilter("critical")).toBe('detected_level=~"critical|fatal"');
    expect(kLevels).toHaveLength(7);
  });
});
