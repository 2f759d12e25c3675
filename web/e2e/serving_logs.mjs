// Logs of an imagined LLM service, for screenshots: a front end, workers for prefill and decode, and a chat back end.
// Always the same but for the times. In the middle one decode worker runs out of KV cache for some minutes.
import { kMinute, now } from "./time.mjs";

const kSpanMinutes = 60;
const kTroubleFrom = 24; // minutes ago
const kTroubleTo = 17;
const kModels = ["Qwen/Qwen3-32B", "Qwen/Qwen3-32B", "meta-llama/Llama-3.3-70B-Instruct"];

// Mulberry32: small, even, and the same everywhere.
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

// Each part writes in its own format, as such services do.
const stream = (service_name, pod, format) => ({ labels: { namespace: "inference", service_name, pod }, format });
const kFrontend = stream("dynamo-frontend", "dynamo-frontend-6d4c8", jsonLine);
const kPrefill = [0, 1].map((i) => stream("prefill-worker", `prefill-worker-${i}`, readableLine));
const kDecode = [0, 1].map((i) => stream("decode-worker", `decode-worker-${i}`, readableLine));
const kApi = stream("chat-api", "chat-api-5f7b9", jsonLine);
const kAccess = stream("chat-api", "chat-api-5f7b9", (_time, _level, _target, message) => message);

function jsonLine(time, level, target, message, fields) {
  return JSON.stringify({ time, level, target, message, ...fields });
}

function readableLine(time, level, target, message, fields) {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === "string" ? JSON.stringify(value) : value}`);
  return `${time} ${level.padStart(5)} ${target}: ${message} ${shown.join(" ")}`;
}

// One request is seen by every part of the service. Lines are [stream, ms after its start, level, target, message, fields].
function requestLines(random, inTrouble) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const between = (low, high) => Math.round(low + random() * (high - low));
  const hex = (size) => Array.from({ length: size }, () => Math.floor(random() * 16).toString(16)).join("");
  const request = { request_id: `req-${hex(8)}` };
  const traced = { ...request, model: pick(kModels), trace_id: hex(32) };
  const [isl, osl] = [between(180, 4200), between(32, 720)];
  const [ttft, itl] = [between(90, 380) * (inTrouble ? 3 : 1), between(9, 14) + random()];
  const worker = between(0, 1);
  const lines = [
    [kFrontend, 0, "INFO", "dynamo_llm::http", "request received", { ...traced, endpoint: "chat/completions" }],
    [kPrefill[worker], 8, "INFO", "dynamo_llm::prefill", "prefill scheduled", { ...request, input_tokens: isl, queue_depth: between(0, 6) }],
  ];
  if (random() < 0.5) lines.push([kFrontend, 2, "DEBUG", "dynamo_llm::kv_router", "worker selected", { worker: `decode-worker-${worker}`, overlap: between(0, 48) }]);
  if (inTrouble && worker === 1) return lines.concat(troubleLines({ request, traced, between, random }));
  const total = Math.round(ttft + osl * itl);
  if (random() < 0.7) lines.push([kPrefill[worker], ttft - 20, "DEBUG", "nixl::transfer", "KV blocks sent", { blocks: Math.ceil(isl / 16), took_ms: between(3, 18) }]);
  if (random() < 0.4) lines.push([kAccess, total + 5, "INFO", "uvicorn", `INFO:     10.42.0.${between(2, 60)}:${between(32768, 60999)} - "POST /v1/chat/completions HTTP/1.1" 200 OK`, {}]);
  return lines.concat([
    [kDecode[worker], ttft, "INFO", "dynamo_llm::decode", "first token", { ...request, ttft_ms: ttft, kv_usage: Number((0.42 + random() * 0.3).toFixed(2)) }],
    [kFrontend, total, "INFO", "dynamo_llm::http", "request completed", { ...traced, status: 200, usage: { input_tokens: isl, output_tokens: osl }, ttft_ms: ttft, itl_ms: Number(itl.toFixed(1)), duration_ms: total }],
    [kApi, total + 4, "INFO", "app.chat", "answer sent", { user: between(1000, 9999), plan: pick(["free", "team", "enterprise"]), duration_ms: total + 4 }],
  ]);
}

function troubleLines({ request, traced, between, random }) {
  const lines = [
    [kDecode[1], 120, "WARN", "vllm.scheduler", "KV cache nearly full, sequence preempted", { ...request, kv_usage: Number((0.95 + random() * 0.05).toFixed(3)), waiting: between(20, 64) }],
    [kFrontend, 900, "WARN", "dynamo_llm::migration", "stream stalled, moving the request", { ...traced, from: "decode-worker-1", to: "decode-worker-0" }],
  ];
  if (random() < 0.55) {
    lines.push([kDecode[1], 2600, "ERROR", "vllm.worker", "CUDA out of memory while allocating KV blocks", { ...request, needed_mib: between(512, 2048), free_mib: between(12, 96), gpu: between(0, 7) }]);
    lines.push([kFrontend, 3000, "ERROR", "dynamo_llm::http", "request failed: worker timed out", { ...traced, status: 504, duration_ms: 3000 + between(1, 90) }]);
    lines.push([kApi, 3010, "ERROR", "app.chat", "upstream answered 504, retry budget spent", { user: between(1000, 9999), plan: "team", attempts: 3 }]);
  }
  return lines;
}

function lineOf(ns, [source, , level, target, message, fields]) {
  const time = `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, -1)}${String(ns % 1_000_000n).padStart(6, "0").slice(0, 3)}Z`;
  return source.format(time, level, target, message, fields);
}

// Pushes one hour of logs that ends `ago` before now.
export async function pushServingLogs(platform, { ago = 0n } = {}) {
  const random = randomFrom(20260301);
  const end = now() - ago;
  const streams = new Map();
  for (let minute = kSpanMinutes; minute > 0; minute--) {
    const inTrouble = minute <= kTroubleFrom && minute > kTroubleTo;
    const requests = Math.round(9 + 4 * Math.sin(minute / 6) + random() * 4 + (inTrouble ? 5 : 0));
    for (let i = 0; i < requests; i++) {
      const start = end - BigInt(minute) * kMinute + BigInt(Math.floor(random() * 60e9));
      for (const entry of requestLines(random, inTrouble)) add(streams, start, entry, end);
    }
  }
  for (const [{ labels }, lines] of streams) {
    lines.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    await platform.push(labels, lines);
  }
}

function add(streams, start, entry, end) {
  const ns = start + BigInt(Math.round(entry[1] * 1e6));
  if (ns >= end) return;
  const lines = streams.get(entry[0]) ?? streams.set(entry[0], []).get(entry[0]);
  lines.push([ns, lineOf(ns, entry)]);
}

// Some requests of the last seconds, line by line, as a live tail gets them.
export async function pushRequestsNow(platform, requests) {
  const random = randomFrom(7);
  const lines = Array.from({ length: requests }, (_, i) => requestLines(random, i % 6 === 5)).flat();
  const gaps = lines.map(() => BigInt(Math.round(random() ** 3 * 300e6)));
  let ns = now() - gaps.reduce((sum, gap) => sum + gap, 0n);
  for (const [i, entry] of lines.entries()) {
    ns += gaps[i];
    await platform.push(entry[0].labels, [[ns, lineOf(ns, entry)]]);
  }
}
