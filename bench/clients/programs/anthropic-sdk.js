import Anthropic from '@anthropic-ai/sdk';
import { question, readSign, run, tool } from './program.js';

const client = new Anthropic();
const asked = { role: 'user', content: question };
const textIn = ({ content }) => content.map((block) => block.text ?? '').join('');

await run({
	async whole(model) {
		return textIn(await client.messages.create({ model, max_tokens: 1024, messages: [asked] }));
	},
	async stream(model) {
		return textIn(await client.messages.stream({ model, max_tokens: 1024, messages: [asked] }).finalMessage());
	},
	async turns(model) {
		const { content } = await client.messages.create({ model, max_tokens: 1024, messages: [asked] });
		const messages = [asked, { role: 'assistant', content }, asked];
		return textIn(await client.messages.create({ model, max_tokens: 1024, messages }));
	},
	async tool(model) {
		const { name, description, parameters } = tool;
		const asking = { model, max_tokens: 1024, tools: [{ name, description, input_schema: parameters }] };
		const first = await client.messages.stream({ ...asking, messages: [asked] }).finalMessage();
		const call = first.content.find(({ type }) => type === 'tool_use');
		const result = { type: 'tool_result', tool_use_id: call.id, content: readSign(call.input) };
		const said = { role: 'assistant', content: first.content };
		const messages = [asked, said, { role: 'user', content: [result] }];
		return textIn(await client.messages.create({ ...asking, messages }));
	},
});
