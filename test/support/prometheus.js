// Starts a real Prometheus that scrapes what a test serves over HTTP.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export const PROMETHEUS = "/usr/bin/prometheus";
const SCRAPE_PATIENCE_MS = 100_000;

/** Serves `pages`, a map from path to page, on a free port. */
async function serve(pages) {
  const server = createServer((request, response) => {
    const page = pages.get(request.url);
    if (page) response.writeHead(200, { "content-type": page.contentType }).end(page.body);
    else response.writeHead(404).end();
  });
  await new Promise((resolve, reject) => server.listen(0, "127.0.0.1", resolve).on("error", reject));
  return server;
}

/** The address that Prometheus logs once it listens; rejects if it ends before that. */
function listening(child) {
  return new Promise((resolve, reject) => {
    const log = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
      if (address) resolve(address);
      else if (log.length < 50) log.push(line);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`prometheus ended with ${code}:\n${log.join("\n")}`)));
  });
}

/**
 * Starts a Prometheus that scrapes one target per job; `pages` has each job's `{ contentType, body }`.
 * Call `stop()` on the result, even after a failure.
 */
export async function startPrometheus(pages) {
  const server = await serve(new Map(Object.entries(pages).map(([job, page]) => [`/${job}`, page])));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const origin = `http://127.0.0.1:${server.address().port}`;
  try {
    // Long enough for pages of 213,000 lines on a busy machine; the first scrape happens within one interval.
    const prometheus = await startScraping(
      Object.fromEntries(Object.keys(pages).map((job) => [job, `${origin}/${job}`])),
      "20s",
    );
    return { ...prometheus, stop: () => prometheus.stop().finally(close) };
  } catch (error) {
    close();
    throw error;
  }
}

/** Starts a Prometheus that scrapes one page per job; `addresses` has the pages' URLs. Call `stop()` on the result. */
export function startScraping(addresses, interval) {
  return runPrometheus({
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: Object.entries(addresses).map(([job, address]) => ({
      job_name: job,
      metrics_path: new URL(address).pathname,
      static_configs: [{ targets: [new URL(address).host] }],
    })),
  });
}

/** Starts a Prometheus with the contents of prometheus.yml. Call `stop()` on the result. */
export async function runPrometheus(config) {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-prometheus-"));
  const configFile = join(folder, "prometheus.yml");
  writeFileSync(configFile, JSON.stringify(config)); // JSON is YAML
  const child = spawn(
    PROMETHEUS,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(folder, "data")}`, "--web.listen-address=127.0.0.1:0"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const ended = new Promise((resolve) => child.once("close", resolve));
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);

  async function stop() {
    kill(); // its data is deleted, so it need not shut down cleanly
    await ended;
    process.off("exit", kill);
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    return { stop, ...client(`http://${await listening(child)}/api/v1`, config.scrape_configs?.length ?? 0) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A client of the HTTP API at `api`. */
function client(api, jobCount) {
  async function ask(path, parameters = {}) {
    for (;;) {
      const response = await fetch(`${api}/${path}?${new URLSearchParams(parameters)}`);
      if (response.status === 503) {
        await response.text(); // still starting
        await sleep(100);
        continue;
      }
      const { status, data, error } = await response.json();
      if (status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
      return data;
    }
  }
  return {
    ask,
    /** Waits until each target has been scraped once: `[{ job, health, lastError }]`. */
    async scraped() {
      for (const deadline = Date.now() + SCRAPE_PATIENCE_MS; Date.now() < deadline; await sleep(200)) {
        const { activeTargets } = await ask("targets", { state: "active" });
        if (activeTargets.length !== jobCount || activeTargets.some(({ health }) => health === "unknown")) continue;
        // A target is reported healthy just before its samples can be queried.
        const { result } = await ask("query", { query: "scrape_samples_scraped" });
        if (result.length !== jobCount) continue;
        return activeTargets.map(({ labels, health, lastError }) => ({ job: labels.job, health, lastError }));
      }
      throw new Error(`prometheus did not scrape all targets within ${SCRAPE_PATIENCE_MS} ms`);
    },
    /** The instant vector of `expression`: `[{ labels, value }]`, values as text. */
    async query(expression) {
      const { result } = await ask("query", { query: expression });
      return result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
    },
  };
}
