import type { CartLine, Invoice } from "./generated/api-types";

const BASE = "/api/billing";

export async function reserve(line: CartLine): Promise<void> {
  const response = await fetch(`${BASE}/reservations`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(line),
  });
  if (!response.ok) {
    throw new Error(`could not reserve ${line.sku}: ${response.status}`);
  }
}

export async function createInvoice(lines: CartLine[]): Promise<Invoice> {
  const response = await fetch(`${BASE}/invoices`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ lines }),
  });
  return (await response.json()) as Invoice;
}
