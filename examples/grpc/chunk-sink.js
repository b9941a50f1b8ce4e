// A bounded queue between a streaming handler and a reader who may be slower: what does not fit is lost, and counted.

/** Chunks that wait here at most; grpc-js holds 16 more, and HTTP/2's flow control what is under way. */
const CAPACITY_CHUNKS = 32;

export class ChunkSink {
  #call;
  #service;
  #waiting = [];
  #finish;

  constructor(call, service) {
    this.#call = call;
    this.#service = service;
    call.on("drain", () => this.#pump());
  }

  /** Emits one chunk; false says that it won't arrive. The handler never waits for its reader. */
  send(chunk) {
    this.#service.addStreamingChunksEmitted();
    if (this.#call.destroyed) return false; // the caller has left, which is no fault of the queue
    if (this.#waiting.length === CAPACITY_CHUNKS) {
      this.#service.addStreamingChunksDropped();
      return false;
    }
    this.#waiting.push(chunk);
    this.#pump();
    return true;
  }

  /** Ends the stream behind the chunks that still wait, with a status if it failed. */
  end(failure) {
    this.#finish = () => (failure ? this.#call.emit("error", failure) : this.#call.end());
    this.#pump();
  }

  #pump() {
    const call = this.#call;
    if (call.destroyed) return;
    while (this.#waiting.length > 0 && !call.writableNeedDrain) call.write(this.#waiting.shift());
    if (this.#waiting.length === 0) this.#finish?.();
  }
}
