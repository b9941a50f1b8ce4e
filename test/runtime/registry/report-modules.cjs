// What Node runs: the package through require() and through import in one process.

const required = require("nrpc-metrics");

import("nrpc-metrics").then((imported) => {
  const names = Object.keys(imported).sort();
  console.log(
    JSON.stringify({
      names,
      requiredNames: Object.keys(required).sort(),
      different: names.filter((name) => required[name] !== imported[name]),
    }),
  );
});
