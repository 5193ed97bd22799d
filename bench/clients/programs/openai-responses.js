import OpenAI from 'openai';
import { question, readSign, run, tool } from './program.js';

const client = new OpenAI();
const asked = { role: 'user', content: question };

await run({
	async whole(model) {
		const response = await client.responses.create({ model, input: question });
		return response.output_text;
	},
	async stream(model) {
		const response = await client.responses.stream({ model, input: question }).finalResponse();
		return response.output_text;
	},
	async turns(model) {
		const { output } = await client.responses.create({ model, input: [asked], store: false });
		return (await client.responses.create({ model, input: [asked, ...output, asked], store: false })).output_text;
	},
	async tool(model) {
		const asking = { model, tools: [{ type: 'function', strict: true, ...tool }], store: false };
		const first = await client.responses.stream({ ...asking, input: [asked] }).finalResponse();
		const call = first.output.find(({ type }) => type === 'function_call');
		const output = readSign(JSON.parse(call.arguments));
		const result = { type: 'function_call_output', call_id: call.call_id, output };
		const last = await client.responses.create({ ...asking, input: [asked, ...first.output, result] });
		return last.output_text;
	},
});
