// Sends calls, waits for them to end, and notes in the tally how they ended. No call here rejects.

import { setTimeout } from "node:timers/promises";
import { Metadata, status } from "@grpc/grpc-js";

/** For calls that are meant to succeed, even on a busy machine. */
const GENEROUS_DEADLINE_MS = 60_000;

function callOptions(deadlineMs = GENEROUS_DEADLINE_MS) {
  return { deadline: Date.now() + deadlineMs };
}

export class Caller {
  #client;
  #tally;

  constructor(client, tally) {
    this.#client = client;
    this.#tally = tally;
  }

  /** One unary call: `ended` resolves with its status code; `cancel` cancels it. */
  start(method, request, { deadlineMs, authorization } = {}) {
    const metadata = new Metadata();
    if (authorization) metadata.set("authorization", authorization);
    let cancel;
    const ended = new Promise((resolve) => {
      const call = this.#client[method](request, metadata, callOptions(deadlineMs), (error) => {
        const code = error?.code ?? status.OK;
        this.#tally.resolved(this.#service(method), code);
        resolve(code);
      });
      cancel = () => call.cancel();
    });
    return { ended, cancel };
  }

  send(method, request, options) {
    return this.start(method, request, options).ended;
  }

  /** Sends a second call when the first answer is late. The first to answer wins, the other one is cancelled. */
  async hedge(method, requests, hedgeAfterMs) {
    const pair = [this.start(method, requests[0])];
    await Promise.race([pair[0].ended, setTimeout(hedgeAfterMs)]);
    pair.push(this.start(method, requests[1]));
    await Promise.race(pair.map(({ ended }) => ended));
    for (const call of pair) call.cancel(); // does nothing to the winner
    await Promise.all(pair.map(({ ended }) => ended));
  }

  /** Reads a stream to its end, taking `readMs` over each chunk. */
  async read(method, request, chunksAsked, readMs) {
    const stream = this.#client[method](request, callOptions());
    const ended = new Promise((resolve) => {
      stream.once("status", resolve);
    });
    let chunksGot = 0;
    try {
      for await (const _ of stream) {
        chunksGot++;
        if (readMs > 0) await setTimeout(readMs);
      }
    } catch {
      // The status says what went wrong.
    }
    this.#tally.resolved(this.#service(method), (await ended).code);
    this.#tally.streamed(this.#service(method), chunksAsked, chunksGot);
  }

  #service(method) {
    return this.#client[method].path.slice(1);
  }
}
