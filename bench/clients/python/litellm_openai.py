import json

import litellm
from program import parameters, question, read_sign, run

asked = {"role": "user", "content": question}
reading = {"name": "read_sign", "description": "Reads a sign.", "parameters": parameters}


def whole(model):
    return litellm.completion(model=f"openai/{model}", messages=[asked]).choices[0].message.content


def stream(model):
    chunks = litellm.completion(model=f"openai/{model}", messages=[asked], stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def turns(model):
    first = litellm.completion(model=f"openai/{model}", messages=[asked]).choices[0].message
    messages = [asked, first.model_dump(exclude_none=True), asked]
    return litellm.completion(model=f"openai/{model}", messages=messages).choices[0].message.content


def tool(model):
    tools = [{"type": "function", "function": reading}]
    first = litellm.completion(model=f"openai/{model}", messages=[asked], tools=tools).choices[0].message
    call = first.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": read_sign(**json.loads(call.function.arguments))}
    messages = [asked, first.model_dump(exclude_none=True), result]
    return litellm.completion(model=f"openai/{model}", messages=messages, tools=tools).choices[0].message.content


run(whole=whole, stream=stream, turns=turns, tool=tool)
