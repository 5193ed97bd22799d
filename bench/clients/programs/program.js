import { text } from 'node:stream/consumers';

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
 * Has a client do its errands, and says how each of them ended: one line of JSON on the standard output each.
 * @param deeds `whole(model)`, `stream(model)` and `tool(model)`, as far as it can: each returns the text of the answer
 */
export async function run(deeds) {
	for (const { number, deed, model } of JSON.parse(await text(process.stdin))) {
		const outcome = await deeds[deed](model).then(
			(answer) => ({ answer }),
			(error) => ({ error: String(error?.stack ?? error) }),
		);
		console.log(JSON.stringify({ number, ...outcome }));
	}
}
