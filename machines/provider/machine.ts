import { freshContext } from './context.ts';
import { remembered } from './memory.ts';
import { providerSetup } from './setup.ts';

/** The fact of a trip names the state that it leads to. */
const TRIPPED = {
	open: { type: 'tellTrip', params: { state: 'open' } },
	quota: { type: 'tellTrip', params: { state: 'quota-cooldown' } },
} as const;

/**
 * One provider with one credential, or one model of it: a circuit breaker that lives as long as the process. It grants permits in
 * `closed`, and as limited probes in `half-open`; `open` and `quota-cooldown` deny. See DESIGN, "Provider actor".
 */
export const providerMachine = providerSetup.createMachine({
	id: 'provider',
	initial: 'starting',
	context: ({ input }) => (input.memory === undefined ? freshContext(input) : remembered(input.memory, input)),
	on: {
		/** Where a state has no use for a result, the permit is given back all the same. */
		'attempt.succeeded': { actions: ['countBack', 'passOn'] },
		'attempt.abandoned': { actions: ['countBack', 'passOn'] },
		'probe.answering': { actions: 'passOn' },
		'failure.withdrawn': { actions: 'passOn' },
		'operator.tripped': { target: '.open', reenter: true, actions: ['openForOperator', TRIPPED.open] },
		'operator.reset': { target: '.closed', reenter: true, actions: ['startAfresh', 'tellReset'] },
		'peer.tripped': [
			{ guard: 'peerNamesModel', actions: 'notePeersModel' },
			{
				guard: 'peerLacksQuota',
				target: '.quota-cooldown',
				reenter: true,
				actions: ['notePeer', 'openForPeer', TRIPPED.quota],
			},
			{ guard: 'peerWaitsLonger', target: '.open', reenter: true, actions: ['notePeer', 'openForPeer', TRIPPED.open] },
			{ actions: 'notePeer' },
		],
	},
	states: {
		/** Is left at once: an actor that is picked up goes on where it stood, or would stand by now. */
		starting: {
			entry: 'catchUp',
			always: [
				{ guard: { type: 'wasIn', params: { state: 'open' } }, target: 'open' },
				{ guard: { type: 'wasIn', params: { state: 'half-open' } }, target: 'half-open' },
				{ guard: { type: 'wasIn', params: { state: 'quota-cooldown' } }, target: 'quota-cooldown' },
				{ target: 'closed' },
			],
		},
		closed: {
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'closed' } } },
					{ guard: 'isFull', actions: { type: 'deny', params: { state: 'closed' } } },
					{ actions: ['countOut', 'grant'] },
				],
				'attempt.succeeded': { actions: ['countSuccess', 'passOn'] },
				'failure.withdrawn': { actions: ['withdrawFailure', 'passOn'] },
				'model.tripped': [
					{ guard: 'severalModelsFail', target: 'open', actions: ['openForModels', TRIPPED.open] },
					{ actions: 'noteFailingModel' },
				],
				'attempt.failed': [
					{
						guard: 'exhaustsQuota',
						target: 'quota-cooldown',
						actions: ['alarm', 'learn', 'openAsNamed', TRIPPED.quota, 'settle'],
					},
					{
						guard: 'namesCooldown',
						target: 'open',
						actions: ['alarm', 'learn', 'openAsNamed', TRIPPED.open, 'settle'],
					},
					{
						guard: 'tripsBreaker',
						target: 'open',
						actions: ['learn', 'openForFailures', TRIPPED.open, 'tellKey', 'settle'],
					},
					{ actions: ['alarm', 'learn', 'settle'] },
				],
			},
		},
		open: {
			after: { cooldown: { target: 'half-open', actions: ['enterHalfOpen', 'tellHalfOpen'] } },
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'open' } } },
					{ guard: 'isFull', actions: { type: 'deny', params: { state: 'open' } } },
					{
						guard: 'cooldownIsOver',
						target: 'half-open',
						actions: [
							'enterHalfOpen',
							'tellHalfOpen',
							'countOut',
							'sendProbe',
							'watchProbe',
							'tellProbe',
							'grantProbe',
						],
					},
					{
						guard: 'mayProbeEarly',
						target: 'half-open',
						actions: [
							'enterHalfOpen',
							'tellHalfOpen',
							'countOut',
							'sendProbe',
							'watchProbe',
							'tellProbe',
							'grantProbe',
						],
					},
					{ actions: { type: 'deny', params: { state: 'open' } } },
				],
				'attempt.failed': [
					{
						guard: 'exhaustsQuota',
						target: 'quota-cooldown',
						actions: ['alarm', 'learn', 'openAsNamed', TRIPPED.quota, 'settle'],
					},
					{
						guard: 'extendsCooldown',
						target: 'open',
						reenter: true,
						actions: ['alarm', 'learn', 'openAsNamed', TRIPPED.open, 'settle'],
					},
					{ actions: ['alarm', 'learn', 'settle'] },
				],
				'operator.probed': { target: 'half-open', actions: ['enterHalfOpen', 'tellHalfOpen'] },
			},
		},
		'half-open': {
			exit: 'unwatchProbes',
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'half-open' } } },
					{ guard: 'isFull', actions: { type: 'deny', params: { state: 'half-open' } } },
					{ guard: 'hasProbeLeft', actions: ['countOut', 'sendProbe', 'watchProbe', 'tellProbe', 'grantProbe'] },
					{ actions: { type: 'deny', params: { state: 'half-open' } } },
				],
				'probe.answering': [
					{ guard: 'isLastProbeNeeded', target: 'closed', actions: ['recover', 'tellRecovery', 'passOn'] },
					{ guard: 'isProbeResult', actions: ['returnProbe', 'countProbeSuccess', 'passOn'] },
					{ actions: 'passOn' },
				],
				'attempt.succeeded': [
					{ guard: 'isLastProbeNeeded', target: 'closed', actions: ['countBack', 'recover', 'tellRecovery', 'passOn'] },
					{ guard: 'isProbeResult', actions: ['countBack', 'returnProbe', 'countProbeSuccess', 'passOn'] },
					{ actions: ['countBack', 'passOn'] },
				],
				'attempt.failed': [
					{
						guard: 'exhaustsQuota',
						target: 'quota-cooldown',
						actions: ['alarm', 'learn', 'openAsNamed', TRIPPED.quota, 'settle'],
					},
					{
						guard: 'namesCooldown',
						target: 'open',
						actions: ['alarm', 'learn', 'openAsNamed', TRIPPED.open, 'settle'],
					},
					{
						guard: 'failsProbe',
						target: 'open',
						actions: ['learn', 'countReopening', 'openForFailures', TRIPPED.open, 'tellKey', 'settle'],
					},
					{ actions: ['alarm', 'learn', 'returnProbe', 'settle'] },
				],
				'attempt.abandoned': { actions: ['countBack', 'returnProbe', 'passOn'] },
				'model.tripped': [
					{ guard: 'severalModelsFail', target: 'open', actions: ['countReopening', 'openForModels', TRIPPED.open] },
					{ actions: 'noteFailingModel' },
				],
				'probe.overdue': {
					guard: 'isProbeOverdue',
					target: 'open',
					actions: ['countReopening', 'openForOverdueProbe', TRIPPED.open, 'tellKey'],
				},
			},
		},
		'quota-cooldown': {
			after: { cooldown: { target: 'half-open', actions: ['enterHalfOpen', 'tellHalfOpen'] } },
			on: {
				'permit.requested': [
					{ guard: 'modelIsUnavailable', actions: { type: 'deny', params: { state: 'quota-cooldown' } } },
					{ guard: 'isFull', actions: { type: 'deny', params: { state: 'quota-cooldown' } } },
					{
						guard: 'cooldownIsOver',
						target: 'half-open',
						actions: [
							'enterHalfOpen',
							'tellHalfOpen',
							'countOut',
							'sendProbe',
							'watchProbe',
							'tellProbe',
							'grantProbe',
						],
					},
					{ actions: { type: 'deny', params: { state: 'quota-cooldown' } } },
				],
				'attempt.failed': [
					{
						guard: 'extendsCooldown',
						target: 'quota-cooldown',
						reenter: true,
						actions: ['alarm', 'learn', 'openAsNamed', TRIPPED.quota, 'settle'],
					},
					{ actions: ['alarm', 'learn', 'settle'] },
				],
				'operator.probed': { target: 'half-open', actions: ['enterHalfOpen', 'tellHalfOpen'] },
				/** Whatever the peer waits for, only time and an operator lead out of here. */
				'peer.tripped': {
					guard: 'peerWaitsLonger',
					target: 'quota-cooldown',
					reenter: true,
					actions: ['notePeer', 'openForPeer', TRIPPED.quota],
				},
			},
		},
	},
});

export type ProviderMachine = typeof providerMachine;
