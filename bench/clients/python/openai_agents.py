from agents import Agent, Runner, function_tool
from program import question, read_sign, run

reading = function_tool(read_sign)


def agent_with(model, *tools):
    return Agent(name="Harbour", model=model, tools=list(tools))


async def whole(model):
    return (await Runner.run(agent_with(model), question)).final_output


async def stream(model):
    result = Runner.run_streamed(agent_with(model), question)
    async for _ in result.stream_events():
        pass
    return result.final_output


async def turns(model):
    first = await Runner.run(agent_with(model), question)
    asked = {"role": "user", "content": question}
    return (await Runner.run(agent_with(model), [*first.to_input_list(), asked])).final_output


async def tool(model):
    return (await Runner.run(agent_with(model, reading), question)).final_output


run(whole=whole, stream=stream, turns=turns, tool=tool)
