// For any interleaving of operations in one thread, several registries on one memory equal the naive model.

import fc from "fast-check";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { expect, test } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";
import { asDoubles, GAUGES, ModelRegistry, ModelService } from "../support/naive-model.js";
import { apply, applyToModel, operation, serviceName } from "../support/operations.js";
import { fakeTime, manualClock } from "../support/time.js";
import { GRACE_MS } from "./grace.js";

const PLACES = 4;

/** A model of several threads: the services of one registry, and what each thread did to them. */
class ModelProcess {
  constructor(limits) {
    this.names = new ModelRegistry(limits);
    this.threads = [];
  }

  thread() {
    const thread = { isAttached: true, services: new Map() };
    this.threads.push(thread);
    return thread;
  }

  forService(thread, name) {
    const shared = this.names.forService(name);
    if (!thread.services.has(shared)) thread.services.set(shared, new ModelService());
    return thread.services.get(shared);
  }

  /** Rows in doubles: the counters of all threads, and the gauges of those that are attached. */
  rows() {
    for (const service of this.names.services.values()) Object.assign(service, new ModelService());
    for (const { isAttached, services } of this.threads) {
      for (const [shared, own] of services) {
        for (const [field, n] of Object.entries(own.fields)) {
          if (isAttached || !GAUGES.includes(field)) shared.add(field, n);
        }
        shared.latency.push(...own.latency);
        shared.handlerDuration.push(...own.handlerDuration);
      }
    }
    return this.names.rows().map(asDoubles);
  }
}

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ step: fc.constant("count"), place: fc.nat(PLACES - 1), name: serviceName, operation }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("detach"), place: fc.nat(PLACES - 1) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("kill"), place: fc.nat(PLACES - 1) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("look"), place: fc.nat(PLACES - 1) }) },
);
const limits = fc.record({
  maxServices: fc.integer({ min: 1, max: 8 }),
  maxServiceNameBytes: fc.constantFrom(1, 3, 12, 30, 1024),
});

test("after any interleaving, with threads that attach and leave, all registries on one memory equal the model", () => {
  const time = fakeTime(["Date"]);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), limits, (steps, options) => {
      const clock = manualClock();
      const model = new ModelProcess(options);
      const created = createSharedRegistry({ ...options, maxThreads: PLACES + 1, clock });
      const attachOne = () => ({ registry: attachSharedRegistry(created.handle, { clock }), thread: model.thread() });
      const places = Array.from({ length: PLACES }, attachOne);
      for (const { step, place, name, operation } of steps) {
        places[place] ??= attachOne();
        const { registry, thread } = places[place];
        clock.nowMs = 0; // near 0 a double holds any elapsed time to the nanosecond
        if (step === "count") {
          apply(registry.forService(name), clock, operation);
          applyToModel(model.forService(thread, name), operation);
        } else if (step === "look") {
          expect(registry.snapshot().services.map((row) => ({ ...row }))).toEqual(model.rows());
        } else {
          if (step === "detach") registry.detach();
          else {
            created.release(registry.threadId);
            time.advance(GRACE_MS);
          }
          thread.isAttached = false;
          places[place] = undefined;
        }
      }
      for (const registry of [created, ...places.flatMap((place) => place?.registry ?? [])]) {
        expect(registry.snapshot().services.map((row) => ({ ...row }))).toEqual(model.rows());
        expect(registry.size).toBe(model.names.services.size);
      }
    }),
    { numRuns: 200 },
  );
});
