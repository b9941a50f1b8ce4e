// Declares the part of node:worker_threads that is used. Node's own types would let all of src/ use any part of Node.
declare module "node:worker_threads" {
  export const isMainThread: boolean;
  export const threadId: number;
}
