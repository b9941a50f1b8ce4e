// The blocks of docs/reverse-proxies.md in a real nginx and a real Caddy, in front of servers that match paths loosely.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";
import { pageListener } from "nrpc-metrics/page";
import { describe, expect, onTestFinished, test } from "vitest";
import { blocksOf } from "../docs/markdown.js";
import { get, serve, textOf, until } from "../support/http-client.js";
import { installed } from "../support/installed.js";
import { start } from "../support/process.js";
import { freePort } from "../support/free-port.js";

const BLOCKS = blocksOf("docs/reverse-proxies.md").map(({ code }) => code);
const block = (pattern) => BLOCKS.find((code) => pattern.test(code));

/** Fulfils with the origin once `port` accepts connections. */
async function listening(port) {
  await until(
    () =>
      new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy()));
        socket.on("error", () => resolve(false));
      }),
  );
  return `http://127.0.0.1:${port}`;
}

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-proxy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const PROXIES = {
  nginx: {
    program: "/usr/sbin/nginx",
    blocks: [/^location ~\*/],
    run: (blocks) => PROXIES.nginx.runServers(`server { listen 80;\n${blocks}\n}`),
    async runServers(servers) {
      const [folder, port] = [temporaryFolder(), await freePort()];
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${folder};`,
      );
      const http = `access_log off; ${temporary.join(" ")} gzip on; gzip_types *; gzip_proxied any;
        ${servers.replaceAll("listen 80", `listen 127.0.0.1:${port}`)}`;
      writeFileSync(join(folder, "nginx.conf"), `pid ${folder}/pid; daemon off; events {} http { ${http} }`);
      const args = ["-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")];
      const child = start(PROXIES.nginx.program, args);
      onTestFinished(() => child.stop());
      return listening(port);
    },
  },
  Caddy: {
    program: "/usr/bin/caddy",
    blocks: [/path_regexp/],
    async run(site) {
      const [folder, port] = [temporaryFolder(), await freePort()];
      // `:80` is every name at that port, and a name alone would be served with a certificate.
      const atPort = (_, name) => `http://${name === ":80" ? "" : name}:${port} {\n    bind 127.0.0.1\n    encode gzip`;
      writeFileSync(join(folder, "Caddyfile"), `{\n    admin off\n}\n${site.replace(/^(\S+) \{/, atPort)}`);
      const child = start(PROXIES.Caddy.program, ["run", "--config", join(folder, "Caddyfile")], {
        env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
      });
      onTestFinished(() => child.stop());
      return listening(port);
    },
  },
};

/** Servers with /metrics, as the guides mount it; for anything else they answer "api". */
const SERVERS = {
  "new URL()": (metrics) => (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    return pathname === "/metrics" ? metrics(request, response) : response.end("api");
  },
  Express: (metrics) => {
    const app = express();
    app.get("/metrics", metrics);
    app.use((_, response) => response.end("api"));
    return app;
  },
};

/** The status and the text that a server sends for a request line with `path` as it is; NaN if it sends nothing. */
function ask(origin, path, host = new URL(origin).host) {
  const { port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    socket.setEncoding("utf8").on("data", (text) => {
      answer += text;
    });
    socket.on("error", reject).on("close", () => resolve({ status: Number(answer.split(" ")[1]), answer }));
  });
}

const BACKSLASH = "\\";
const SPELLINGS = [
  "/metrics",
  "/Metrics",
  "/METRICS/",
  "/metrics?service=a",
  "//metrics",
  "//x/metrics",
  "/./metrics",
  "/x/../metrics",
  "/x/%2e%2e/metrics",
  "/%6detrics",
  "/metrics%2f",
  `/${BACKSLASH}x/metrics`,
  `/x${BACKSLASH}..${BACKSLASH}metrics`,
  "/metrics;x",
  "/rpc",
  "//x/rpc?format=json",
];

describe.each(Object.entries(PROXIES))("behind %s", (_, { program, blocks, run }) => {
  const runIt = test.skipIf(!installed(program, "apt install nginx-light caddy"));
  const behind = async (listener, patterns = blocks) => {
    const { host } = new URL(await serve(listener));
    return run(patterns.map((pattern) => block(pattern).replaceAll("127.0.0.1:8080", host)).join("\n"));
  };

  runIt.each(Object.entries(SERVERS))(
    "no spelling of /metrics gets through to a server with %s, and other paths do",
    async (_, serverOf) => {
      const origin = await behind(serverOf(metricsListener(new RpcMetricsRegistry({ services: ["a"] }))));
      const answers = await Promise.all(SPELLINGS.map(async (path) => ({ path, ...(await ask(origin, path)) })));
      expect(answers.filter(({ status, answer }) => status !== 404 || answer.includes("nrpc_"))).toEqual([]);
      for (const path of ["/", "/api", "/my-metrics", "/metricsystem", "/grpc/x"]) {
        expect(await ask(origin, path), path).toMatchObject({ status: 200, answer: expect.stringMatching(/api/) });
      }
    },
  );
});

describe.skipIf(!installed(PROXIES.nginx.program, "apt install nginx-light caddy"))("Prometheus through nginx", () => {
  const through = async (listener, change = (code) => code) => {
    const { host } = new URL(await serve(listener));
    const code = [/allow 10/, /^location ~\*/].map((pattern) => block(pattern)).join("\n");
    return PROXIES.nginx.run(change(code.replaceAll("127.0.0.1:8080", host).replace("10.0.0.0/8", "127.0.0.0/8")));
  };

  test("the endpoint's compressed body comes through as it is, although nginx compresses everything", async () => {
    const registry = new RpcMetricsRegistry({ services: Array.from({ length: 300 }, (_, i) => `s${i}`) });
    const origin = await through(metricsListener(registry, { selfMetrics: false }));
    const response = await get(`${origin}/metrics`, { headers: { "accept-encoding": "gzip" } });
    expect(response.headers).toMatchObject({ "content-encoding": "gzip", "cache-control": "no-store" });
    expect(textOf(response)).toBe(registry.snapshot().prometheusText());
  });

  test("addresses that are not allowed get nothing", async () => {
    const origin = await through(metricsListener(new RpcMetricsRegistry()), (code) =>
      code.replace("127.0.0.0/8", "10.0.0.0/8"),
    );
    expect(await ask(origin, "/metrics")).toMatchObject({ status: 403 });
  });

  test("a body that breaks off breaks off for the client, too, which with HTTP/1.0 it does not", async () => {
    const breaksOff = (_, response) => {
      response.writeHead(200).write("half");
      setTimeout(() => response.destroy(), 100);
    };
    await expect(get(`${await through(breaksOff)}/metrics`)).rejects.toThrow("aborted");
    const old = await through(breaksOff, (code) => code.replace("proxy_http_version 1.1", "proxy_http_version 1.0"));
    expect((await get(`${old}/metrics`)).body.toString()).toBe("half");
  });
});

const hasBoth = Object.values(PROXIES).every(({ program }) => installed(program, "apt install nginx-light caddy"));

describe.skipIf(!hasBoth)("the live page behind a proxy", () => {
  const OURS = "admin.example.com";
  const FOREIGN = ["evil.example", "admin.example.com.evil.example", "evil.example:80"];

  /** What a request for each host gets: the page's data, another answer, by its status, or nothing. */
  const outcomes = async (origin, hosts) => {
    const answers = await Promise.all(hosts.map((host) => ask(origin, "/?format=json", host)));
    return answers.map(({ status, answer }) => (answer.includes('"version":1') ? "data" : status || "nothing"));
  };
  const behind = async (run, code, options) => {
    const page = pageListener(new RpcMetricsRegistry({ services: ["a"] }), options);
    onTestFinished(() => page.close());
    const { host } = new URL(await serve(page));
    expect(code).toContain("127.0.0.1:9465");
    return run(code.replaceAll("127.0.0.1:9465", host));
  };

  test("nginx that passes the name on leaves the refusal of foreign ones to the page", async () => {
    const code = block(/proxy_set_header Host \$host;/);
    const origin = await behind(PROXIES.nginx.run, code, { allowedHosts: [OURS] });
    expect(await outcomes(origin, [OURS, `${OURS}:80`, "localhost"])).toEqual(["data", "data", "data"]);
    expect(await outcomes(origin, FOREIGN)).toEqual([403, 403, 403]);
  });

  test("nginx that does not pass it on makes the page answer for foreign names, as the guide warns", async () => {
    const code = block(/proxy_set_header Host \$host;/).replace(/^.*proxy_set_header.*\n/m, "");
    expect(await outcomes(await behind(PROXIES.nginx.run, code), FOREIGN)).toEqual(["data", "data", "data"]);
  });

  test("nginx with a default server that refuses closes the connection of foreign names", async () => {
    const origin = await behind(PROXIES.nginx.runServers, block(/default_server/));
    expect(await outcomes(origin, [OURS, `${OURS}:80`])).toEqual(["data", "data"]);
    expect(await outcomes(origin, [...FOREIGN, "127.0.0.1"])).toEqual(Array(4).fill("nothing"));
  });

  test("Caddy gives foreign names nothing of the page, and passes the name of its site on", async () => {
    const code = block(/^admin\.example\.com \{/);
    const origin = await behind(PROXIES.Caddy.run, code, { allowedHosts: [OURS] });
    expect(await outcomes(origin, [OURS])).toEqual(["data"]);
    expect(await outcomes(origin, FOREIGN)).toEqual([200, 200, 200]); // empty: Caddy has no such site
    expect(await outcomes(await behind(PROXIES.Caddy.run, code), [OURS])).toEqual([403]);
  });

  test("Caddy that answers for every name passes it on, so that the page refuses foreign ones", async () => {
    const code = block(/^admin\.example\.com \{/).replace(OURS, ":80");
    const origin = await behind(PROXIES.Caddy.run, code, { allowedHosts: [OURS] });
    expect(await outcomes(origin, [OURS])).toEqual(["data"]);
    expect(await outcomes(origin, FOREIGN)).toEqual([403, 403, 403]);
  });
});
