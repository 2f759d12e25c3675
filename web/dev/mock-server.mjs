// A stand-in for the server while working on the UI: the Loki API over generated logs, and the built UI if there is one.
//   npm run mock            listens on 127.0.0.1:3100 (PORT=... for another)
//   EMPTY=1 npm run mock    a fresh installation without any log
// Lines are a function of time alone, so that every range and every page is stable. It understands selectors, line
// filters, `| name="value"` filters and count_over_time by detected_level; everything else is taken as given.
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

const port = Number(process.env.PORT ?? 3100);
const empty = process.env.EMPTY === "1";
const dist = fileURLToPath(new URL("../dist", import.meta.url));
const kGapMs = 40; // one line each
const kSecond = 1_000_000_000n;

const kStreams = [
  { service_name: "api", host: "web-1", env: "prod" },
  { service_name: "api", host: "web-2", env: "prod" },
  { service_name: "checkout", host: "web-2", env: "prod" },
  { service_name: "nginx", host: "edge-1", env: "prod", filename: "/var/log/nginx/access.log" },
  { service_name: "postgres", host: "db-1", env: "prod", filename: "/var/log/postgresql/main.log" },
  { service_name: "systemd", host: "web-1", env: "prod", unit: "cron.service" },
];
const kLevels = ["info", "info", "info", "info", "debug", "debug", "warn", "info", "info", "error", "trace", "info"];
const kPaths = ["/api/orders", "/api/users/42", "/healthz", "/login", "/static/app.js", "/api/cart"];

function hash(n) {
  let x = (n ^ 0x9e3779b9) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

// Row number n of all time.
function rowAt(n) {
  const h = hash(n % 4294967296);
  const stream = kStreams[h % kStreams.length];
  const burst = Math.floor(n / 9000) % 7 === 0 && h % 5 === 0;
  const level = burst ? (h % 10 === 0 ? "critical" : "error") : kLevels[(h >>> 8) % kLevels.length];
  const ns = BigInt(n) * BigInt(kGapMs) * 1_000_000n + BigInt(h % 999_983);
  const metadata = { detected_level: level, trace_id: hash(h).toString(16).padStart(8, "0").repeat(4) };
  return { ns, stream, line: lineOf(stream, level, h, n), level, metadata };
}

function lineOf(stream, level, h, n) {
  const path = kPaths[h % kPaths.length];
  const ms = h % 900;
  switch (stream.service_name) {
    case "api":
      return JSON.stringify({
        level,
        msg: level === "error" ? "upstream timeout" : "request done",
        method: h % 3 ? "GET" : "POST",
        path,
        status: level === "error" ? 504 : 200,
        duration_ms: ms,
        user: { id: h % 5000, plan: h % 2 ? "free" : "team" },
        request_id: 9007199254740993n.toString() + (h % 10),
        tags: ["a", "b"],
      });
    case "checkout":
      return `level=${level} msg="order ${level === "error" ? "rejected by the bank" : "placed"}" order=${h % 100000} total=${ms / 10} currency=EUR took=${ms}ms`;
    case "nginx":
      return `10.0.${h % 4}.${h % 250} - - "GET ${path} HTTP/1.1" ${level === "error" ? 502 : 200} ${h % 60000} "-" "Mozilla/5.0 (X11; Linux x86_64)" rt=0.${ms}`;
    case "postgres":
      return level === "error"
        ? `ERROR:  duplicate key value violates unique constraint "orders_pkey"\nDETAIL:  Key (id)=(${h % 9999}) already exists.`
        : `LOG:  duration: ${ms}.123 ms  statement: SELECT * FROM orders WHERE id = ${h % 9999} AND state = 'open' ORDER BY created_at DESC LIMIT 50`;
    default:
      return `(root) CMD (run-parts /etc/cron.hourly) #${n % 1000}`;
  }
}

class BadQuery extends Error {}

function unquote(text) {
  return text.startsWith("`") ? text.slice(1, -1) : JSON.parse(text);
}

const kString = '("(?:[^"\\\\]|\\\\.)*"|`[^`]*`)';

function filterOf(query) {
  const selector = /\{([^}]*)\}/.exec(query);
  if (!selector)
    throw new BadQuery(
      `parse error at line 1, col ${Math.min(query.length, 1) || 1}: syntax error: unexpected IDENTIFIER`,
    );
  const tests = [];
  for (const [, name, op, raw] of selector[1].matchAll(new RegExp(`(\\w+)\\s*(=~|!~|!=|=)\\s*${kString}`, "g"))) {
    tests.push((row) => compare(row.stream[name] ?? "", op, unquote(raw)));
  }
  if (tests.length === 0)
    throw new BadQuery("parse error at line 1, col 2: syntax error: unexpected }, expecting IDENTIFIER");
  const rest = query.slice(selector.index + selector[0].length);
  const broken = /\|\s*$/.exec(rest);
  if (broken) throw new BadQuery(`parse error at line 1, col ${query.length}: syntax error: unexpected $end`);
  for (const [, op, raw] of rest.matchAll(new RegExp(`(\\|=|!=|\\|~|!~)\\s*${kString}`, "g"))) {
    if (/\w\s*$/.test(rest.slice(0, rest.indexOf(op + " " + raw))) && op === "!=") continue;
    const text = unquote(raw);
    const found = op.endsWith("~") ? (row) => regex(text).test(row.line) : (row) => row.line.includes(text);
    tests.push(op.startsWith("|") ? found : (row) => !found(row));
  }
  for (const [, name, op, raw] of rest.matchAll(new RegExp(`\\|\\s*(\\w+)\\s*(=~|!~|!=|=)\\s*${kString}`, "g"))) {
    const value = unquote(raw);
    tests.push((row) => compare(row.metadata[name] ?? row.stream[name] ?? field(row.line, name), op, value));
  }
  return (row) => tests.every((test) => test(row));
}

function field(line, name) {
  if (line.startsWith("{")) return String(JSON.parse(line)[name] ?? "");
  return new RegExp(`\\b${name}=("?)([^" ]*)\\1`).exec(line)?.[2] ?? "";
}

function regex(text) {
  return text.startsWith("(?i)") ? new RegExp(text.slice(4), "i") : new RegExp(text);
}

function compare(value, op, wanted) {
  switch (op) {
    case "=":
      return value === wanted;
    case "!=":
      return value !== wanted;
    case "=~":
      return new RegExp(`^(?:${wanted})$`).test(value);
    default:
      return !new RegExp(`^(?:${wanted})$`).test(value);
  }
}

const msOf = (ns) => Number(ns / 1_000_000n);

// Matching rows of [start, end), at most `limit`, in the direction asked.
function* rowsIn(start, end, direction, keep) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const last = end < now ? end : now;
  const from = Math.floor(msOf(start) / kGapMs) - 1;
  const to = Math.floor(msOf(last) / kGapMs) + 1;
  const forward = direction === "forward";
  for (let n = forward ? from : to; forward ? n <= to : n >= from; n += forward ? 1 : -1) {
    const row = rowAt(n);
    if (row.ns >= start && row.ns < last && keep(row)) yield row;
  }
}

function streamsOf(rows, categorize) {
  const groups = new Map();
  for (const row of rows) {
    const stream = categorize ? row.stream : { ...row.stream, ...row.metadata };
    const key = categorize ? kStreams.indexOf(row.stream) : JSON.stringify(stream);
    if (!groups.has(key)) groups.set(key, { stream, values: [] });
    const value = [row.ns.toString(), row.line];
    if (categorize) value.push({ structuredMetadata: row.metadata });
    groups.get(key).values.push(value);
  }
  return [...groups.values()];
}

function counts(query, start, end, step) {
  const keep = filterOf(query);
  const byLevel = new Map();
  // Long ranges are sampled: a mock need not count millions.
  const rows = Number((end - start) / 1_000_000n) / kGapMs;
  const stride = Math.max(1, Math.ceil(rows / 400_000));
  const from = Math.floor(msOf(start - step) / kGapMs);
  const to = Math.min(Math.floor(msOf(end) / kGapMs), Math.floor(Date.now() / kGapMs));
  for (let n = from; n <= to; n += stride) {
    const row = rowAt(n);
    if (!keep(row)) continue;
    const at = Number((((row.ns + step - 1n) / step) * step) / 1_000_000n) / 1000;
    const points = byLevel.get(row.level) ?? byLevel.set(row.level, new Map()).get(row.level);
    points.set(at, (points.get(at) ?? 0) + stride);
  }
  return [...byLevel].map(([level, points]) => ({
    metric: { detected_level: level },
    values: [...points].sort((a, b) => a[0] - b[0]).map(([at, count]) => [at, String(count)]),
  }));
}

function queryRange(params, headers) {
  const query = params.get("query") ?? "";
  const start = BigInt(params.get("start"));
  const end = BigInt(params.get("end"));
  if (/_over_time|rate\(/.test(query)) {
    const step = BigInt(Math.round(Number(params.get("step")) * 1e9));
    return { resultType: "matrix", result: empty ? [] : counts(query, start, end, step) };
  }
  const keep = filterOf(query);
  const limit = Number(params.get("limit") ?? 100);
  const rows = [];
  if (!empty) {
    for (const row of rowsIn(start, end, params.get("direction") ?? "backward", keep)) {
      rows.push(row);
      if (rows.length >= limit) break;
    }
  }
  return {
    resultType: "streams",
    result: streamsOf(rows, Boolean(headers["x-loki-response-encoding-flags"])),
    stats: {},
  };
}

function around(params, headers) {
  const keep = filterOf(params.get("query"));
  const [time, line] = [BigInt(params.get("time")), params.get("line")];
  const [start, end] = [BigInt(params.get("start")), BigInt(params.get("end"))];
  const take = (rows, count) => {
    const taken = [];
    for (const row of rows) {
      if (taken.length >= count) break;
      if (row.line !== line || row.ns !== time) taken.push(row);
    }
    return taken;
  };
  const categorized = Boolean(headers["x-loki-response-encoding-flags"]);
  const before = take(rowsIn(start, time, "backward", keep), Number(params.get("before") ?? 10)).reverse();
  const after = take(rowsIn(time, end, "forward", keep), Number(params.get("after") ?? 10));
  return { before: streamsOf(before, categorized), at: [], after: streamsOf(after, categorized) };
}

function answer(path, params, headers) {
  if (path === "/api/v1/status/buildinfo") return { version: "0.0.0-mock", revision: "mock" };
  const success = (data) => ({ status: "success", data });
  if (path === "/loki/api/v1/query_range") return success(queryRange(params, headers));
  if (path === "/loki/api/v1/context") return success(around(params, headers));
  if (path === "/loki/api/v1/labels") {
    return empty ? { status: "success" } : success([...new Set(kStreams.flatMap(Object.keys))].sort());
  }
  const values = /^\/loki\/api\/v1\/label\/([^/]+)\/values$/.exec(path);
  if (values) return success([...new Set(kStreams.map((each) => each[values[1]]).filter(Boolean))].sort());
  if (path === "/loki/api/v1/series") return success(kStreams);
  if (path === "/loki/api/v1/format_query")
    return filterOf(params.get("query") ?? "") && success((params.get("query") ?? "").replace(/\s+/g, " ").trim());
  return undefined;
}

const kTypes = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const kPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; object-src 'none'; base-uri 'none'";

function serveFile(path, response) {
  const file = join(dist, path);
  const found = path !== "/" && existsSync(file) ? file : join(dist, "index.html");
  if (!existsSync(found)) return response.writeHead(404).end("run `npm run build` first\n");
  response.writeHead(200, {
    "Content-Type": kTypes[extname(found)] ?? "application/octet-stream",
    "Content-Security-Policy": kPolicy,
  });
  return response.end(readFileSync(found));
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://mock");
  if (!/^\/(loki|api|ready)/.test(url.pathname)) return serveFile(decodeURIComponent(url.pathname), response);
  try {
    const body = answer(url.pathname, url.searchParams, request.headers);
    if (body === undefined) return response.writeHead(404).end("404 page not found\n");
    return response.writeHead(200, { "Content-Type": "application/json; charset=UTF-8" }).end(JSON.stringify(body));
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error;
    return response.writeHead(400, { "Content-Type": "text/plain; charset=utf-8" }).end(error.message);
  }
});

// As the server does, a wrong query is refused before the upgrade.
function acceptTail({ req: request }, done) {
  try {
    filterOf(new URL(request.url, "http://mock").searchParams.get("query") ?? "");
    done(true);
  } catch (error) {
    done(false, 400, error.message);
  }
}

const sockets = new WebSocketServer({ server, path: "/loki/api/v1/tail", verifyClient: acceptTail });
sockets.on("connection", (socket, request) => {
  const params = new URL(request.url, "http://mock").searchParams;
  const keep = filterOf(params.get("query") ?? "");
  let from = BigInt(Date.now()) * 1_000_000n - 10n * kSecond;
  const timer = setInterval(() => {
    const to = BigInt(Date.now()) * 1_000_000n;
    const rows = empty ? [] : [...rowsIn(from, to, "forward", keep)];
    from = to;
    if (rows.length > 0) socket.send(JSON.stringify({ streams: streamsOf(rows, false) }));
  }, 250);
  socket.on("close", () => clearInterval(timer));
});

server.listen(port, "127.0.0.1", () => console.log(`mock server on http://127.0.0.1:${port}`));
