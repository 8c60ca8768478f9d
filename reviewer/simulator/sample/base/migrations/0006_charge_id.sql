-- Which charge paid an invoice.
ALTER TABLE invoices ADD COLUMN charge_id text;
CREATE INDEX invoices_charge_id ON invoices (charge_id);
