import OpenAI from 'openai';
import { question, run } from './program.js';

const client = new OpenAI();

await run({
	async whole(model) {
		const { choices } = await client.completions.create({ model, prompt: question });
		return choices[0].text;
	},
	async stream(model) {
		let answer = '';
		const stream = await client.completions.create({ model, prompt: question, stream: true });
		for await (const { choices } of stream) answer += choices[0]?.text ?? '';
		return answer;
	},
});
