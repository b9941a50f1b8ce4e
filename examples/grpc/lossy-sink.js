// A queue that drops chunks on purpose, for handlers that would rather skip some than wait for a slow reader.
//
// Measuring doesn't need this: an ordinary stream loses nothing. It shows how a service with a queue of its own
// counts what it drops.

/** At most this many chunks wait here. grpc-js buffers 16 more, and HTTP/2's flow control what is in transit. */
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
    if (this.#call.destroyed) return false; // the caller has left, which isn't the queue's fault
    if (this.#waiting.length === CAPACITY_CHUNKS) {
      this.#service.addStreamingChunksEmitted(); // the server's interceptors count all others as they are sent
      this.#service.addStreamingChunksDropped();
      return false;
    }
    this.#waiting.push(chunk);
    this.#pump();
    return true;
  }

  /** Ends the stream once the waiting chunks are written. */
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
