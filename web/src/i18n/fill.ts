export type Params = Record<string, string | number>;

// "{count} lines" with {count: 3} -> "3 lines". An unknown name stays visible, so that a mistake is seen.
export function fill(text: string, params: Params = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
