// Plain counts of what the traffic sent and saw, kept without the library, to check its numbers against.

import { status } from "@grpc/grpc-js";

export class Tally {
  /** Calls by service and gRPC status: `{ "demo.v1.Shop/Pay": { OK: 3 } }`. */
  calls = {};
  /** Handlers entered, by service. */
  handlerRuns = {};
  /** Chunks that handlers were asked to emit, and that readers got, by service. */
  chunks = {};

  resolved(service, code) {
    this.calls[service] ??= {};
    this.calls[service][status[code]] = (this.calls[service][status[code]] ?? 0) + 1;
  }

  streamed(service, asked, got) {
    this.chunks[service] ??= { asked: 0, got: 0 };
    this.chunks[service].asked += asked;
    this.chunks[service].got += got;
  }

  /** Handlers that note each run before it begins. */
  noting(definition, handlers) {
    const noted = Object.entries(handlers).map(([name, handle]) => {
      const service = definition[name].path.slice(1);
      const noteAndHandle = (...request) => {
        this.handlerRuns[service] = (this.handlerRuns[service] ?? 0) + 1;
        return handle(...request);
      };
      return [name, noteAndHandle];
    });
    return Object.fromEntries(noted);
  }
}
