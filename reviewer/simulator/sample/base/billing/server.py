"""The HTTP side of the service."""

import os

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from billing.repository import InvoiceRepository
from billing.webhooks import BadSignature, handle


async def webhook(request: Request) -> JSONResponse:
    """Take an event from the payment provider."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        try:
            done = handle(
                await request.body(),
                request.headers.get("X-Signature", ""),
                InvoiceRepository(connection),
            )
        except BadSignature:
            return JSONResponse({"error": "bad signature"}, status_code=401)
    return JSONResponse({"result": done})


app = Starlette(routes=[Route("/webhook", webhook, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, port=8080)
