// A server and a client of @grpc/grpc-js in one process, measured in the way that is asked for.

import { promisify } from "node:util";
import {
  credentials,
  InterceptingCall,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
} from "@grpc/grpc-js";
import { clientInterceptor, serverInterceptors } from "../../dist/grpc.js";
import { measurements } from "./measurements.js";

const asItIs = (bytes) => bytes;
const GET = {
  path: "/shop.v1.Items/Get",
  requestStream: false,
  responseStream: false,
  requestSerialize: asItIs,
  requestDeserialize: asItIs,
  responseSerialize: asItIs,
  responseDeserialize: asItIs,
};
const MESSAGE = Buffer.from("a message of some forty bytes, as many are");

const MEASURED = measurements(GET.path.slice(1), "empty interceptors", interceptorsOf, (registry) => ({
  client: [clientInterceptor(registry)],
  server: serverInterceptors(registry),
}));

export const VARIANTS = Object.keys(MEASURED);

/** The least that a measuring interceptor of either side consists of. */
function interceptorsOf({ client, server }) {
  const calling = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, _listener, next) {
        const end = client(options.method_definition.path);
        next(metadata, {
          onReceiveStatus(status, passOn) {
            end(status.code);
            passOn(status);
          },
        });
      },
    });
  const serving = ({ path }, call) => {
    let end;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveHalfClose(passOn) {
            end = server(path);
            passOn();
          },
          onCancel() {},
        }),
      sendStatus(status, passOn) {
        end(status.code);
        passOn(status);
      },
    });
  };
  return { client: [calling], server: [serving] };
}

/** `call()` makes a call; `counts()` are those of both sides, where they can be read. */
export async function start(variant) {
  const { client = [], server = [], counts } = MEASURED[variant]();
  const listening = new Server({ interceptors: server });
  listening.addService({ get: GET }, { get: ({ request }, callback) => callback(null, request) });
  const bind = promisify(listening.bindAsync).bind(listening);
  const port = await bind("127.0.0.1:0", ServerCredentials.createInsecure());
  const Items = makeGenericClientConstructor({ get: GET }, "shop.v1.Items");
  const items = new Items(`127.0.0.1:${port}`, credentials.createInsecure(), { interceptors: client });
  return { call: promisify(items.get).bind(items, MESSAGE), counts };
}
