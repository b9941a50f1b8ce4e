// Run by every test page: calls the script that the page names and posts its result or failure to the server.

async function run() {
  try {
    const { default: main } = await import(document.querySelector("script[data-script]").dataset.script);
    return { result: await main() };
  } catch (error) {
    return { failure: `${error}\n${error?.stack}` };
  }
}

await fetch("/report", { method: "POST", body: JSON.stringify(await run()) });
