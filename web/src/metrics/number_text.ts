// Numbers for people: as many digits as one reads, with a letter for thousands.

const kSteps: readonly (readonly [number, string])[] = [
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

// 12345 -> "12.3k"; small ones keep their significant digits.
export function shortNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(value);
  for (const [step, letter] of kSteps) {
    if (size >= step)
      return size >= 1e18 ? value.toExponential(digits - 1) : `${trimmed(value / step, digits)}${letter}`;
  }
  return size !== 0 && size < 1e-4 ? value.toExponential(digits - 1) : trimmed(value, digits);
}

function trimmed(value: number, digits: number): string {
  return Number(value.toPrecision(Math.max(digits, 1))).toString();
}

// All that matters of a value, in one place.
export function fullNumber(value: number): string {
  if (!Number.isFinite(value)) return shortNumber(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e15)) return String(value);
  return value.toLocaleString("en", { maximumSignificantDigits: 8 });
}

// 0.0245 -> "24.5 ms"
export function secondsText(seconds: number): string {
  if (seconds >= 1) return `${trimmed(seconds, 3)} s`;
  return seconds >= 1e-3 ? `${trimmed(seconds * 1e3, 3)} ms` : `${trimmed(seconds * 1e6, 3)} µs`;
}
