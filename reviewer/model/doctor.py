"""Whether the model's API can be used from here: a key that is accepted, and the models of the configuration."""

import asyncio
from collections.abc import Mapping, Sequence

from reviewer.core.check import Check
from reviewer.errors import EngineError
from reviewer.model.client import has_credentials, make_client
from reviewer.model.failures import classify

_KEY_STEP = "Set the secret ANTHROPIC_API_KEY and pass it to the action as `anthropic-api-key`."


def check(env: Mapping[str, str], models: Sequence[str]) -> tuple[Check, ...]:
    """Key, then each model once; asking for a model's description costs nothing."""
    if not has_credentials(env):
        return (Check("API key", False, "ANTHROPIC_API_KEY is not set.", _KEY_STEP),)
    try:
        return (Check("API key", True, "A credential is set."), *asyncio.run(_ask(env, tuple(dict.fromkeys(models)))))
    except EngineError as error:
        return (Check("API key", False, error.what, error.step),)


async def _ask(env: Mapping[str, str], models: Sequence[str]) -> list[Check]:
    checks = []
    async with make_client(env, connections=2) as client:
        for model in models:
            try:
                await client.models.retrieve(model, timeout=15.0)
            except Exception as error:
                failure = classify(error)
                checks.append(Check(f"Model {model}", False, failure.message, failure.step))
                if failure.fatal and failure.status != 404:
                    break
            else:
                checks.append(Check(f"Model {model}", True, "can be used."))
    return checks
