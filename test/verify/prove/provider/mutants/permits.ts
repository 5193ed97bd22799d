import { assign, enqueueActions } from 'xstate';
import { cooldown } from '../../../../../machines/backoff.ts';
import { withUnavailable } from '../../../../../machines/provider/context.ts';
import { tripped } from '../../../../../machines/provider/cooldowns.ts';
import { afterResult, emptyLedger, withPermit } from '../../../../../machines/provider/ledger.ts';
import { providerMachine } from '../../../../../machines/provider/machine.ts';
import { learning, type Mutant, nothing, only, rebuilt, withActions, withGuards, withTransition } from './mutant.ts';

const { on } = providerMachine.config as unknown as { on: Record<string, unknown> };

/** What counts as out, and what other processes tell and are told. */
export const permits: readonly Mutant[] = [
	{
		property: 'permits-are-counted',
		what: 'closed grants without counting',
		machine: withTransition('closed', 'permit.requested', { actions: 'grant' }),
	},
	{
		property: 'permits-are-counted',
		what: 'an abandoned attempt is heard in half-open only',
		machine: rebuilt({ on: { ...on, 'attempt.abandoned': undefined } }),
	},
	{
		property: 'permits-are-counted',
		what: 'a late success gives nothing back',
		machine: rebuilt({ on: { ...on, 'attempt.succeeded': undefined } }),
	},
	{
		property: 'permits-are-counted',
		what: 'the last probe that was needed keeps its permit',
		machine: withTransition('half-open', 'attempt.succeeded', [
			{ guard: 'isLastProbeNeeded', target: 'closed', actions: 'recover' },
			{ guard: 'isProbeResult', actions: ['countBack', 'returnProbe', 'countProbeSuccess'] },
		]),
	},
	{
		property: 'permits-are-counted',
		what: 'a failure keeps its permit',
		machine: learning((lesson, { ledger }) => ({ ...lesson, ledger })),
	},
	{
		property: 'permits-are-counted',
		what: 'whatever is abandoned counts down, also for the second time',
		machine: withActions({
			countBack: assign(({ context, event }) => {
				if (!('permit' in event)) return {};
				const { ledger } = context;
				const after = afterResult(ledger, event);
				return { ledger: after === ledger ? { ...ledger, out: ledger.out - 1 } : after };
			}),
		}),
	},
	{
		property: 'permits-are-counted',
		what: 'a trip counts what is out as given back',
		machine: withActions({
			openForFailures: assign(({ context, event }) => {
				const { now, random } = only(event, 'attempt.failed');
				const cooldownMs = cooldown(context.policy.breaker, context.reopenings, random);
				return { ...tripped(context, 'failures', now + cooldownMs, now), ledger: emptyLedger };
			}),
		}),
	},
	{
		property: 'permits-are-counted',
		what: 'every attempt is worth as much',
		machine: withActions({
			countOut: assign(({ context, event }) => ({
				ledger: withPermit(context.ledger, { ...only(event, 'permit.requested'), tokens: 1 }),
			})),
		}),
	},
	{
		property: 'permits-are-counted',
		what: 'all permits count for one model',
		machine: withActions({
			countOut: assign(({ context, event }) => ({
				ledger: withPermit(context.ledger, { ...only(event, 'permit.requested'), model: 'm' }),
			})),
		}),
	},
	{ property: 'facts-tell-every-change', what: 'a trip is not told', machine: withActions({ tellTrip: nothing }) },
	{
		property: 'facts-tell-every-change',
		what: 'a recovery is not told',
		machine: withActions({ tellRecovery: nothing }),
	},
	{ property: 'facts-tell-every-change', what: 'a reset is not told', machine: withActions({ tellReset: nothing }) },
	{
		property: 'facts-tell-every-change',
		what: 'the end of a cooldown is not told',
		machine: withActions({ tellHalfOpen: nothing }),
	},
	{ property: 'facts-tell-every-change', what: 'a probe is not told', machine: withActions({ tellProbe: nothing }) },
	{
		property: 'facts-tell-every-change',
		what: 'the end of a probe without a verdict is not told',
		machine: withActions({
			returnProbe: enqueueActions(({ context, event, enqueue }) => {
				if (!('permit' in event)) return;
				const { id } = event.permit;
				enqueue.cancel(id);
				enqueue.assign({ probes: context.probes.filter((probe) => probe.id !== id) });
			}),
		}),
	},
	{
		property: 'facts-tell-every-change',
		what: 'what is learnt of a model is not told',
		machine: learning((lesson) => lesson),
	},
	{
		property: 'facts-tell-every-change',
		what: 'what a peer tells of a model is told again though it is known',
		machine: withActions({
			notePeersModel: enqueueActions(({ context, event, enqueue }) => {
				const { model = '', until, now } = only(event, 'peer.tripped');
				enqueue.assign(withUnavailable(context, model, until, now));
				enqueue.emit({ type: 'model.unavailable', provider: context.id, at: now, model, until, learnt: true });
			}),
		}),
	},
	{
		property: 'facts-tell-every-change',
		what: 'a peer’s trip is told as its own',
		machine: withActions({
			tellTrip: enqueueActions(({ context, event, enqueue }, { state }: { state: 'open' | 'quota-cooldown' }) => {
				const { id: provider, reason, until, since } = context;
				const at = 'now' in event ? event.now : since;
				if (reason === undefined || reason === 'probing') return;
				enqueue.emit({ type: 'provider.tripped', provider, at, state, until, reason, learnt: false });
			}),
		}),
	},
	{
		property: 'longer-deadline-stays',
		what: 'the last word of a peer counts',
		machine: withActions({
			openForPeer: assign(({ context, event }) => {
				const { until, reason, now } = only(event, 'peer.tripped');
				return tripped({ ...context, until: 0 }, reason, until, now);
			}),
		}).provide({
			guards: {
				peerWaitsLonger: ({ event }) => {
					const { model, until, now } = only(event, 'peer.tripped');
					return model === undefined && until > now;
				},
			},
		}),
	},
	{
		property: 'changes-for-a-reason',
		what: 'a peer’s trip that is over opens it',
		machine: withGuards({ peerWaitsLonger: ({ event }) => only(event, 'peer.tripped').model === undefined }),
	},
	{
		property: 'no-grant-before-the-deadline',
		what: 'nobody keeps in mind what a peer was told to wait',
		machine: withActions({ notePeer: nothing }),
	},
];
