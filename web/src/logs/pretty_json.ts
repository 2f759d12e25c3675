// Lays JSON text out without reading its numbers: 9007199254740993 stays what it is.

export type TokenKind = "key" | "string" | "number" | "word" | "mark";

export interface Token {
  kind: TokenKind;
  text: string;
}

const kToken = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

// Lines of tokens, each with its depth. The text must be valid JSON.
export interface Line {
  depth: number;
  tokens: Token[];
}

export function prettyJson(text: string): Line[] {
  const tokens = text.match(kToken) ?? [];
  const lines: Line[] = [{ depth: 0, tokens: [] }];
  let depth = 0;
  const put = (kind: TokenKind, token: string) => lines.at(-1)!.tokens.push({ kind, text: token });
  const newline = () => lines.push({ depth, tokens: [] });
  tokens.forEach((token, index) => {
    const opened = /^[{[]$/.test(tokens[index - 1] ?? "");
    if (token === "{" || token === "[") {
      if (opened) newline();
      put("mark", token);
      depth += 1;
    } else if (token === "}" || token === "]") {
      depth -= 1;
      if (!opened) newline();
      put("mark", token);
    } else if (token === ",") {
      put("mark", ",");
      newline();
    } else if (token === ":") {
      put("mark", ": ");
    } else {
      if (opened) newline();
      put(kindOf(token, tokens[index + 1]), token);
    }
  });
  return lines;
}

function kindOf(token: string, next: string | undefined): TokenKind {
  if (token.startsWith('"')) return next === ":" ? "key" : "string";
  return /^[-\d]/.test(token) ? "number" : "word";
}

export function joinLines(lines: Line[]): string {
  return lines.map((line) => "  ".repeat(line.depth) + line.tokens.map((token) => token.text).join("")).join("\n");
}

// JSON whose numbers that a double would change are quoted, so that parsing keeps their digits.
export function withExactNumbers(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"${token}"`,
  );
}
