import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { question, readSign, run, tool } from './program.js';

const asked = new HumanMessage(question);

await run({
	async whole(model) {
		const { text } = await new ChatOpenAI({ model }).invoke([asked]);
		return text;
	},
	async stream(model) {
		let answer = '';
		for await (const { text } of await new ChatOpenAI({ model }).stream([asked])) answer += text;
		return answer;
	},
	async turns(model) {
		const first = await new ChatOpenAI({ model }).invoke([asked]);
		return (await new ChatOpenAI({ model }).invoke([asked, first, asked])).text;
	},
	async tool(model) {
		const bound = new ChatOpenAI({ model }).bindTools([{ type: 'function', function: tool }]);
		const first = await bound.invoke([asked]);
		const [call] = first.tool_calls;
		const result = new ToolMessage({ tool_call_id: call.id, content: readSign(call.args) });
		const { text } = await bound.invoke([asked, first, result]);
		return text;
	},
});
