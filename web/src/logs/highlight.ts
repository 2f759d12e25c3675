import { escapeRegex, unquote } from "../logql/text";
import { nodesNamed, parseLogql, textOf } from "../logql/tree";

// One expression that finds what the query's own line filters looked for, to mark it in the lines.
export function highlighter(query: string): RegExp | undefined {
  const patterns: string[] = [];
  let ignoreCase = false;
  for (const filter of nodesNamed(parseLogql(query).topNode, "LineFilter")) {
    const op = filter.firstChild ? textOf(query, filter.firstChild) : "";
    if (op !== "|=" && op !== "|~") continue;
    for (const node of nodesNamed(filter, "String")) {
      const value = unquote(textOf(query, node));
      const source = op === "|=" ? escapeRegex(value) : value.replace(/^\(\?i\)/, "");
      if (op === "|~" && value.startsWith("(?i)")) ignoreCase = true;
      if (source !== "" && isPattern(source)) patterns.push(`(?:${source})`);
    }
  }
  return patterns.length === 0 ? undefined : new RegExp(patterns.join("|"), ignoreCase ? "gi" : "g");
}

const kRepeat = /[*+]|\{\d+,\}/g;
const kRepeatsMax = 2;

// RE2 and the browser differ in places; what the browser cannot read is just not marked. Nor is what could keep it busy: RE2
// takes linear time for everything, the browser needs exponential time for some repeated groups.
function isPattern(source: string): boolean {
  if (/\)[*+{]/.test(source) || (source.match(kRepeat)?.length ?? 0) > kRepeatsMax) return false;
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}

export interface Piece {
  text: string;
  hit: boolean;
}

const kPiecesMax = 200;
const kMarkedMax = 4_000; // characters; what comes after is shown unmarked

export function pieces(text: string, pattern: RegExp | undefined): Piece[] {
  if (!pattern) return [{ text, hit: false }];
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.slice(0, kMarkedMax).matchAll(pattern)) {
    if (match[0] === "") continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), hit: false });
    found.push({ text: match[0], hit: true });
    from = match.index + match[0].length;
    if (found.length >= kPiecesMax) break;
  }
  if (from < text.length) found.push({ text: text.slice(from), hit: false });
  return found;
}
