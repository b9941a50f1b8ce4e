// As much of node:worker_threads as is used; the types of Node would let all of src/ use all of Node.
declare module "node:worker_threads" {
  export const isMainThread: boolean;
  export const threadId: number;
}
