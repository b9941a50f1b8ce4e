// The demo's services, loaded from demo.proto.

import { fileURLToPath } from "node:url";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const definition = loadSync(fileURLToPath(new URL("demo.proto", import.meta.url)), { enums: String, defaults: true });

export const { Shop, Warehouse } = loadPackageDefinition(definition).demo.v1;
