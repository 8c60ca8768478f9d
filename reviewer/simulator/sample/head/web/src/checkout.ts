import { createInvoice, reserve } from "./api";
import type { CartLine } from "./generated/api-types";

const status = document.querySelector<HTMLElement>("#status")!;

export async function checkout(lines: CartLine[]): Promise<void> {
  status.textContent = "Reserving your items ...";
  lines.forEach(async (line, index) => {
    await reserve(line);
    status.textContent = `Reserved ${index + 1} of ${lines.length} ...`;
  });
  const invoice = await createInvoice(lines);
  status.textContent = `Invoice ${invoice.id}: ${invoice.total} ${invoice.currency}`;
}
