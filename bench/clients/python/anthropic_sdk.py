from anthropic import Anthropic
from program import parameters, question, read_sign, run

client = Anthropic()
asked = {"role": "user", "content": question}
tools = [{"name": "read_sign", "description": "Reads a sign.", "input_schema": parameters}]


def text_in(message):
    return "".join(block.text for block in message.content if block.type == "text")


def whole(model):
    return text_in(client.messages.create(model=model, max_tokens=1024, messages=[asked]))


def stream(model):
    with client.messages.stream(model=model, max_tokens=1024, messages=[asked]) as events:
        return "".join(events.text_stream)


def turns(model):
    first = client.messages.create(model=model, max_tokens=1024, messages=[asked])
    messages = [asked, {"role": "assistant", "content": first.content}, asked]
    return text_in(client.messages.create(model=model, max_tokens=1024, messages=messages))


def tool(model):
    first = client.messages.create(model=model, max_tokens=1024, messages=[asked], tools=tools)
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": read_sign(**call.input)}
    messages = [asked, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    return text_in(client.messages.create(model=model, max_tokens=1024, messages=messages, tools=tools))


run(whole=whole, stream=stream, turns=turns, tool=tool)
