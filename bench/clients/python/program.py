"""What every program shares: the question, the tool, and how errands are done."""

import asyncio
import inspect
import json
import os
import sys

# The words do not matter to the fake provider.
question = "What is written on the sign at the quay?"

parameters = {
    "type": "object",
    "properties": {"place": {"type": "string", "description": "Where the sign stands."}},
    "required": ["place"],
    "additionalProperties": False,
}


def read_sign(place: str) -> str:
    """Reads a sign.

    Args:
        place: Where the sign stands.
    """
    if place != "quay":
        raise ValueError(f"There is no sign at {place}.")
    return f"The sign says {os.environ['SIGN']}."


def run(**errands):
    """Does errands, one for each line of the standard input, and writes a line on how it ended.

    Args:
        errands: `whole`, `stream`, `turns` and `tool`, as far as the client can: each takes a model, and returns the text, or
            is a coroutine. They share one loop, as connections that are kept belong to it.
    """
    outcomes, sys.stdout = sys.stdout, sys.stderr  # some clients print
    with asyncio.Runner() as loop:
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                answer = errands[asked["errand"]](asked["model"])
                outcome = {"is": "answer", "answer": loop.run(answer) if inspect.iscoroutine(answer) else answer}
            except Exception as error:
                outcome = {"is": "error", "error": f"{type(error).__name__}: {error}"}
            print(json.dumps(outcome), file=outcomes, flush=True)
