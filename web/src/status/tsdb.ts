import { labelText, matcherText, metricSelector } from "../promql/names";

// "job=api" -> the label and its value, which may have an equals sign of its own.
export function pairOf(text: string): { label: string; value: string } {
  const at = text.indexOf("=");
  return at < 0 ? { label: text, value: "" } : { label: text.slice(0, at), value: text.slice(at + 1) };
}

const kUnits = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function bytesText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < kUnits.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${kUnits[unit]}`;
}

// What to look at when one wants to know more of a name in a list.
export const metricQuery = (name: string) => `count(${metricSelector(name)})`;

export const labelQuery = (name: string) =>
  `topk(20, count by (${labelText(name)}) ({${matcherText(name, "!=", "")}}))`;

export function pairQuery(name: string): string {
  const { label, value } = pairOf(name);
  return `topk(20, count by (__name__) ({${matcherText(label, "=", value)}}))`;
}
