import { assign, sendTo } from 'xstate';
import type { ProviderStateName } from '../../../../../machines/events.ts';
import { denialReply, givenBack, isFull, limitedUntil, takenOn } from '../../../../../machines/provider/context.ts';
import { type Mutant, only, withActions, withGuards } from './mutant.ts';

const requests = { requestsPerMinute: 60 };
const tokens = { tokensPerMinute: 1_000 };

/** What is granted in a minute, more or less than may be. */
export const limits: readonly Mutant[] = [
	{
		property: 'rates-are-kept',
		what: 'nobody looks at the limits per minute',
		machine: withGuards({ isFull: ({ context }) => context.ledger.out >= context.concurrent }),
		rates: requests,
	},
	{
		property: 'rates-are-kept',
		what: 'what was granted has left the minute one ms too soon',
		machine: withGuards({
			isFull: ({ context, event }) => {
				const asked = only(event, 'permit.requested');
				const at = limitedUntil(context, asked.tokens, asked.now);
				return context.ledger.out >= context.concurrent || at > asked.now + 1;
			},
		}),
		rates: requests,
	},
	{
		property: 'rates-are-kept',
		what: 'an attempt that used more than it was expected to counts as expected',
		machine: withActions({
			countSuccess: assign(({ context, event }) => {
				const { tokens: _, ...succeeded } = only(event, 'attempt.succeeded');
				return givenBack(context, succeeded);
			}),
		}),
		rates: tokens,
	},
	{
		property: 'limits-deny-what-has-no-room',
		what: 'nobody hears that nothing is left',
		machine: withActions({
			countSuccess: assign(({ context, event }) => {
				const { told: _, ...succeeded } = only(event, 'attempt.succeeded');
				return givenBack(context, succeeded);
			}),
		}),
		rates: requests,
	},
	{
		property: 'limits-deny-what-has-no-room',
		what: 'a request counts twice',
		machine: withActions({
			countOut: assign(({ context, event }) => {
				const asked = only(event, 'permit.requested');
				const twice = takenOn({ ...context, ...takenOn(context, asked) }, { ...asked, tokens: 0 });
				return { ...takenOn(context, asked), rate: twice.rate };
			}),
		}),
		rates: requests,
	},
	{
		property: 'limits-deny-what-has-no-room',
		what: 'a denial names a whole minute, whatever leaves it sooner',
		machine: withActions({
			deny: sendTo(
				({ event }) => only(event, 'permit.requested').replyTo,
				({ context, event }, { state }: { state: ProviderStateName }) => {
					const asked = only(event, 'permit.requested');
					const reply = denialReply(context, asked, state);
					const isTimed = reply.type === 'permit.denied' && reply.reason === 'limit' && reply.retryAt > asked.now;
					return isTimed ? { ...reply, retryAt: asked.now + 60_000 } : reply;
				},
			),
		}),
		rates: requests,
	},
	{
		property: 'a-ramp-grants-its-share',
		what: 'the herd comes back at once',
		machine: withGuards({
			isFull: ({ context, event }) => isFull({ ...context, ramp: undefined }, only(event, 'permit.requested')),
		}),
		policy: { breaker: { ramp: 30_000 } },
	},
	{
		property: 'closed-grants',
		what: 'a ramp has no end',
		machine: withGuards({
			isFull: ({ context, event }) => {
				const asked = only(event, 'permit.requested');
				return isFull(context, asked) || (context.ramp !== undefined && context.ledger.out > 0);
			},
		}),
		policy: { breaker: { ramp: 30_000 } },
	},
	{
		property: 'retries-keep-to-their-budget',
		what: 'nobody looks at the retry budget',
		machine: withGuards({
			isFull: ({ context, event }) =>
				isFull(context, { ...only(event, 'permit.requested'), isRetry: undefined } as never),
		}),
		policy: { retry: { budget: { share: 0.2, floor: 10 } } },
	},
	{
		property: 'retries-keep-to-their-budget',
		what: 'retries are counted as attempts that are none',
		machine: withActions({
			countOut: assign(({ context, event }) => {
				const { isRetry: _, ...asked } = only(event, 'permit.requested');
				return takenOn(context, asked);
			}),
		}),
		policy: { retry: { budget: { share: 0.2, floor: 10 } } },
	},
];
