// Generated from openapi.yaml. Do not edit.
export interface CartLine {
  sku: string;
  quantity: number;
  unitPrice: string;
}

export interface Invoice {
  id: number;
  total: string;
  currency: string;
  paid: boolean;
}
