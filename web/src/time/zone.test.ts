import { describe, expect, it } from "vitest";
import { allZones, formatOffset, formatTime, isoTime, isZone, msOfWall, offsetMs, parseTime } from "./zone";

const at = (iso: string) => BigInt(Date.parse(iso)) * 1_000_000n;

describe("time zones", () => {
  it("show the same instant differently", () => {
    const ns = at("2026-01-15T08:30:05Z") + 123_456_789n;
    expect(formatTime(ns, "utc")).toBe("2026-01-15 08:30:05.123");
    expect(formatTime(ns, "utc", "ns")).toBe("2026-01-15 08:30:05.123456789");
    expect(formatTime(ns, "utc", "second")).toBe("2026-01-15 08:30:05");
    expect(formatTime(ns, "Asia/Shanghai")).toBe("2026-01-15 16:30:05.123");
    expect(formatTime(ns, "Asia/Kathmandu", "second")).toBe("2026-01-15 14:15:05");
    expect(formatTime(ns, "America/New_York", "second")).toBe("2026-01-15 03:30:05");
  });

  it("show as much of the fraction as there is when asked", () => {
    expect(formatTime(at("2026-01-15T08:30:05Z"), "utc", "auto")).toBe("2026-01-15 08:30:05");
    expect(formatTime(at("2026-01-15T08:30:05.120Z"), "utc", "auto")).toBe("2026-01-15 08:30:05.120");
    expect(formatTime(at("2026-01-15T08:30:05Z") + 1n, "utc", "auto")).toBe("2026-01-15 08:30:05.000000001");
  });

  it("read what they print, to the nanosecond", () => {
    for (const zone of ["utc", "Asia/Shanghai", "America/St_Johns", "Europe/Berlin", "Australia/Lord_Howe"]) {
      for (const iso of ["2026-01-15T08:30:05Z", "2026-07-01T23:59:59Z", "1999-12-31T23:00:00Z"]) {
        const ns = at(iso) + 7n;
        expect(parseTime(formatTime(ns, zone, "ns"), zone)).toBe(ns);
      }
    }
  });

  it("read dates, minutes and written offsets, and refuse nonsense", () => {
    expect(parseTime("2026-01-15", "utc")).toBe(at("2026-01-15T00:00:00Z"));
    expect(parseTime("2026-01-15 08:30", "Asia/Shanghai")).toBe(at("2026-01-15T00:30:00Z"));
    expect(parseTime("2026-01-15T08:30:00.5+02:00", "utc")).toBe(at("2026-01-15T06:30:00.5Z"));
    expect(parseTime("2026-01-15T08:30:00Z", "Asia/Shanghai")).toBe(at("2026-01-15T08:30:00Z"));
    for (const bad of ["", "yesterday", "2026-13-01", "2026-02-30", "2026-01-15 25:00", "2026-01-15 10:61", "26-1-1"]) {
      expect([bad, parseTime(bad, "utc")]).toEqual([bad, undefined]);
    }
  });

  it("settle what a change of clocks leaves open", () => {
    // Berlin, 2026-03-29: 02:30 does not exist and becomes 03:30 (01:30 UTC). 2026-10-25: 02:30 exists twice, the first counts.
    expect(parseTime("2026-03-29 02:30", "Europe/Berlin")).toBe(at("2026-03-29T01:30:00Z"));
    expect(parseTime("2026-10-25 02:30", "Europe/Berlin")).toBe(at("2026-10-25T00:30:00Z"));
    expect(offsetMs(Date.parse("2026-07-01T00:00:00Z"), "Europe/Berlin")).toBe(7_200_000);
    const wall = { year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    expect(msOfWall(wall, "Asia/Tokyo")).toBe(Date.parse("2025-12-31T15:00:00Z"));
  });

  it("follow clocks that change off the quarter hour", () => {
    // St John's, 2006-10-29: back from -02:30 to -03:30 at 02:31 UTC.
    const minutes = ["02:30:59", "02:31:00"].map(
      (clock) => offsetMs(Date.parse(`2006-10-29T${clock}Z`), "America/St_Johns") / 60_000,
    );
    expect(minutes).toEqual([-150, -210]);
  });

  it("are known by name", () => {
    expect(["browser", "utc", "Asia/Shanghai", "Mars/Base", ""].map(isZone)).toEqual([true, true, true, false, false]);
    expect(allZones().slice(0, 2)).toEqual(["browser", "utc"]);
    expect(allZones()).toContain("Europe/Paris");
    expect(formatOffset(0, "Asia/Kolkata")).toBe("UTC+05:30");
    expect(formatOffset(Date.parse("2026-01-15T00:00:00Z"), "America/New_York")).toBe("UTC-05:00");
  });

  it("print RFC 3339 with every digit", () => {
    expect(isoTime(at("2026-01-15T08:30:05Z") + 123_456_789n)).toBe("2026-01-15T08:30:05.123456789Z");
    expect(isoTime(at("2026-01-15T08:30:05.120Z"))).toBe("2026-01-15T08:30:05.120Z");
  });
});
