// The ABI of the build for threads: that of the plain core, and the sum over slabs.

export * from "./index";
export { addRows } from "./slab";
