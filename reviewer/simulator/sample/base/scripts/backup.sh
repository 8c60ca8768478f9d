#!/usr/bin/env bash
# Dump the database into the backup folder and keep the last 14 dumps.
set -u

BACKUP_DIR="${BACKUP_DIR:-/var/backups/billing}"
KEEP=14

mkdir -p "$BACKUP_DIR"
pg_dump "$DATABASE_URL" | gzip > "$BACKUP_DIR/billing-$(date +%F).sql.gz"

count=0
for dump in $(find "$BACKUP_DIR" -name '*.sql.gz' | sort -r); do
  count=$((count + 1))
  if [ "$count" -gt "$KEEP" ]; then
    rm -- "$dump"
  fi
done
