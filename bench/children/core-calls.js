// Times calls in the runtime that runs this script, on one registry or on several that alternate at one call site.

import { assertSamples, expectedOfCalls, samples } from "../answers.js";
import * as clock from "../contenders/clock.js";
import * as floor from "../contenders/floor.js";
import * as nrpc from "../contenders/nrpc-metrics.js";
import { compare, effort } from "../harness.js";
import { makeCalls } from "../workload.js";

const { title, clockIsInjected, registryCount, quick } = JSON.parse(process.argv[2]);
const work = makeCalls();

const registries = Array.from({ length: registryCount }, () => nrpc.create({ injectedClock: clockIsInjected }));
const handles = work.names.map((name, i) => registries[i % registries.length].forService(name));
const rows = floor.create(work.names);

nrpc.recordedCalls(handles, work, work.service.length);
floor.calls(rows, work, work.service.length);
const expected = expectedOfCalls(work);
assertSamples("nrpc-metrics", samples(registries.map(nrpc.text).join("\n")), expected);
assertSamples("floor", samples(floor.text(rows)), expected);

const contenders = clockIsInjected
  ? [
      { name: "guard, net of the clock", run: (n) => nrpc.calls(handles, work, n) },
      { name: "recordCall", run: (n) => nrpc.recordedCalls(handles, work, n) },
      { name: "recordLatency", run: (n) => nrpc.observations(handles, work, n) },
      { name: floor.name, run: (n) => floor.calls(rows, work, n) },
    ]
  : [
      { name: "guard with the clock", run: (n) => nrpc.clockedCalls(handles, work, n) },
      { name: clock.name, run: clock.reads },
    ];
process.stdout.write(JSON.stringify(await compare(title, contenders, effort({ quick }))));
