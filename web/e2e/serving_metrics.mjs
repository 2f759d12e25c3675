// Metrics of some inference servers and their machines over the last hours, for remote_write.mjs. The same seed gives the
// same shapes; only the clock moves.

const kModels = ["qwen3-32b", "llama-70b"];
const kPods = ["decode-0", "decode-1", "decode-2", "prefill-0"];
const kNodes = ["gpu-a:9100", "gpu-b:9100"];
const kBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const hex = (random, digits) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");

class Family {
  constructor(name, type, help, unit) {
    this.metadata = { name, type, help, unit };
    this.series = [];
  }

  // Samples are [seconds, value] or [seconds, value, exemplar].
  add(suffix, labels, samples) {
    const exemplars = samples.flatMap(([, , exemplar]) =>
      exemplar ? [{ labels: { trace_id: exemplar.trace }, value: exemplar.value, time: exemplar.time }] : []);
    this.series.push({ labels: { __name__: this.metadata.name + suffix, ...labels }, samples, exemplars });
  }
}

// `end` in seconds; the samples lie every `step` seconds in the `hours` before it.
export function servingMetrics({ end = Math.floor(Date.now() / 1000), hours = 3, step = 15 } = {}) {
  const random = randomFrom(42);
  const count = Math.floor((hours * 3600) / step);
  const times = Array.from({ length: count }, (_, i) => end - (count - 1 - i) * step);
  const wave = (i, phase) => 1 + 0.6 * Math.sin((i * step) / 1700 + phase) + 0.15 * Math.sin((i * step) / 190 + 3 * phase);
  const counter = (rate) => {
    let sum = Math.floor(random() * 1000);
    return times.map((time, i) => [time, (sum += Math.max(0, Math.round(rate(i) * step)))]);
  };
  const families = [
    requests(times, counter, wave),
    durations(times, step, wave, random),
    tokens(counter, wave),
    gauge("llm_kv_cache_usage", "Share of the KV cache that is in use.", "ratio", "_ratio", kPods, times,
      (i, k) => Math.min(0.99, 0.45 * wave(i, k) + 0.05 * random()).toFixed(4)),
    gauge("llm_queue_depth", "Requests that wait for a slot.", undefined, "", kPods, times,
      (i, k) => Math.max(0, Math.round(9 * wave(i, k) - 6 + 3 * random()))),
    nodeCpu(counter, wave),
    nodeMemory(times, wave, random),
    batches(times, wave),
    up(times),
  ];
  return { series: families.flatMap(({ series }) => series), families: families.map(({ metadata }) => metadata) };
}

function requests(times, counter, wave) {
  const family = new Family("llm_requests", "counter", "Requests by model, pod and status code.");
  for (const [k, pod] of kPods.entries()) {
    for (const model of kModels) {
      const size = model === kModels[0] ? 6 : 2.5;
      family.add("_total", { model, pod, code: "200" }, counter((i) => size * wave(i, k)));
      family.add("_total", { model, pod, code: "503" }, counter((i) => (wave(i, k) > 1.5 ? 0.4 : 0.02)));
    }
  }
  return family;
}

// A classic histogram; every fortieth scrape one bucket carries the trace of a slow request.
function durations(times, step, wave, random) {
  const family = new Family("llm_request_duration_seconds", "histogram", "Time from request to last token.", "seconds");
  for (const model of kModels) {
    const buckets = kBounds.map(() => 0);
    let [sum, total] = [0, 0];
    const columns = [...kBounds.map(() => []), [], [], []];
    for (const [i, time] of times.entries()) {
      const middle = 0.4 * wave(i, model.length) * (model === kModels[0] ? 0.7 : 1.6);
      const requests = Math.max(1, Math.round(4 * step * wave(i, 1)));
      for (let n = 0; n < requests; n++) {
        const took = middle * Math.exp(1.1 * (random() + random() + random() - 1.5));
        sum += took;
        total += 1;
        for (const [b, bound] of kBounds.entries()) if (took <= bound) buckets[b] += 1;
      }
      const slow = i % 40 === 17 ? { trace: hex(random, 32), value: (1.1 + random()).toFixed(3), time: time - 1 } : undefined;
      for (const [b] of kBounds.entries()) columns[b].push([time, buckets[b], kBounds[b] === 2.5 ? slow : undefined]);
      columns[kBounds.length].push([time, total]);
      columns[kBounds.length + 1].push([time, sum.toFixed(3)]);
      columns[kBounds.length + 2].push([time, total]);
    }
    for (const [b, bound] of kBounds.entries()) family.add("_bucket", { model, le: String(bound) }, columns[b]);
    family.add("_bucket", { model, le: "+Inf" }, columns[kBounds.length]);
    family.add("_sum", { model }, columns[kBounds.length + 1]);
    family.add("_count", { model }, columns[kBounds.length + 2]);
  }
  return family;
}

function tokens(counter, wave) {
  const family = new Family("llm_tokens", "counter", "Tokens read (prompt) and written (completion).");
  for (const [k, model] of kModels.entries()) {
    family.add("_total", { model, kind: "prompt" }, counter((i) => 5200 * wave(i, k)));
    family.add("_total", { model, kind: "completion" }, counter((i) => 1400 * wave(i, k + 0.4)));
  }
  return family;
}

function gauge(name, help, unit, suffix, pods, times, value) {
  const family = new Family(`${name}${suffix}`, "gauge", help, unit);
  for (const [k, pod] of pods.entries()) family.add("", { pod }, times.map((time, i) => [time, value(i, k)]));
  return family;
}

function nodeCpu(counter, wave) {
  const family = new Family("node_cpu_seconds", "counter", "Seconds the CPUs spent in each mode.", "seconds");
  for (const [k, instance] of kNodes.entries()) {
    for (const [mode, share] of [["user", 0.4], ["system", 0.12], ["iowait", 0.03], ["idle", 0]]) {
      const rate = (i) => (mode === "idle" ? Math.max(0, 32 - 18 * wave(i, k)) : 32 * share * wave(i, k));
      family.add("_total", { instance, cpu: "0", mode }, counter(rate));
    }
  }
  return family;
}

function nodeMemory(times, wave, random) {
  const family = new Family("node_memory_available_bytes", "gauge", "Memory that programs can still get.", "bytes");
  for (const [k, instance] of kNodes.entries()) {
    family.add("", { instance }, times.map((time, i) => [time, Math.round(2 ** 36 * (1.4 - 0.4 * wave(i, k)) + 2e8 * random())]));
  }
  return family;
}

// A native histogram: sizes of batches, around a middle that moves.
function batches(times, wave) {
  const family = new Family("llm_batch_tokens", "histogram", "Tokens of a batch.");
  const counts = Array.from({ length: 14 }, () => 0);
  let sum = 0;
  const histograms = times.map((time, i) => {
    for (let k = 0; k < counts.length; k++) {
      const added = Math.round(40 * Math.exp(-((k - 7 * wave(i, 2)) ** 2) / 5));
      counts[k] += added;
      sum += added * 2 ** k;
    }
    return [time, { sum, schema: 0, offset: 1, counts: [...counts] }];
  });
  family.series.push({ labels: { __name__: "llm_batch_tokens", pod: "prefill-0" }, histograms });
  return family;
}

function up(times) {
  const family = new Family("up", "gauge", "1 when the last scrape worked.");
  for (const instance of kNodes) family.add("", { job: "node", instance }, times.map((time) => [time, 1]));
  for (const pod of kPods) {
    const samples = times.map((time, i) => [time, pod === "decode-2" && i > times.length - 40 && i < times.length - 10 ? 0 : 1]);
    family.add("", { job: "inference", instance: `${pod}:8000` }, samples);
  }
  return family;
}
