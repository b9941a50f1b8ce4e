// What every runtime has to prove. Plain JavaScript on web standards alone, like the replay it calls: each
// runtime loads this very file and reports what came out, as JSON.

import { replayAll } from "../../conformance/replay.js";

function echoRegistry({ RpcMetricsRegistry }) {
  const registry = new RpcMetricsRegistry();
  return { registry, echo: registry.forService("echo"), read: () => registry.snapshot().get("echo") };
}

/** One call and one handler, with the runtime's own clock. */
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
    // Where Symbol.dispose is missing, a method must not get the name that it would turn into.
    hasMemberUndefined: "undefined" in call || "undefined" in handler,
  };
}

/** Undefined where the runtime does not know the syntax. */
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
