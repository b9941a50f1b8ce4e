// A thread that fills services, all the same data as every other thread, and then is idle; it answers scrapes where the
// library gathers what threads hold by messages.

import { workerData } from "node:worker_threads";
import { makeServices } from "../workload.js";
import { answerWith } from "./answer.js";

const { library, handle, serviceCount } = workerData;
const contender = await import(`../contenders/${library}.js`);
const state = handle ? contender.attach(handle) : contender.create();
contender.gather?.(state);
for (const service of makeServices(serviceCount)) contender.fill(state, service);

answerWith({ filled: () => true });
