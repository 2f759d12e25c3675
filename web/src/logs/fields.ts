import type { Labels } from "../api/types";
import { withExactNumbers } from "./pretty_json";

// Fields inside a line, found here for showing; the server's parsers do the same in a query.

export type LineFormat = "json" | "logfmt" | "text";

export interface LineFields {
  format: LineFormat;
  fields: Labels;
}

const kFieldsMax = 500;

export function fieldsOf(line: string): LineFields {
  const trimmed = line.trim();
  if (trimmed.startsWith("{")) {
    try {
      const json = JSON.parse(withExactNumbers(trimmed)) as Record<string, unknown>;
      const fields: Labels = {};
      flatten(json, "", fields);
      return { format: "json", fields };
    } catch {
      // Not JSON after all.
    }
  }
  const fields = logfmtFields(trimmed);
  return Object.keys(fields).length > 0 ? { format: "logfmt", fields } : { format: "text", fields: {} };
}

// As the json stage: objects flatten with `_`, arrays and null are skipped.
function flatten(value: Record<string, unknown>, prefix: string, out: Labels) {
  for (const [key, member] of Object.entries(value)) {
    if (Object.keys(out).length >= kFieldsMax) return;
    const name = prefix === "" ? key : `${prefix}_${key}`;
    if (member === null || Array.isArray(member)) continue;
    if (typeof member === "object") flatten(member as Record<string, unknown>, name, out);
    else if (!(name in out)) out[name] = String(member);
  }
}

const kPair = /(?:^|\s)([A-Za-z_][\w.\-/]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)/g;

// A line is logfmt when most of it is pairs; a stray `a=b` in prose does not make it so.
function logfmtFields(line: string): Labels {
  const fields: Labels = {};
  let covered = 0;
  let pairs = 0;
  for (const match of line.matchAll(kPair)) {
    pairs += 1;
    covered += match[0].length;
    const name = match[1]!;
    const raw = match[2]!;
    if (raw !== "" && !(name in fields)) fields[name] = raw.startsWith('"') ? unescape(raw) : raw;
    if (pairs >= kFieldsMax) break;
  }
  return pairs >= 2 && covered * 2 >= line.length ? fields : {};
}

function unescape(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1);
  }
}
