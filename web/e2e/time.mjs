// Times of test lines: nanoseconds as bigint, counted from now, so that every relative range of the UI finds them.

export const kSecond = 1_000_000_000n;
export const kMinute = 60n * kSecond;

export const now = () => BigInt(Date.now()) * 1_000_000n;

// `count` lines, `gap` apart, the last one `ago` before now.
export function entries(count, { gap = kSecond, ago = kMinute, line }) {
  const last = now() - ago;
  return Array.from({ length: count }, (_, index) => [last - BigInt(count - 1 - index) * gap, line(index)]);
}
