// Small pieces of LogQL text.

// A double-quoted string, or backquotes when that reads better (regular expressions, JSON).
export function quote(value: string): string {
  const awkward = /["\\]/.test(value);
  if (awkward && !/[`\r\n\0]/.test(value)) return `\`${value}\``;
  return quoteDouble(value);
}

const kEscapes: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };

export function quoteDouble(value: string): string {
  const escaped = value.replace(/[\\"\n\r\t]/g, (char) => kEscapes[char] ?? char);
  // The other control characters have no short escape.
  return `"${escaped.replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

const kUnescapes: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

// The value of a quoted string as it stands in a query.
export function unquote(text: string): string {
  if (text.startsWith("`")) return text.replace(/^`|`$/g, "");
  const body = text.replace(/^"|"$/g, "");
  return body.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/g, (_, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(parseInt(code, 8));
    return kUnescapes[code] ?? code;
  });
}

// Text that an RE2 expression matches literally.
export function escapeRegex(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

// The name the json and logfmt stages give a field.
export function labelName(field: string): string {
  const name = field.trim().replace(/[^a-zA-Z0-9_]/g, "_");
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

export function selectorOf(labels: Record<string, string>): string {
  const matchers = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${quoteDouble(labels[name] ?? "")}`);
  return `{${matchers.join(", ")}}`;
}
