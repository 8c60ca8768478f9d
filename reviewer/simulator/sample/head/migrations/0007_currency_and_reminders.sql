-- Invoices in other currencies than the euro, and how often a customer was reminded.
ALTER TABLE invoices ADD COLUMN currency char(3) NOT NULL;
ALTER TABLE invoices ADD COLUMN reminder_level smallint NOT NULL DEFAULT 0;

UPDATE invoices SET reminder_level = 1
WHERE NOT paid AND created_at < now() - interval '14 days';
