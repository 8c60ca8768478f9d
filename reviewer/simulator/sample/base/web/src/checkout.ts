import { createInvoice, reserve } from "./api";
import type { CartLine } from "./generated/api-types";

const status = document.querySelector<HTMLElement>("#status")!;

export async function checkout(lines: CartLine[]): Promise<void> {
  status.textContent = "Reserving your items ...";
  for (const line of lines) {
    await reserve(line);
  }
  const invoice = await createInvoice(lines);
  status.textContent = `Invoice ${invoice.id}: ${invoice.total}`;
}
