import OpenAI from 'openai';
import { question, run } from './program.js';

const client = new OpenAI();

await run({
	async whole(model) {
		const { data } = await client.embeddings.create({ model, input: [question] });
		return data[0].embedding.join(' ');
	},
});
