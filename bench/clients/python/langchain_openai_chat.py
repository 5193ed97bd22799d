from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool as tool_of
from langchain_openai import ChatOpenAI
from program import question, read_sign, run

asked = HumanMessage(question)
reading = tool_of(read_sign)


def whole(model):
    return ChatOpenAI(model=model).invoke([asked]).text


def stream(model):
    return "".join(chunk.text for chunk in ChatOpenAI(model=model).stream([asked]))


def turns(model):
    first = ChatOpenAI(model=model).invoke([asked])
    return ChatOpenAI(model=model).invoke([asked, first, asked]).text


def tool(model):
    bound = ChatOpenAI(model=model).bind_tools([reading])
    first = bound.invoke([asked])
    call = first.tool_calls[0]
    result = ToolMessage(read_sign(**call["args"]), tool_call_id=call["id"])
    return bound.invoke([asked, first, result]).text


run(whole=whole, stream=stream, turns=turns, tool=tool)
