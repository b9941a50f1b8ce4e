// A real Prometheus that scrapes what a test serves over HTTP.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export const PROMETHEUS = "/usr/bin/prometheus";
const CONTENT_TYPE = "text/plain; version=0.0.4";
const SCRAPE_PATIENCE_MS = 60_000;

/** Serves each of `bodies`, bytes by path, on a free port. */
async function serve(bodies) {
  const server = createServer((request, response) => {
    const body = bodies.get(request.url);
    response.writeHead(body ? 200 : 404, { "content-type": CONTENT_TYPE }).end(body);
  });
  await new Promise((resolve, reject) => server.listen(0, "127.0.0.1", resolve).on("error", reject));
  return server;
}

/** The address that Prometheus says it listens on; rejects if it ends before. */
function listening(child) {
  return new Promise((resolve, reject) => {
    const said = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
      if (address) resolve(address);
      else if (said.length < 50) said.push(line);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`prometheus ended with ${code}:\n${said.join("\n")}`)));
  });
}

/**
 * Starts a Prometheus that scrapes one target a job, `texts` being the bytes of each job's page.
 * Call `stop()` of what it returns, also after a failure.
 */
export async function startPrometheus(texts) {
  const server = await serve(new Map(Object.entries(texts).map(([job, body]) => [`/${job}`, body])));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  const origin = `http://127.0.0.1:${server.address().port}`;
  const pages = Object.fromEntries(Object.keys(texts).map((job) => [job, `${origin}/${job}`]));
  try {
    // Long enough for 164,000 lines on a busy machine; the first scrape comes within one interval.
    const { stop, ...prometheus } = await startScraping(pages, "10s");
    return { ...prometheus, stop: () => stop().finally(close) };
  } catch (error) {
    close();
    throw error;
  }
}

/** Starts a Prometheus that scrapes a page a job, `pages` being their addresses; as above. */
export async function startScraping(pages, interval) {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-prometheus-"));
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: Object.entries(pages).map(([job, page]) => ({
      job_name: job,
      metrics_path: new URL(page).pathname,
      static_configs: [{ targets: [new URL(page).host] }],
    })),
  };
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
    child.kill();
    await ended;
    process.off("exit", kill);
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    return { stop, ...client(`http://${await listening(child)}/api/v1`, Object.keys(pages).length) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What tests ask over the HTTP API at `api`. */
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
    /** Waits until each target was scraped once: `[{ job, health, lastError }]`. */
    async scraped() {
      for (const deadline = Date.now() + SCRAPE_PATIENCE_MS; Date.now() < deadline; await sleep(200)) {
        const { activeTargets } = await ask("targets", { state: "active" });
        if (activeTargets.length !== jobCount || activeTargets.some(({ health }) => health === "unknown")) continue;
        // A target is told healthy just before its samples can be queried.
        const { result } = await ask("query", { query: "scrape_samples_scraped" });
        if (result.length !== jobCount) continue;
        return activeTargets.map(({ labels, health, lastError }) => ({ job: labels.job, health, lastError }));
      }
      throw new Error(`prometheus did not scrape all targets within ${SCRAPE_PATIENCE_MS} ms`);
    },
    /** The instant vector that `expression` gives: `[{ labels, value }]`, values as text. */
    async query(expression) {
      const { result } = await ask("query", { query: expression });
      return result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
    },
  };
}
