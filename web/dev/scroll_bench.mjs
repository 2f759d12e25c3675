// Measures how the list scrolls with 100,000 rows in Debian's chromium, without a GPU.
//   npm run build && npm run mock &   then   node dev/scroll_bench.mjs [http://127.0.0.1:3100]
import { chromium } from "playwright-core";

const base = process.argv[2] ?? "http://127.0.0.1:3100";
const kRows = 100_000;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(`${base}/explore/logs?limit=5000&from=now-6h&to=now`);
await page.waitForSelector("[data-testid=log-row]");
const count = async () => Number(await page.getAttribute("[data-testid=row-count]", "data-count"));
const started = Date.now();
while ((await count()) < kRows) {
  await page.evaluate(() => {
    const list = document.querySelector("[role=log]");
    list.scrollTop = list.scrollHeight;
  });
  await page.waitForTimeout(30);
}
console.log(`rows/load   ${await count()} in ${Date.now() - started} ms, page by page of 5,000`);

const result = await page.evaluate(async () => {
  const list = document.querySelector("[role=log]");
  const frame = () => new Promise(requestAnimationFrame);
  const at = (times, share) => times.sort((a, b) => a - b)[Math.floor((times.length - 1) * share)].toFixed(1);
  list.scrollTop = 0;
  await new Promise((done) => setTimeout(done, 500));
  const frames = [];
  let last = performance.now();
  for (let i = 0; i < 600; i++) {
    list.scrollTop += 180;
    await frame();
    frames.push(performance.now() - last);
    last = performance.now();
  }
  const jumps = [];
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    list.scrollTop = list.scrollHeight * (((i * 37) % 100) / 100);
    await frame();
    await frame();
    jumps.push(performance.now() - start);
  }
  return {
    frame: `p50 ${at(frames, 0.5)} p95 ${at(frames, 0.95)} max ${at(frames, 1)} ms`,
    jump: `p50 ${at(jumps, 0.5)} max ${at(jumps, 1)} ms (two frames)`,
    heap: `${Math.round(performance.memory.usedJSHeapSize / 1e6)} MB`,
  };
});
console.log(`scroll/frame ${result.frame}\nscroll/jump  ${result.jump}\nheap         ${result.heap}`);
await browser.close();
