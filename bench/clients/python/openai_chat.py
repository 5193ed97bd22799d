import json

from openai import OpenAI
from program import parameters, question, read_sign, run

client = OpenAI()
asked = {"role": "user", "content": question}
reading = {"name": "read_sign", "description": "Reads a sign.", "parameters": parameters}


def whole(model):
    answer = client.chat.completions.create(model=model, messages=[asked])
    return answer.choices[0].message.content


def stream(model):
    chunks = client.chat.completions.create(model=model, messages=[asked], stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def turns(model):
    first = client.chat.completions.create(model=model, messages=[asked]).choices[0].message
    return client.chat.completions.create(model=model, messages=[asked, first, asked]).choices[0].message.content


def tool(model):
    tools = [{"type": "function", "function": reading}]
    first = client.chat.completions.create(model=model, messages=[asked], tools=tools).choices[0].message
    call = first.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": read_sign(**json.loads(call.function.arguments))}
    last = client.chat.completions.create(model=model, messages=[asked, first, result], tools=tools)
    return last.choices[0].message.content


run(whole=whole, stream=stream, turns=turns, tool=tool)
