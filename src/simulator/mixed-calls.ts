import { type Answer, completionBody } from './answer.ts';
import type { SimulatedRequest } from './simulated-request.ts';

/** Pieces of two calls, as no client can join them by their indexes. */
export const callPieces = [
	{ index: 0, id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{"city":' } },
	{ index: 0, id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '"Delft"}' } },
	{ index: 0, id: 'call_2', type: 'function', function: { name: 'look_up', arguments: { city: 'Gouda' } } },
] as const;

/** The same as a document: the arguments are objects. */
export function callsBody(chat: SimulatedRequest, answer: Answer) {
	const { choices, ...rest } = completionBody(chat, { ...answer, finishReason: 'tool_calls' });
	const calls = ['Delft', 'Gouda'].map((city, at) => {
		const called = { name: 'look_up', arguments: { city } };
		return { id: `call_${at + 1}`, type: 'function', function: called };
	});
	return {
		...rest,
		choices: choices.map((choice) => ({ ...choice, message: { role: 'assistant', content: null, tool_calls: calls } })),
	};
}
