// Bodies of responses, watched while they flow.

import type { StreamWatcher } from "./watched-iterable.js";

/**
 * The same response with its body watched, or the response itself if there is nothing to watch: then `onEnd` is called
 * at once. The stream is written by hand, since a TransformStream does not show which side ended it.
 */
export function withWatchedBody(response: Response, watcher: StreamWatcher): Response {
  const { body } = response;
  if (!body || body.locked || response.bodyUsed) {
    watcher.onEnd();
    return response;
  }
  const reader = body.getReader();
  const watched = new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          watcher.onEnd();
          controller.close();
        } catch (error) {
          watcher.onError(error);
          throw error; // which makes it the stream's own
        }
      },
      cancel(reason) {
        watcher.onLeave();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 }, // reads nothing ahead of its reader
  );
  return new Response(watched, response);
}
