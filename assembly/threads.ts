// The ABI of the build for threads: that of the plain core, and the sum over slabs.
//
// Every function that counts does so only while the calling instance still owns its slab. A thread that was
// taken for gone too early may run on, for seconds in some browsers: then it counts nothing, instead of
// writing over what the slab's next owner counts, which comes a while after (src/core/shared/slabs.ts). The
// look costs less than can be measured here.

import * as plain from "./index";

export { bucketStride, fields, handlerDuration, latency, rowBytes, thresholds } from "./index";
export { addRows } from "./slab";

/** Address of the low half of the slab's owner, and what it holds as long as it is this instance. */
// @ts-ignore: decorator
@external("slab", "ownerAddress")
declare const ownerAddress: usize;
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

export function endCall(row: usize, outcome: i32, elapsedNs: f64): void {
  if (ownsSlab()) plain.endCall(row, outcome, elapsedNs);
}

export function recordCall(row: usize, outcome: i32, elapsedNs: f64): void {
  if (ownsSlab()) plain.recordCall(row, outcome, elapsedNs);
}

export function startHandler(row: usize): void {
  if (ownsSlab()) plain.startHandler(row);
}

export function endHandler(row: usize, threw: bool, elapsedNs: f64): void {
  if (ownsSlab()) plain.endHandler(row, threw, elapsedNs);
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
