import { enqueueActions } from 'xstate';
import { permanentOrNamed } from '../../../../../machines/provider/context.ts';
import { learning, type Mutant, manyProbes, no, only, withActions, withGuards, withTransition, yes } from './mutant.ts';

/** Who is granted, or denied, what they should not be. */
export const grants: readonly Mutant[] = [
	{
		property: 'only-closed-and-half-open-grant',
		what: 'open grants without half-open',
		machine: withTransition('open', 'permit.requested', { actions: 'grant' }),
	},
	{
		property: 'only-closed-and-half-open-grant',
		what: 'half-open grants what is no probe',
		machine: withTransition('half-open', 'permit.requested', { actions: 'grant' }),
	},
	{
		property: 'unavailable-model-is-not-granted',
		what: 'nobody looks at unavailable models',
		machine: withGuards({ modelIsUnavailable: no }),
	},
	{
		property: 'probes-are-limited',
		what: 'there is always a probe left',
		machine: withGuards({ hasProbeLeft: yes }),
	},
	{
		property: 'probes-are-limited',
		what: 'one probe more than allowed',
		machine: withGuards({ hasProbeLeft: ({ context }) => context.probes.length <= context.policy.breaker.probes }),
		policy: { breaker: { probes: 700 } },
	},
	{
		property: 'attempts-are-limited',
		what: 'one attempt more than allowed',
		machine: withGuards({ isFull: ({ context }) => context.ledger.out > context.concurrent }),
	},
	{
		property: 'closed-grants',
		what: 'there is room for one attempt fewer',
		machine: withGuards({ isFull: ({ context }) => context.ledger.out + 1 >= context.concurrent }),
	},
	{
		property: 'half-open-grants-a-probe',
		what: 'one probe fewer than allowed',
		machine: withGuards({ hasProbeLeft: ({ context }) => context.probes.length + 1 < context.policy.breaker.probes }),
		policy: manyProbes,
	},
	{
		property: 'half-open-grants-a-probe',
		what: 'a probe that had no verdict keeps its slot',
		machine: withActions({
			returnProbe: enqueueActions(({ event, enqueue }) => {
				if ('permit' in event) enqueue.cancel(event.permit.id);
			}),
		}),
	},
	{
		property: 'closed-grants',
		what: 'all models count as unavailable',
		machine: withGuards({ modelIsUnavailable: yes }),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'whoever asks early gets a probe',
		machine: withGuards({ mayProbeEarly: ({ event }) => only(event, 'permit.requested').early }),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'a hint that is shorter than the cooldown is forgotten',
		machine: withGuards({
			mayProbeEarly: ({ context, event }) =>
				only(event, 'permit.requested').early && context.reason === 'failures' && context.alarmed.length === 0,
		}),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'a cooldown is over one ms too soon',
		machine: withGuards({
			cooldownIsOver: ({ context, event }) => only(event, 'permit.requested').now + 1 >= context.until,
		}),
	},
	{
		property: 'unavailable-model-is-not-granted',
		what: 'sidelining a second model forgets the first',
		machine: learning((lesson, _, { permit: { model } }) =>
			lesson.unavailable ? { ...lesson, unavailable: { [model]: lesson.unavailable[model] ?? 0 } } : lesson,
		),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'a hint that comes later replaces a longer one',
		machine: learning((lesson, context, { failure, now }) => ({
			...lesson,
			named: permanentOrNamed(context, failure, now)?.until ?? context.named,
		})),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'an early probe does not wait for a person who was called',
		machine: withGuards({
			mayProbeEarly: ({ context, event }) => {
				const { early, now } = only(event, 'permit.requested');
				return early && context.reason === 'failures' && now >= context.named;
			},
		}),
	},
	{
		property: 'half-open-grants-a-probe',
		what: 'a hint forbids early probes for good',
		machine: withGuards({
			mayProbeEarly: ({ context, event }) =>
				only(event, 'permit.requested').early && context.reason === 'failures' && context.named === 0,
		}),
	},
];
