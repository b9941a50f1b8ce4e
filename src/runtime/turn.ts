// Turns of the event loop.

import { pause } from "./timer.js";

/**
 * Fulfils in the next turn of the event loop, when whatever was ready before has run. By a message rather than a timer:
 * a timer of 0 ms takes a whole one in Node, and tests mock timers, but not messages. Each turn has a channel of its
 * own, because Node delivers up to 1,000 messages of one port in a single turn.
 */
export function nextTurn(): Promise<void> {
  const channel = newChannel();
  if (!channel) return pause(0);
  const { port1, port2 } = channel;
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      port2.close(); // Deno does not close it with the other
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** Undefined where there are none: jsdom has no such class, and that of Next.js' Edge runtime throws. */
function newChannel(): MessageChannel | undefined {
  try {
    return new MessageChannel();
  } catch {
    return undefined;
  }
}
