// A Worker that returns the report on the registry; the request body is the vectors.

import * as library from "nrpc-metrics";
import { prove } from "./proof.js";

export default {
  async fetch(request) {
    return Response.json(await prove(library, await request.json()));
  },
};
