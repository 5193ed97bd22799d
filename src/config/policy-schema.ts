import type { z } from 'zod';
import type { Policy } from '../../machines/policy.ts';
import { type Option, section } from './fields.ts';
import {
	breaker,
	clientRetryWithin,
	continuation,
	emptyAnswer,
	onError,
	retry,
	sectionSentences,
	timeouts,
	whenAllDenied,
} from './policy-defaults.ts';

type OptionTable = Readonly<Record<string, Option<z.ZodType>>>;
type Schemas<S extends OptionTable> = { [K in keyof S]: S[K]['schema'] };
type Presets<S extends OptionTable> = { [K in keyof S]: S[K]['preset'] };

function schemasOf<S extends OptionTable>(options: S): Schemas<S> {
	return Object.fromEntries(Object.entries(options).map(([name, { schema }]) => [name, schema])) as Schemas<S>;
}

function presetsOf<S extends OptionTable>(options: S): Presets<S> {
	return Object.fromEntries(Object.entries(options).map(([name, { preset }]) => [name, preset])) as Presets<S>;
}

const allTimeouts = schemasOf(timeouts);
const { request: _, stream: __, ...attemptTimeouts } = allTimeouts;

const timeoutsSection = section(allTimeouts).exactOptional().describe(sectionSentences.timeouts);
const retrySection = section(schemasOf(retry)).exactOptional().describe(sectionSentences.retry);
const breakerSection = section(schemasOf(breaker)).exactOptional().describe(sectionSentences.breaker);

const continuationSection = section(schemasOf(continuation)).exactOptional().describe(sectionSentences.continuation);

const ofARequest = "belongs to a request, not to a provider; set it in `policy` or in a profile's `policy`";
const ofAWholeRequest =
	"belongs to a request, not to one target of its chain; set it in `policy` or in the profile's `policy`";
const ofAProvider =
	"belongs to a provider, whose one breaker serves all profiles; set it in `policy` or in a provider's `policy`";

/** The policy of the whole file: everything may be set. */
export const filePolicy = section({
	timeouts: timeoutsSection,
	retry: retrySection,
	breaker: breakerSection,
	onError: onError.schema,
	continuation: continuationSection,
	whenAllDenied: whenAllDenied.schema,
	emptyAnswer: emptyAnswer.schema,
	clientRetryWithin: clientRetryWithin.schema,
});

/** A provider's policy: all but what belongs to the request as a whole. */
export const providerPolicy = section(
	{
		timeouts: section(attemptTimeouts, { request: ofARequest, stream: ofARequest })
			.exactOptional()
			.describe(sectionSentences.timeouts),
		retry: retrySection,
		breaker: breakerSection,
		onError: onError.schema,
	},
	{ whenAllDenied: ofARequest, emptyAnswer: ofARequest, clientRetryWithin: ofARequest, continuation: ofARequest },
);

/** A profile's policy: all but the breaker. */
export const profilePolicy = section(
	{
		timeouts: timeoutsSection,
		retry: retrySection,
		onError: onError.schema,
		continuation: continuationSection,
		whenAllDenied: whenAllDenied.schema,
		emptyAnswer: emptyAnswer.schema,
		clientRetryWithin: clientRetryWithin.schema,
	},
	{ breaker: ofAProvider },
);

/** The policy of one target of a chain: what concerns its attempts. */
export const targetPolicy = section(
	{
		timeouts: section(attemptTimeouts, { request: ofAWholeRequest, stream: ofAWholeRequest })
			.exactOptional()
			.describe(sectionSentences.timeouts),
		retry: retrySection,
		onError: onError.schema,
	},
	{
		breaker: ofAProvider,
		whenAllDenied: ofAWholeRequest,
		emptyAnswer: ofAWholeRequest,
		clientRetryWithin: ofAWholeRequest,
		continuation: ofAWholeRequest,
	},
);

/** What one layer of the file says about policy. Durations in ms; what it does not say is absent. */
export type PolicyLayer = z.output<typeof filePolicy>;

/** The policy of a file that says nothing about it. */
export const defaultPolicy: Policy = {
	timeouts: presetsOf(timeouts),
	retry: presetsOf(retry),
	breaker: presetsOf(breaker),
	onError: onError.preset,
	continuation: presetsOf(continuation),
	whenAllDenied: whenAllDenied.preset,
	emptyAnswer: emptyAnswer.preset,
	clientRetryWithin: clientRetryWithin.preset,
};
