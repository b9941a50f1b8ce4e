// The ABI of the build for threads: the plain core's, and `addRows`.
//
// The exported functions count only while this instance owns its slab. A thread that was released too early may keep
// running, in some browsers for seconds. It then counts nothing, instead of overwriting the counts of the slab's next
// owner, which takes over a while later (src/core/shared/slabs.ts). The check costs too little to measure.

import * as plain from "./index";

export { bucketStride, fields, handlerDuration, latency, rowBytes, thresholds } from "./index";
export { addRows } from "./slab";

/** Address of the low half of the slab's owner word. */
// @ts-ignore: decorator
@external("slab", "ownerAddress")
declare const ownerAddress: usize;
/** The value of that half while this instance owns the slab. */
// @ts-ignore: decorator
@external("slab", "owner")
declare const owner: u32;

// @ts-ignore: decorator
@inline
function ownsSlab(): bool {
  return load<u32>(ownerAddress) == owner;
}

export function startCall(row: usize): void {
  if (ownsSlab()) plain.startCall(row);
}

export function endCall(row: usize, mark: u32, elapsedNs: f64): void {
  if (ownsSlab()) plain.endCall(row, mark, elapsedNs);
}

export function recordCall(row: usize, mark: u32, elapsedNs: f64): void {
  if (ownsSlab()) plain.recordCall(row, mark, elapsedNs);
}

export function startHandler(row: usize): void {
  if (ownsSlab()) plain.startHandler(row);
}

export function endHandler(row: usize, mark: u32, elapsedNs: f64): void {
  if (ownsSlab()) plain.endHandler(row, mark, elapsedNs);
}

export function recordHandler(row: usize, mark: u32): void {
  if (ownsSlab()) plain.recordHandler(row, mark);
}

export function observe(histogram: usize, elapsedNs: f64): void {
  if (ownsSlab()) plain.observe(histogram, elapsedNs);
}

export function add(address: usize, n: f64): void {
  if (ownsSlab()) plain.add(address, n);
}

export function addExact(address: usize, n: u64): void {
  if (ownsSlab()) plain.addExact(address, n);
}
