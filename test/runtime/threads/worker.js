// A Worker that tries to create a shared registry, at startup and in a request.

import { createSharedRegistry } from "nrpc-metrics/threads";

function construct() {
  try {
    return { size: createSharedRegistry().size };
  } catch (error) {
    return { failure: error.message };
  }
}

const atStartup = construct();

export default {
  fetch() {
    return Response.json({ atStartup, inRequest: construct() });
  },
};
