// A route that counts its requests, and its throws.
import { registry } from "../../registry.js";

const hello = registry.forService("Greeter/Hello"); // keep it: this saves a lookup per call

export const dynamic = "force-dynamic"; // or the response of the build is served for good, and nothing is counted

export function GET(request) {
  return hello.observeHandler(async () => {
    const name = request.nextUrl.searchParams.get("name");
    if (!name) throw new Error("a name is missing");
    return new Response(`Hello, ${name}!`);
  });
}
