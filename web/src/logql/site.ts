// Where in a query the cursor stands, and so what may come next. Works on half-written text, which no grammar accepts.

export type Site =
  | { kind: "labelName"; from: number; present: string[] }
  | { kind: "labelValue"; from: number; name: string; selector: string }
  | { kind: "fieldValue"; from: number; name: string }
  | { kind: "matchOperator"; from: number }
  | { kind: "filterOperator"; from: number }
  | { kind: "grouping"; from: number }
  | { kind: "stage"; from: number; parsed: boolean }
  | { kind: "pipe"; from: number }
  | { kind: "range"; from: number }
  | { kind: "expression"; from: number };

interface Scan {
  brace: number; // offset after the open `{`, or -1
  bracket: number; // offset after the open `[`, or -1
  quote: number; // offset after the quote of the open string, or -1
  comment: boolean;
}

function scan(text: string): Scan {
  const state: Scan = { brace: -1, bracket: -1, quote: -1, comment: false };
  let open = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (state.comment) {
      if (char === "\n") state.comment = false;
    } else if (state.quote >= 0) {
      if (char === "\\" && open === '"') i++;
      else if (char === open) state.quote = -1;
    } else if (char === '"' || char === "`") {
      open = char;
      state.quote = i + 1;
    } else if (char === "#") state.comment = true;
    else if (char === "{") state.brace = i + 1;
    else if (char === "}") state.brace = -1;
    else if (char === "[") state.bracket = i + 1;
    else if (char === "]") state.bracket = -1;
  }
  return state;
}

export function siteAt(query: string, pos: number): Site | undefined {
  const before = query.slice(0, pos);
  const state = scan(before);
  if (state.comment) return undefined;
  if (state.quote >= 0) return valueSite(query, before, state);
  if (state.brace >= 0) return selectorSite(query, before, state.brace);
  if (state.bracket >= 0) return { kind: "range", from: state.bracket };
  return outsideSite(before, pos);
}

const kComparison = /([A-Za-z_]\w*)\s*(?:=~|!~|!=|==|=)\s*$/;

function valueSite(query: string, before: string, state: Scan): Site | undefined {
  const name = kComparison.exec(before.slice(0, state.quote - 1))?.[1];
  if (name === undefined) return undefined;
  if (state.brace < 0) return { kind: "fieldValue", from: state.quote, name };
  return { kind: "labelValue", from: state.quote, name, selector: otherMatchers(query, state.brace, name) };
}

function selectorSite(query: string, before: string, brace: number): Site | undefined {
  const inside = before.slice(brace);
  const matcher = /(?:^|,)\s*(?:[^,"`]*(?:"(?:[^"\\]|\\.)*"|`[^`]*`))?([^,]*)$/.exec(inside)?.[1] ?? "";
  const word = /^\s*(\w*)$/.exec(matcher)?.[1];
  if (word !== undefined && !/["`]\s*$/.test(inside)) {
    return { kind: "labelName", from: before.length - word.length, present: namesIn(query, brace) };
  }
  const operator = /^\s*\w+\s*([=!~]*)$/.exec(matcher)?.[1];
  return operator === undefined ? undefined : { kind: "matchOperator", from: before.length - operator.length };
}

function insideOf(query: string, brace: number): string {
  const rest = query.slice(brace);
  const end = rest.search(/[}\n]/);
  return end < 0 ? rest : rest.slice(0, end);
}

const kMatcher = /([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)/g;

function namesIn(query: string, brace: number): string[] {
  return [...insideOf(query, brace).matchAll(kMatcher)].map((match) => match[1]!);
}

// The finished matchers of the other labels narrow what values are offered.
function otherMatchers(query: string, brace: number, name: string): string {
  const others = [...insideOf(query, brace).matchAll(kMatcher)]
    .filter((match) => match[1] !== name && match[3]!.length > 2)
    .map((match) => match[0]);
  return others.length === 0 ? "" : `{${others.join(", ")}}`;
}

function outsideSite(before: string, pos: number): Site | undefined {
  if (/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/i.test(before)) {
    return { kind: "grouping", from: pos - (/\w*$/.exec(before)?.[0].length ?? 0) };
  }
  const stage = /\|\s*(\w*)$/.exec(before);
  if (stage)
    return {
      kind: "stage",
      from: pos - stage[1]!.length,
      parsed: /\|\s*(json|logfmt|pattern|regexp|unpack)\b/.test(before),
    };
  if (/\|\s*(?:drop|keep|unwrap)\s+[\w\s,]*$/.test(before)) {
    return { kind: "grouping", from: pos - (/\w*$/.exec(before)?.[0].length ?? 0) };
  }
  const filter = /\|\s*\w+\s*([=!<>~]+|)$/.exec(before);
  if (filter && !/\|\s*(?:json|logfmt|unpack|decolorize)\s*$/.test(before)) {
    return { kind: "filterOperator", from: pos - filter[1]!.length };
  }
  const pipe = /(?:[}"`\])]|\|\s*(?:json|logfmt|unpack|decolorize))\s*([|!]?[=~]?)$/.exec(before);
  if (pipe && !/\)\s*$/.test(before)) return { kind: "pipe", from: pos - pipe[1]!.length };
  const word = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? "";
  return { kind: "expression", from: pos - word.length };
}
