// Run by Node: compares what require() and import give in one process.

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
