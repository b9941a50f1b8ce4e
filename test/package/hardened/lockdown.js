// Runs program.js in a realm that SES has locked down.

import "ses";

lockdown();
await import("./program.js");
