import { Agent, run as runAgent, tool as toolOf } from '@openai/agents';
import { question, readSign, run, tool } from './program.js';

const agentWith = (model, tools = []) => new Agent({ name: 'Harbour', model, tools });

await run({
	async whole(model) {
		const { finalOutput } = await runAgent(agentWith(model), question);
		return finalOutput;
	},
	async stream(model) {
		const result = await runAgent(agentWith(model), question, { stream: true });
		await result.completed;
		return result.finalOutput;
	},
	async turns(model) {
		const { history } = await runAgent(agentWith(model), question);
		const input = [...history, { role: 'user', content: question }];
		return (await runAgent(agentWith(model), input)).finalOutput;
	},
	async tool(model) {
		const reading = toolOf({ ...tool, execute: readSign });
		const { finalOutput } = await runAgent(agentWith(model, [reading]), question);
		return finalOutput;
	},
});
