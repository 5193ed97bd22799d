import { z } from 'zod';
import { continuings } from '../contract/simulation.ts';
import { suggestion } from '../values/nearest.ts';
import { count, defaulted, duration, oneOf, section, text } from './fields.ts';

const example = '`- { do: hang, for: 10s }`';

const extent = {
	for: duration().exactOptional().describe('How long the step lasts, a duration. Default: `requests: 1` instead.'),
	requests: count(1, 1_000_000)
		.exactOptional()
		.describe('How many requests the step lasts. Default: 1, without `for`.'),
	model: text()
		.exactOptional()
		.describe('The one model that it concerns; requests for others are answered, and do not count. Default: all.'),
};

const wording = {
	code: text().exactOptional().describe('`error.code` of the body. Default: none.'),
	type: text().exactOptional().describe('`error.type` of the body. Default: none.'),
	message: text().exactOptional().describe('`error.message` of the body. Default: a sentence that fits.'),
};

const afterTokens = {
	afterTokens: count(0, 1_000_000).exactOptional().describe('How many tokens come before the fault. Default: some.'),
};

const pause = (what: string, preset: string) => ({
	pause: duration().exactOptional().describe(`${what}, a duration. Default: ${preset}.`),
});

const response = {
	status: count(400, 599).describe('The HTTP status that is sent. Required.'),
	retryAfter: duration({ zero: true })
		.exactOptional()
		.describe('The wait that the response asks for, a duration. Default: none.'),
};

const reason = { reason: text().exactOptional().describe('The finish reason. Default: `abort`.') };

const rejected = {
	field: text().describe('The field that is rejected, such as `stream_options`. Required.'),
};

const faultOptions = Object.keys({ ...response, ...wording, ...afterTokens, ...reason, ...rejected, ...pause('', '') });

/** One kind of step. Each has a shape of its own, so that an option that does not fit is refused and an editor offers those that do. */
function step<const W extends string, S extends z.core.$ZodLooseShape>(word: W, meaning: string, shape: S) {
	const unfit = `does not go with \`do: ${word}\`; remove it, or change \`do\``;
	const misplaced = Object.fromEntries(faultOptions.map((option) => [option, unfit]));
	return section({ do: z.literal(word).describe(meaning), ...extent, ...shape }, misplaced).refine(
		(value) => !('for' in value && 'requests' in value),
		{ error: 'has both `for` and `requests`; keep one of the two' },
	);
}

const steps = [
	step('answer', 'Answers as it should.', {}),
	step('status', 'Responds with an HTTP error.', { ...response, ...wording }),
	step('hang', 'Takes the request and never says anything.', {}),
	step('reset', 'Resets the connection.', {}),
	step('empty', 'Responds 200 with nothing in it.', {}),
	step('silent', 'Answers with nothing to say: no content, no token, `stop`.', {}),
	step('garbage', 'Responds 200 with what is no answer.', {}),
	step('cut', 'Closes the connection in the middle of an answer.', afterTokens),
	step('stall', 'Falls silent in the middle of an answer.', afterTokens),
	step('stale', 'Resets connections that have carried a request before, and answers on new ones.', {}),
	step('comments', 'Sends nothing but comment lines for a while, then answers.', pause('For how long', '30s')),
	step('slow', 'Answers slowly.', pause('How long between two tokens', '1s')),
	step('quiet', 'Falls silent in the middle of an answer, and goes on.', {
		...afterTokens,
		...pause('For how long', '30s'),
	}),
	step('error-event', 'Sends an error inside a stream that began well.', { ...afterTokens, ...wording }),
	step('finish', 'Ends an answer with a finish reason, whole or not.', { ...afterTokens, ...reason }),
	step('stray-error', 'Sends an error on a line that is no event.', { ...afterTokens, ...wording }),
	step('message-chunks', 'Streams whole messages where deltas should be.', {}),
	step('mixed-calls', 'Calls two tools in pieces that are hard to tell apart.', {}),
	step('block', 'Responds 403 with the web page of a firewall, in place of the provider.', {}),
	step('no-model', 'Responds 400: there is no such model.', {}),
	step('too-large', 'Responds 429: the request is too large, whatever the wait.', {}),
	step('cannot-afford', 'Responds 402: the account can pay for a smaller request only.', {}),
	step('reject-field', 'Responds 422 to a request that has a field, and answers every other one.', rejected),
] as const;

const words = steps.map((kind) => kind.shape.do.value);

const anyStep = z.discriminatedUnion('do', steps, {
	error: ({ input }) => {
		if (typeof input !== 'object' || input === null || !('do' in input))
			return `is not a step; write for example ${example}`;
		return `is not something to do; ${suggestion(String(input.do), words)}`;
	},
});

/** What a simulated provider does. */
export const simulation = section({
	firstToken: defaulted(duration({ zero: true }), '80ms', 'How long until the first token, a duration.'),
	tokenInterval: defaulted(duration({ zero: true }), '15ms', 'How long between two tokens, a duration.'),
	tokens: defaulted(count(1, 100_000), 40, 'How many tokens an answer has without `reply`.'),
	reply: text().exactOptional().describe('The text of every answer. Default: one is made up.'),
	continues: oneOf(continuings)
		.exactOptional()
		.describe('How it goes on with the beginning of an answer. Default: `exactly`.'),
	script: z
		.array(anyStep, { error: `is not a list; write steps such as ${example}` })
		.max(1_000, { error: 'has more than 1000 steps; remove some' })
		.prefault([])
		.describe('Steps, played in order. Default: none, it always answers.'),
});
