// Waiting for conditions. Time never decides a test; it only ends one that would wait for ever.

export const kDeadlineMs = 20_000;
const kPollMs = 25;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Asks `probe` until it answers something true, and returns that. A probe that throws has not answered yet.
export async function until(what, probe, deadlineMs = kDeadlineMs) {
  const end = performance.now() + deadlineMs;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what} (last: ${shown(last)})`);
    await pause(kPollMs);
  }
}

// As `until`, for a value that must become equal to another; the failure shows both.
export async function becomes(what, read, expected, deadlineMs = kDeadlineMs) {
  const wanted = JSON.stringify(expected);
  let last;
  await until(`${what} is ${shown(expected)}`, async () => {
    last = await read();
    return JSON.stringify(last) === wanted;
  }, deadlineMs).catch((error) => {
    throw new Error(`${error.message}\n    now: ${shown(last)}`);
  });
}

function shown(value) {
  if (value instanceof Error) return value.message.split("\n", 1)[0];
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
