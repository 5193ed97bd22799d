import OpenAI from 'openai';
import { question, readSign, run, tool } from './program.js';

const client = new OpenAI();
const asked = { role: 'user', content: question };

await run({
	async whole(model) {
		const { choices } = await client.chat.completions.create({ model, messages: [asked] });
		return choices[0].message.content;
	},
	async stream(model) {
		let answer = '';
		const stream = await client.chat.completions.create({ model, messages: [asked], stream: true });
		for await (const { choices } of stream) answer += choices[0]?.delta.content ?? '';
		return answer;
	},
	async turns(model) {
		const { choices } = await client.chat.completions.create({ model, messages: [asked] });
		const messages = [asked, choices[0].message, asked];
		return (await client.chat.completions.create({ model, messages })).choices[0].message.content;
	},
	async tool(model) {
		const readingTool = { type: 'function', function: { ...tool, parse: JSON.parse, function: readSign } };
		const runner = client.chat.completions.runTools({ model, messages: [asked], tools: [readingTool], stream: true });
		return await runner.finalContent();
	},
});
