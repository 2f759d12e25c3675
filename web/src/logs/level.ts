import type { Labels } from "../api/types";

export const kLevels = ["critical", "error", "warn", "info", "debug", "trace", "unknown"] as const;
export type Level = (typeof kLevels)[number];

// CSS custom properties, set per theme in app/theme.css.
export function levelColor(level: Level): string {
  return `var(--level-${level})`;
}

const kNames: Record<string, Level> = {
  fatal: "critical",
  critical: "critical",
  crit: "critical",
  emerg: "critical",
  emergency: "critical",
  alert: "critical",
  panic: "critical",
  error: "error",
  err: "error",
  eror: "error",
  e: "error",
  warn: "warn",
  warning: "warn",
  wrn: "warn",
  w: "warn",
  info: "info",
  information: "info",
  informational: "info",
  inf: "info",
  notice: "info",
  i: "info",
  debug: "debug",
  dbug: "debug",
  dbg: "debug",
  d: "debug",
  trace: "trace",
  trc: "trace",
  verbose: "trace",
  t: "trace",
};

export function levelOfName(name: string): Level {
  return kNames[name.trim().toLowerCase()] ?? "unknown";
}

const kFieldNames = ["detected_level", "level", "severity", "severity_text", "lvl", "LEVEL", "Level", "SEVERITY"];

// The server writes detected_level for every line it takes in; rows without it (older data) are looked at here, the same
// way: a field, else the first level word of the line.
export function levelOf(labels: Labels, metadata: Labels, parsed: Labels, line: string): Level {
  for (const name of kFieldNames) {
    const value = metadata[name] ?? labels[name] ?? parsed[name];
    if (value !== undefined && value !== "unknown") return levelOfName(value);
  }
  return metadata.detected_level === undefined ? levelInLine(line) : "unknown";
}

const kWord = /(?:^|[\s[({"'=|<])(trace|debug|info|warn|warning|error|err|critical|fatal)(?=$|[\s\])}:,!"'|>])/i;

export function levelInLine(line: string): Level {
  const word = kWord.exec(line.slice(0, 400))?.[1];
  return word === undefined ? "unknown" : levelOfName(word);
}

// The server's names for a level, as a stage of a query.
export function levelFilter(level: Level): string {
  return level === "critical" ? 'detected_level=~"critical|fatal"' : `detected_level="${level}"`;
}
