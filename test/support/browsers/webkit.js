// Starts WebKit (WebKitGTK's MiniBrowser) on a virtual display and drives it by WebDriver.

import { createServer } from "node:net";
import { installed } from "../installed.js";
import { start } from "../process.js";
import { makeWorkspace } from "../workspace.js";

const XVFB_RUN = "/usr/bin/xvfb-run";
const DRIVER = "/usr/bin/WebKitWebDriver";
const MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

export const hasWebKit = () =>
  [XVFB_RUN, DRIVER, MINI_BROWSER].every((file) => installed(file, "apt install webkit2gtk-driver xvfb xauth"));

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * `open(url)` shows a page; end the browser with `close()`. Without `sharesMemory`, pages have no SharedArrayBuffer
 * whatever their headers say.
 */
export async function launchWebKit({ sharesMemory = false } = {}) {
  const port = await freePort();
  const scratch = makeWorkspace();
  const driver = start(XVFB_RUN, ["-a", DRIVER, `--port=${port}`, "--host=127.0.0.1"], {
    env: { TMPDIR: scratch.folder, XDG_CACHE_HOME: scratch.folder, JSC_useSharedArrayBuffer: sharesMemory ? "1" : "0" },
  });
  const stop = () => driver.stop().finally(scratch.remove);
  const command = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebDriver ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  try {
    await listening(driver, () => command("GET", "/status"));
    const { sessionId } = await command("POST", "/session", {
      capabilities: {
        alwaysMatch: { "webkitgtk:browserOptions": { binary: MINI_BROWSER, args: ["--automation"] } },
      },
    });
    const session = `/session/${sessionId}`;
    return {
      open: (url) => command("POST", `${session}/url`, { url }),
      close: () => command("DELETE", session).finally(stop),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Repeats `ask` until it succeeds; throws if the driver has ended. */
async function listening(driver, ask) {
  let exit;
  driver.ended.then((result) => {
    exit = result;
  });
  while (!exit) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`WebKitWebDriver ended with ${exit.code}: ${exit.stderr}`);
}
