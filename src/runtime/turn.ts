// Turns of the event loop.

import { pause } from "./timer.js";

/**
 * Fulfils in the next turn of the event loop, when whatever was ready before has run. By a message rather than a timer:
 * a timer of 0 ms takes a whole one in Node, and tests mock timers, but not messages. Each turn has a channel of its
 * own, because Node delivers up to 1,000 messages of one port in a single turn. Where there are no channels, as in
 * jsdom, a timer has to do.
 */
export function nextTurn(): Promise<void> {
  if (typeof MessageChannel !== "function") return pause(0);
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      port2.close(); // Deno does not close it with the other
      resolve();
    };
    port2.postMessage(undefined);
  });
}
