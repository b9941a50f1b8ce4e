// The worker's side of workers.js.

import { parentPort } from "node:worker_threads";

/** Answers each message with what the function of its name in `answers` gives for it. */
export function answerWith(answers) {
  parentPort.on("message", async ({ what, ...message }) => parentPort.postMessage(await answers[what](message)));
}
