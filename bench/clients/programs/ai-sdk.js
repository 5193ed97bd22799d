import { generateText, jsonSchema, stepCountIs, streamText, tool as toolOf } from 'ai';
import { question, readSign, run, tool } from './program.js';

/** @param modelNamed makes a model of one of the AI SDK's providers, by its name */
export async function runAiSdk(modelNamed) {
	await run({
		async whole(model) {
			const { text } = await generateText({ model: modelNamed(model), prompt: question });
			return text;
		},
		async stream(model) {
			return await streamed({ model: modelNamed(model), prompt: question });
		},
		async turns(model) {
			const asked = { role: 'user', content: question };
			const { response } = await generateText({ model: modelNamed(model), messages: [asked] });
			const messages = [asked, ...response.messages, asked];
			return (await generateText({ model: modelNamed(model), messages })).text;
		},
		async tool(model) {
			const { description, parameters } = tool;
			const reading = toolOf({ description, inputSchema: jsonSchema(parameters), execute: readSign });
			const tools = { [tool.name]: reading };
			return await streamed({ model: modelNamed(model), prompt: question, tools, stopWhen: stepCountIs(3) });
		},
	});
}

/** The stream of texts ends in silence where an answer breaks: the error is a part of the full stream alone. */
async function streamed(options) {
	let text = '';
	for await (const part of streamText({ ...options, onError() {} }).fullStream) {
		if (part.type === 'error') throw part.error;
		if (part.type === 'text-delta') text += part.text;
	}
	return text;
}
