// Makes a screenshot small: Chromium's 24-bit PNG becomes one of at most 256 colours. A page has few true colours; the
// rest are blends at the edges of letters, and each takes the nearest that is kept.
import { deflateSync, inflateSync } from "node:zlib";

const kColours = 256;
const kSignature = Buffer.from("89504e470d0a1a0a", "hex");

export function toPalette(png) {
  const { width, height, size, pixels } = decode(png);
  const colours = commonColours(pixels, size);
  const nearest = new Map();
  const indexed = Buffer.alloc((width + 1) * height); // a 0 before each row: no filter
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = pixels.readUIntBE((y * width + x) * size, 3);
      let index = nearest.get(colour);
      if (index === undefined) nearest.set(colour, (index = nearestOf(colours, colour)));
      indexed[y * (width + 1) + 1 + x] = index;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, palette
  const palette = Buffer.from(colours.flatMap((colour) => channels(colour)));
  const data = deflateSync(indexed, { level: 9, memLevel: 9 });
  return Buffer.concat([kSignature, chunk("IHDR", header), chunk("PLTE", palette), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

const channels = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];

function decode(png) {
  let header;
  const data = [];
  for (let at = kSignature.length; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const type = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    if (type === "IHDR") header = body;
    if (type === "IDAT") data.push(body);
  }
  const [width, height, size] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 2 ? 3 : 4];
  return { width, height, size, pixels: unfilter(inflateSync(Buffer.concat(data)), width * size, height, size) };
}

function unfilter(raw, stride, height, size) {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= size ? out[at - size] : 0;
      const up = y > 0 ? out[at - stride] : 0;
      const corner = x >= size && y > 0 ? out[at - stride - size] : 0;
      out[at] = raw[y * (stride + 1) + 1 + x] + predicted(filter, left, up, corner);
    }
  }
  return out;
}

function predicted(filter, left, up, corner) {
  switch (filter) {
    case 0: return 0;
    case 1: return left;
    case 2: return up;
    case 3: return (left + up) >> 1;
    default: { // Paeth
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      return a <= b && a <= c ? left : b <= c ? up : corner;
    }
  }
}

// The most frequent colours, of which no two are so near that nobody could tell them apart.
function commonColours(pixels, size) {
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += size) {
    const colour = pixels.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const kept = [];
  for (const least of [150, 0]) {
    for (const colour of byCount) {
      if (kept.length === kColours) return kept;
      if (kept.every((other) => distance(other, colour) > least)) kept.push(colour);
    }
  }
  return kept;
}

function distance(a, b) {
  const [x, y] = [channels(a), channels(b)];
  return 2 * (x[0] - y[0]) ** 2 + 4 * (x[1] - y[1]) ** 2 + 3 * (x[2] - y[2]) ** 2;
}

function nearestOf(colours, colour) {
  let best = 0;
  for (let i = 1; i < colours.length; i++) if (distance(colours[i], colour) < distance(colours[best], colour)) best = i;
  return best;
}

function chunk(type, body) {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  body.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

// Node 18 has none of its own.
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
