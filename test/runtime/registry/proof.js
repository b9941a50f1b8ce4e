// What every runtime reports on the registry, as JSON. Each runtime loads this file and the replay it imports,
// so both use nothing but web standards.

import { replayAll } from "../../conformance/replay.js";

function echoRegistry({ RpcMetricsRegistry }) {
  const registry = new RpcMetricsRegistry();
  return { registry, echo: registry.forService("echo"), read: () => registry.snapshot().get("echo") };
}

/** One call and one handler, timed by the runtime's clock. */
async function liveGuards(library) {
  const { registry, echo, read } = echoRegistry(library);
  const call = echo.startCall();
  const handler = echo.startHandler();
  const during = read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  handler.end();
  call.end(library.CallOutcome.Ok);
  call.end();
  return {
    during,
    after: read(),
    text: registry.snapshot().prometheusText(),
    // Without Symbol.dispose, `[Symbol.dispose]() {}` would define a method named "undefined".
    hasMemberUndefined: "undefined" in call || "undefined" in handler,
  };
}

/** Undefined if the runtime does not have the syntax. */
async function usingBlock(library) {
  const { echo, read } = echoRegistry(library);
  try {
    const { callInUsingBlock } = await import("./using.js");
    return { during: callInUsingBlock(echo, library.CallOutcome.Ok, read), after: read() };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function prove(library, vectors) {
  return {
    replay: await replayAll(library, vectors),
    guards: await liveGuards(library),
    disposable: typeof Symbol.dispose === "symbol",
    using: await usingBlock(library),
  };
}
