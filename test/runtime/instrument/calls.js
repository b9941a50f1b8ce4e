// Calls by a measured fetch, the same in every runtime. Uses nothing but web standards.

import { measuredFetch } from "nrpc-metrics/fetch";

/**
 * Makes calls to a server at `origin`, which answers `/404` with 404 and leaves `/hang` alone; counts them as the service
 * "Upstream". Returns the names of what was thrown.
 */
export async function callAll(registry, origin) {
  const send = measuredFetch(registry, { service: "Upstream" });
  const thrown = [];
  const call = async (path, init) => {
    try {
      const response = await send(`${origin}${path}`, init);
      await response.text();
    } catch (error) {
      thrown.push(error?.name ?? error);
    }
  };
  for (const path of ["/200", "/404", "/503", "/to/302/200", "/reset"]) await call(path);
  await call("/hang", { signal: AbortSignal.timeout(50) });
  for (const reason of [undefined, new Error("mine")]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await call("/hang", { signal: controller.signal });
  }
  return thrown;
}
