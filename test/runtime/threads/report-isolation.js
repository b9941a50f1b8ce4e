// What a page has to say that is not isolated.

import { createSharedRegistry } from "nrpc-metrics/threads";

export default function main() {
  try {
    return { size: createSharedRegistry().size };
  } catch (error) {
    return { failure: error.message };
  }
}
