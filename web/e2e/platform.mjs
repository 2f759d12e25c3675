// The real program: started with a data folder of its own on a free loopback port, stopped by its own process id.
import { spawn } from "node:child_process";
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "./deadline.mjs";
import { remoteWrite } from "./remote_write.mjs";

const kStopMs = 30_000;
const running = new Set();

// However this process ends, nothing it started stays behind.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Platform {
  #binary;
  #child;
  #exit;

  // `folder` holds everything: data/, server.log and, with `collect`, the log file that the agent follows under these
  // labels. Without `collect` there is no agent. `scrape`: text of a Prometheus configuration. `config`: more of the
  // server's own.
  constructor(binary, folder, { collect, scrape, config } = {}) {
    this.#binary = binary;
    this.folder = folder;
    this.logFile = join(folder, "logs", "app.log");
    this.collect = collect;
    this.scrape = scrape;
    this.config = config;
    mkdirSync(join(folder, "logs"), { recursive: true });
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  // Returns at once; `ready` waits. The port stays the same when it is started again.
  async start() {
    this.port ??= await freePort();
    writeConfiguration(this);
    const args = ["server", "--data", join(this.folder, "data"), "--listen", `127.0.0.1:${this.port}`];
    args.push("--config", join(this.folder, "trilobite.yaml"), ...(this.collect ? [] : ["--no-agent"]));
    const log = openSync(join(this.folder, "server.log"), "a");
    this.startedAt = performance.now();
    const child = spawn(this.#binary, args, { stdio: ["ignore", log, log] });
    closeSync(log);
    running.add(child);
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      child.on("error", (error) => resolve(`cannot be started: ${error.message}`));
      child.on("exit", (code, signal) => resolve(signal ?? code));
    }).finally(() => running.delete(child));
    return this;
  }

  async ready() {
    let ended;
    void this.#exit.then((status) => (ended = { status }));
    await until("the server is ready", async () => ended || (await fetch(`${this.url}/ready`)).ok, 60_000);
    if (ended) throw new Error(`the server ended: ${ended.status}\n${this.lastLog()}`);
    return this;
  }

  // A clean stop must end with status 0.
  async stop() {
    const child = this.#child;
    if (!child || !running.has(child)) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), kStopMs);
    const status = await this.#exit;
    clearTimeout(timer);
    if (status !== 0) throw new Error(`the server stopped with ${status}\n${this.lastLog()}`);
  }

  lastLog() {
    const path = join(this.folder, "server.log");
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(-20).join("\n") : "";
  }

  // What a program does that logs to a file.
  writeLog(...lines) {
    appendFileSync(this.logFile, lines.map((line) => `${line}\n`).join(""));
  }

  // Entries are [ns as bigint, line] or [ns, line, structured metadata].
  async push(labels, entries) {
    const values = entries.map(([ns, ...rest]) => [ns.toString(), ...rest]);
    const response = await fetch(`${this.url}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ streams: [{ stream: labels, values }] }),
    });
    if (response.status !== 204) throw new Error(`push: ${response.status} ${await response.text()}`);
  }

  // As serving_metrics.mjs makes them.
  writeMetrics(metrics) {
    return remoteWrite(this.url, metrics);
  }
}

// A Prometheus configuration that scrapes nothing, not even the server itself.
export const kScrapeNothing = "scrape_configs: []\n";

// JSON strings are YAML strings, too.
function writeConfiguration({ folder, logFile, collect, scrape, config }) {
  const lines = [];
  if (collect) {
    const agent = join(folder, "agent.yaml");
    const named = Object.entries(collect).map(([name, value]) => `      ${name}: ${JSON.stringify(value)}\n`).join("");
    writeFileSync(agent,
      `scrape_configs:\n- job_name: e2e\n  static_configs:\n  - labels:\n${named}      __path__: ${JSON.stringify(logFile)}\n`);
    lines.push("agent:", `  config_file: ${JSON.stringify(agent)}`);
  }
  const prometheus = join(folder, "prometheus.yml");
  if (scrape) writeFileSync(prometheus, scrape);
  if (scrape) lines.push("scrape:", `  config_file: ${JSON.stringify(prometheus)}`);
  if (config) lines.push(config.trimEnd());
  writeFileSync(join(folder, "trilobite.yaml"), `${lines.join("\n")}\n`);
}
