// A queue that loses chunks on purpose: for handlers that would rather skip than wait for a slow reader.
//
// Measuring needs none of this: a stream that is written to as usual loses nothing. It is here to show how a
// service with a queue of its own counts what it drops.

/** Chunks that wait here at most; grpc-js holds 16 more, and HTTP/2's flow control what is under way. */
const CAPACITY_CHUNKS = 32;

export class LossySink {
  #call;
  #service;
  #waiting = [];
  #ended = false;

  constructor(call, service) {
    this.#call = call;
    this.#service = service;
    call.on("drain", () => this.#pump());
  }

  /** Emits one chunk; false says that it won't arrive. The handler never waits for its reader. */
  send(chunk) {
    if (this.#call.destroyed) return false; // the caller has left, which is no fault of the queue
    if (this.#waiting.length === CAPACITY_CHUNKS) {
      this.#service.addStreamingChunksEmitted(); // all others count as they are written: see measureHandlers
      this.#service.addStreamingChunksDropped();
      return false;
    }
    this.#waiting.push(chunk);
    this.#pump();
    return true;
  }

  /** Ends the stream behind the chunks that still wait. */
  end() {
    this.#ended = true;
    this.#pump();
  }

  #pump() {
    const call = this.#call;
    if (call.destroyed) return;
    while (this.#waiting.length > 0 && !call.writableNeedDrain) call.write(this.#waiting.shift());
    if (this.#ended && this.#waiting.length === 0) call.end();
  }
}
