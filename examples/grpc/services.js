// The demo's services, loaded from demo.proto.

import { fileURLToPath } from "node:url";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { serviceNames } from "nrpc-metrics/grpc";

const definition = loadSync(fileURLToPath(new URL("demo.proto", import.meta.url)), { enums: String, defaults: true });

export const { Shop, Warehouse } = loadPackageDefinition(definition).demo.v1;

/** All methods, by the names that the metrics use. */
export const SERVICE_NAMES = serviceNames(Shop.service, Warehouse.service);
