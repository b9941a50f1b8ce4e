// A thread that fills services with the same data as every other thread and is then idle. Where the library gathers
// metrics by messages, it answers those.

import { workerData } from "node:worker_threads";
import { makeServices } from "../workload.js";
import { answerWith } from "./answer.js";

const { library, handle, serviceCount } = workerData;
const contender = await import(`../contenders/${library}.js`);
const state = handle ? contender.attach(handle) : contender.create();
contender.gather?.(state);
for (const service of makeServices(serviceCount)) contender.fill(state, service);

answerWith({ filled: () => true });
