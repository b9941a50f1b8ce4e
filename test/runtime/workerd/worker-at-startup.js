// A worker that makes its registry while it starts, as workers should: one registry for all requests. It
// reports what came of it, and of the option that needs a recent compatibility date.

import { RpcMetricsRegistry } from "nrpc-metrics";

function construct(options) {
  try {
    return { size: new RpcMetricsRegistry(options).size };
  } catch (error) {
    return { failure: error.message };
  }
}

const atStartup = construct({ services: ["echo"] });

export default {
  fetch() {
    return Response.json({
      atStartup,
      inRequest: construct({ services: ["echo"] }),
      detectingLeaks: construct({ services: ["echo"], detectLeaks: true }),
    });
  },
};
