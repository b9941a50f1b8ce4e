// A Worker that constructs its registry at startup, as Workers should: one registry for all requests. It reports
// whether that worked, also with the option that needs a recent compatibility date.

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

/** The `_created` values in a registry's text, in seconds. */
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
