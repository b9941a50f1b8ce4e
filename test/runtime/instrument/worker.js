// The shop as a Worker. Made in the first request, since that is where Workers may call and set timers.

import { makeShop } from "./shop.js";

let shop;

export default {
  fetch(...args) {
    shop ??= makeShop();
    return shop(...args);
  },
};
