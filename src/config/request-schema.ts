import { z } from 'zod';
import { flag, section } from './fields.ts';

/** Members of a request that Breakwater itself fills or reads, each with the rest of the sentence that refuses it. */
const ownMembers: Readonly<Record<string, string>> = {
	model: 'cannot be set, for the model is the one that the chain names; put the target into a chain instead',
	messages: "cannot be set, for the messages are the caller's; remove it",
	failover: 'cannot be set, for it is read by Breakwater and never reaches a provider; remove it',
};

const member = z
	.unknown()
	.refine(isJson, { error: 'is nothing that JSON has; write a text, a number, a list or a map' });

const number = z
	.number({ error: 'is not a number from 0; write one' })
	.min(0, { error: 'is not a number from 0; write one' });

const wholeError = 'is not a whole number from 1; write one';
const whole = z.int({ error: wholeError }).min(1, { error: wholeError });

/** The members that people set most, so that a wrong type is found at load, and a `${VAR}` becomes what it stands for. */
const known = {
	stream: [
		flag(),
		'Whether the provider is asked for a stream; the caller gets the form that it asked for all the same.',
	],
	temperature: [number, 'How freely the model chooses its words.'],
	top_p: [number, 'The share of the likeliest words that the model chooses from.'],
	max_tokens: [whole, 'The longest answer, tokens.'],
	max_completion_tokens: [whole, 'The longest answer with its reasoning, tokens.'],
	max_output_tokens: [whole, 'The same, as Responses call it, tokens.'],
	n: [whole, 'How many answers are asked for.'],
} as const satisfies Readonly<Record<string, readonly [z.ZodType, string]>>;

type Known = { [K in keyof typeof known]: (typeof known)[K][0] };

const isSet = 'Default: as the caller says.';

const defaults = membersOf(mapKnown((type) => type) as { [K in keyof Known]: z.ZodExactOptional<Known[K]> });
const force = membersOf(
	mapKnown((type) => type.nullable()) as { [K in keyof Known]: z.ZodExactOptional<z.ZodNullable<Known[K]>> },
);

/** What is set in the requests to a provider, a model or a target. */
export const request = section({
	defaults: defaults
		.exactOptional()
		.describe(
			'Members of the request body that are set where the caller gives none, such as `temperature`. Default: none.',
		),
	force: force
		.exactOptional()
		.describe(
			'Members of the request body that are set whatever the caller gives; `null` takes one out. Default: none.',
		),
});

function mapKnown(change: (type: z.ZodType) => z.ZodType) {
	const entries = Object.entries(known).map(([name, [type, sentence]]) => [
		name,
		change(type).exactOptional().describe(`${sentence} ${isSet}`),
	]);
	return Object.fromEntries(entries);
}

/** Members of a body: a few whose type is known, and any other that JSON has. */
function membersOf<S extends Readonly<Record<string, z.ZodType>>>(shape: S) {
	return z
		.object(shape, { error: 'is not a map of members; indent under it for example `temperature: 0.2`' })
		.catchall(member)
		.superRefine((members, context) => {
			for (const name of Object.keys(members)) {
				const mistake = Object.hasOwn(ownMembers, name) ? ownMembers[name] : undefined;
				if (mistake !== undefined) context.addIssue({ code: 'custom', path: [name], message: mistake });
			}
		});
}

function isJson(value: unknown): boolean {
	if (typeof value === 'number') return Number.isFinite(value);
	if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
	return typeof value === 'object' && Object.values(value).every(isJson);
}
