from program import question, read_sign, run
from pydantic_ai import Agent


def agent_with(model, *tools):
    return Agent(f"openai:{model}", tools=list(tools))


async def whole(model):
    return (await agent_with(model).run(question)).output


async def stream(model):
    async with agent_with(model).run_stream(question) as result:
        return await result.get_output()


async def turns(model):
    first = await agent_with(model).run(question)
    return (await agent_with(model).run(question, message_history=first.all_messages())).output


async def tool(model):
    return (await agent_with(model, read_sign).run(question)).output


run(whole=whole, stream=stream, turns=turns, tool=tool)
