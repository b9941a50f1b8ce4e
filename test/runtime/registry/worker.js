// The worker that reports the proof; it is sent the vectors.

import * as library from "nrpc-metrics";
import { prove } from "./proof.js";

export default {
  async fetch(request) {
    return Response.json(await prove(library, await request.json()));
  },
};
