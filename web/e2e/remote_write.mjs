// Prometheus' remote write 1.0 by hand: samples, exemplars, native histograms and metadata of any time in one request.

const kTypes = { counter: 1, gauge: 2, histogram: 3 };

// `series`: [{labels, samples: [[seconds, value]], exemplars: [{labels, value, time}], histograms: [[seconds, histogram]]}],
// a histogram being {sum, schema, offset, counts} with the counts of neighbouring positive buckets.
// `families`: [{name, type, help, unit}].
export async function remoteWrite(url, { series, families = [] }) {
  const request = message([
    ...series.map((each) => bytes(1, timeSeries(each))),
    ...families.map((each) => bytes(3, metadata(each))),
  ]);
  const response = await fetch(`${url}/api/v1/write`, {
    method: "POST",
    headers: { "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy" },
    body: snappy(request),
  });
  if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`);
}

function timeSeries({ labels, samples = [], exemplars = [], histograms = [] }) {
  return message([
    ...labelsOf(labels),
    ...samples.map(([seconds, value]) => bytes(2, message([double(1, value), varint(2, milliseconds(seconds))]))),
    ...exemplars.map((each) =>
      bytes(3, message([...labelsOf(each.labels), double(2, each.value), varint(3, milliseconds(each.time))]))),
    ...histograms.map(([seconds, each]) => bytes(4, histogram(seconds, each))),
  ]);
}

// The API wants labels by name.
function labelsOf(labels) {
  return Object.keys(labels).sort().map((name) => bytes(1, message([text(1, name), text(2, labels[name])])));
}

function histogram(seconds, { sum, schema, offset, counts }) {
  const deltas = counts.map((count, i) => zigzag(BigInt(count - (counts[i - 1] ?? 0))));
  return message([
    varint(1, BigInt(counts.reduce((total, count) => total + count, 0))),
    double(3, sum),
    varint(4, zigzag(BigInt(schema))),
    double(5, 1e-128),
    varint(6, 0n),
    bytes(11, message([varint(1, zigzag(BigInt(offset))), varint(2, BigInt(counts.length))])),
    bytes(12, Buffer.concat(deltas.map(varintOf))),
    varint(15, milliseconds(seconds)),
  ]);
}

function metadata({ name, type, help, unit = "" }) {
  return message([varint(1, BigInt(kTypes[type] ?? 0)), text(2, name), text(4, help), text(5, unit)]);
}

const milliseconds = (seconds) => BigInt(Math.round(seconds * 1000));
const zigzag = (value) => (value << 1n) ^ (value >> 63n);
const message = (fields) => Buffer.concat(fields);
const varint = (field, value) => Buffer.concat([varintOf(BigInt(field << 3)), varintOf(value)]);
const text = (field, value) => bytes(field, Buffer.from(value));

function bytes(field, body) {
  return Buffer.concat([varintOf(BigInt((field << 3) | 2)), varintOf(BigInt(body.length)), body]);
}

function double(field, value) {
  const out = Buffer.alloc(9);
  out[0] = (field << 3) | 1;
  out.writeDoubleLE(Number(value), 1);
  return out;
}

function varintOf(value) {
  const out = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return Buffer.from([...out, Number(rest)]);
}

// Snappy's block format with nothing compressed: the length, and all bytes as one literal.
function snappy(body) {
  const head = Buffer.alloc(5);
  head[0] = 63 << 2; // a literal whose length - 1 stands in the next four bytes
  head.writeUInt32LE(body.length - 1, 1);
  return Buffer.concat([varintOf(BigInt(body.length)), head, body]);
}
