// A Worker that returns the report on the registry, with the option `module`; the request body is the vectors.

import * as library from "nrpc-metrics";
import module from "nrpc-metrics/core.wasm";
import { prove } from "./proof.js";

class RpcMetricsRegistry extends library.RpcMetricsRegistry {
  constructor(options) {
    super({ ...options, module });
  }
}

export default {
  async fetch(request) {
    return Response.json(await prove({ ...library, RpcMetricsRegistry }, await request.json()));
  },
};
