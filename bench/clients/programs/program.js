import { createInterface } from 'node:readline';

/** What every program asks for; the words do not matter to the fake provider. */
export const question = 'What is written on the sign at the quay?';

/** The tool that every program gives, as most of the clients want it described. */
export const tool = {
	name: 'read_sign',
	description: 'Reads a sign.',
	parameters: {
		type: 'object',
		properties: { place: { type: 'string', description: 'Where the sign stands.' } },
		required: ['place'],
		additionalProperties: false,
	},
};

/** @throws when a model did not give what the tool needs */
export function readSign({ place }) {
	if (place !== 'quay') throw new Error(`There is no sign at ${place}.`);
	return `The sign says ${process.env.SIGN}.`;
}

/**
 * Has a client do errands, one for each line of the standard input, and writes a line on how it ended.
 * @param errands `whole(model)`, `stream(model)`, `turns(model)` and `tool(model)`, as far as it can: each returns the text of the answer
 */
export async function run(errands) {
	for await (const line of createInterface(process.stdin)) {
		const { errand, model } = JSON.parse(line);
		const outcome = await errands[errand](model).then(
			(answer) => ({ is: 'answer', answer }),
			(error) => ({ is: 'error', error: String(error) }),
		);
		console.log(JSON.stringify(outcome));
	}
}
