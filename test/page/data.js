// Asks a page for its data.

import { expect } from "vitest";

export async function responseOf(page, window, services = []) {
  const query = new URLSearchParams([
    ["format", "json"],
    ["window", window],
    ...services.map((name) => ["service", name]),
  ]);
  const response = await page(new Request(`http://localhost/rpc?${query}`));
  expect(response.status).toBe(200);
  return response;
}

export const dataOf = async (page, window, services) => (await responseOf(page, window, services)).json();

/** Rows as objects, by service. */
export function rowsOf({ columns, rows }) {
  return Object.fromEntries(
    rows.map((row) => [row[0], Object.fromEntries(columns.map((column, i) => [column, row[i]]))]),
  );
}
