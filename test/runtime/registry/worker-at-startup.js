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
const startRegistry = atStartup.failure ? undefined : new RpcMetricsRegistry({ services: ["echo"] });

/** The seconds at which a registry's services appeared, as its text tells them. */
function created(registry) {
  const text = registry?.snapshot().openMetricsText({ created: true }) ?? "";
  return [...text.matchAll(/_created\{.*\} (.*)\n/g)].map(([, seconds]) => Number(seconds));
}

export default {
  fetch() {
    return Response.json({
      atStartup,
      inRequest: construct({ services: ["echo"] }),
      createdAtStartup: created(startRegistry),
      createdInRequest: atStartup.failure ? [] : created(new RpcMetricsRegistry({ services: ["echo"] })),
      detectingLeaks: construct({ services: ["echo"], detectLeaks: true }),
    });
  },
};
