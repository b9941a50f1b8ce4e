// Serves files and pages to browsers, and receives the report that a page posts.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { onTestFinished } from "vitest";

const CONTENT_TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** The headers that a page and its workers need to share memory. */
export const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** The response for a file: its bytes and their content type. */
export function fileResponse(file) {
  const contentType = CONTENT_TYPES[extname(file)];
  if (contentType === undefined) throw new Error(`no content type is known for ${file}`);
  return { body: readFileSync(file), headers: { "content-type": contentType } };
}

function findFile(folders, path) {
  for (const [prefix, folder] of Object.entries(folders)) {
    if (!path.startsWith(prefix)) continue;
    try {
      return fileResponse(join(folder, normalize(`/${path.slice(prefix.length)}`)));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
}

/**
 * Starts a server on a free port of 127.0.0.1, which browsers treat as a secure context; it closes when the test has
 * finished. `folders` maps path prefixes to folders, `pages` maps paths to `{ body, headers }`; `headers` are added to
 * everything that is found. `reported` fulfils with the JSON that a page posts.
 */
export async function serve({ folders, pages = {}, headers = {} }) {
  let report;
  const reported = new Promise((resolve) => {
    report = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      let json = "";
      for await (const chunk of request.setEncoding("utf8")) json += chunk;
      response.writeHead(204).end();
      report(JSON.parse(json));
      return;
    }
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    const found = pages[pathname] ?? findFile(folders, pathname);
    response.writeHead(found ? 200 : 404, { ...headers, ...found?.headers }).end(found?.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, reported };
}
