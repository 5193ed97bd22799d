import json

from openai import OpenAI
from program import parameters, question, read_sign, run

client = OpenAI()
asked = {"role": "user", "content": question}
tools = [{"type": "function", "name": "read_sign", "strict": True, "parameters": parameters}]


def whole(model):
    return client.responses.create(model=model, input=question).output_text


def stream(model):
    with client.responses.stream(model=model, input=question) as events:
        return events.get_final_response().output_text


def turns(model):
    first = client.responses.create(model=model, input=[asked], store=False)
    return client.responses.create(model=model, input=[asked, *first.output, asked], store=False).output_text


def tool(model):
    first = client.responses.create(model=model, input=[asked], tools=tools, store=False)
    call = next(item for item in first.output if item.type == "function_call")
    output = read_sign(**json.loads(call.arguments))
    result = {"type": "function_call_output", "call_id": call.call_id, "output": output}
    last = client.responses.create(model=model, input=[asked, *first.output, result], tools=tools, store=False)
    return last.output_text


run(whole=whole, stream=stream, turns=turns, tool=tool)
