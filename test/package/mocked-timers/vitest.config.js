export default { test: { include: ["*.suite.js"] } };
