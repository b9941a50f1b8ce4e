// What the live page answers in this runtime, before and after something was counted.

/** `page`: the handler; `registry`: its registry. */
export async function reportPage({ CallOutcome }, registry, page) {
  const ask = (path, init) => page(new Request(`http://localhost/rpc${path}`, init));
  const html = await ask("/");
  const before = await (await ask("?format=json&window=start")).json();
  const echo = registry.forService("echo");
  for (const outcome of [CallOutcome.Ok, CallOutcome.Ok, CallOutcome.Timeout]) echo.recordCall(outcome, 2e6);
  const data = await (await ask("?format=json&window=start&service=echo")).json();
  const refused = await ask("", { method: "POST" });
  const bad = await ask("?window=day");
  page.close();
  return {
    html: {
      status: html.status,
      policy: html.headers.get("content-security-policy"),
      nonces: Array.from((await html.text()).matchAll(/ nonce="([^"]+)"/g), ([, nonce]) => nonce),
    },
    before,
    data,
    refused: { status: refused.status, allow: refused.headers.get("allow") },
    bad: { status: bad.status, text: await bad.text() },
  };
}
