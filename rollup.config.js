// Bundles what tsc emitted. Both entries share one chunk; node_modules are bundled (the loader, nothing else).

import { fileURLToPath } from "node:url";

const loader = fileURLToPath(new URL("node_modules/@assemblyscript/loader/index.js", import.meta.url));

export default {
  input: ["build/js/index.js", "build/js/index.workerd.js"],
  external: ["./core.wasm"],
  plugins: [
    { name: "bundle-loader", resolveId: (id) => (id === "@assemblyscript/loader" ? loader : null) },
  ],
  output: { dir: "dist", format: "es", chunkFileNames: "registry.js" },
};
