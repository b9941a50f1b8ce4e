export default {
  compatibilityDate: "2026-04-01",
  experimental: { wasm: true }, // for `?module`
};
