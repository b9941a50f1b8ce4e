// A .wasm file imported as a compiled module, as in workerd.
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
