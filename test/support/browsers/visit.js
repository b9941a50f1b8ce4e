// Makes a browser run a script on a page with the packed package, and returns the script's report.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vectors } from "../../conformance/vectors.js";
import { fileResponse, ISOLATION, serve } from "../web-server.js";
import { packageFolder, repository } from "../workspace.js";

const WORKER_POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

function withPolicy({ body, headers }, policy) {
  return { body, headers: { ...headers, "content-security-policy": policy } };
}

/** The only inline script is the import map, and the only one that the policy, if any, allows. */
function page(script, imports, scriptSources) {
  const response = {
    headers: { "content-type": "text/html; charset=utf-8" },
    body: `<!doctype html>
<title>${script}</title>
<script type="importmap" nonce="map">${JSON.stringify({ imports })}</script>
<script type="module" src="/test/support/browsers/page.js" data-script="/${script}"></script>`,
  };
  if (scriptSources === undefined) return response;
  return withPolicy(response, `default-src 'self'; script-src 'self' 'nonce-map' ${scriptSources.join(" ")}`);
}

/**
 * Returns what the default export of `script`, a path in the repository, returned on a page. `open(url)` makes the
 * browser show the page.
 *
 * @param scriptSources what a strict Content-Security-Policy allows for scripts in addition to the page's own files;
 * if undefined, there is no policy.
 * @param isolated whether the page is cross-origin isolated, as it has to be to share memory.
 */
export async function visit(open, script, { scriptSources, isolated = false } = {}) {
  const { exports } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8"));
  const worker = fileResponse(join(repository, "test/support/browsers/compiling-worker.js"));
  const imports = {
    "nrpc-metrics": join("/package", exports["."].default),
    "nrpc-metrics/fetch": join("/package", exports["./fetch"].default),
    "nrpc-metrics/threads": join("/package", exports["./threads"].default),
  };
  const { origin, reported } = await serve({
    headers: isolated ? ISOLATION : {},
    folders: { "/test/": join(repository, "test"), "/package/": packageFolder() },
    pages: {
      "/": page(script, imports, scriptSources),
      "/vectors.json": { body: JSON.stringify(vectors), headers: { "content-type": "application/json" } },
      "/core.wasm": fileResponse(join(packageFolder(), exports["./core.wasm"])),
      "/worker.js": withPolicy(worker, WORKER_POLICY),
    },
  });
  await open(`${origin}/`);
  const { result, failure } = await reported;
  if (failure) throw new Error(`${script} failed in the browser: ${failure}`);
  return result;
}
