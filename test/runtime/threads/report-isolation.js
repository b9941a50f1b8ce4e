// Run by every browser, on a page that is not isolated: whether a shared registry can be created.

import { createSharedRegistry } from "nrpc-metrics/threads";

export default function main() {
  try {
    return { size: createSharedRegistry().size };
  } catch (error) {
    return { failure: error.message };
  }
}
