import type {
	CaseStep,
	ProfileReport,
	PropertyResult,
	ProviderReport,
	Report,
} from '../../../src/verify/report/report.ts';

/** Reports as the exploration makes them, written by hand. */

const T0 = 1_700_000_000_000;

const neverSeen = { send: () => {}, sessionId: 'x:7', policy: { apiKey: 'PLANTEDKEY' } };

export const providerSteps: CaseStep[] = [
	{
		at: 0,
		by: 'request',
		provider: 'openai#1',
		words: 'request 1 asks for model m',
		event: { type: 'permit.requested', id: '1/1', model: 'm', now: T0, early: false, replyTo: neverSeen } as never,
		providerState: 'closed',
	},
	{
		at: 0,
		by: 'upstream',
		provider: 'openai#1',
		words: 'attempt of request 1 fails: QUOTA_EXCEEDED; it asks for 90 s of patience, #1 <of> "many" %% $$',
		event: { type: 'attempt.failed', failure: { category: 'QUOTA_EXCEEDED' }, now: T0, replyTo: neverSeen } as never,
		providerState: 'open',
	},
	{
		at: 90_000,
		by: 'time',
		provider: 'openai#1',
		words: 'the cooldown timer goes off',
		event: { type: 'xstate.after.cooldown.provider.open' },
		providerState: 'half-open',
	},
	{
		at: 90_000,
		by: 'operator',
		provider: 'openai#1',
		words: 'the operator resets it',
		event: { type: 'operator.reset', now: T0 + 90_000 } as never,
		providerState: 'closed',
	},
];

const attempt = (at: number, target: string, category: string): CaseStep => ({
	at,
	by: 'upstream',
	provider: target.split('/')[0] ?? target,
	target,
	words: `${target} fails with ${category}`,
	event: { type: 'attempt.broke', failure: { category }, now: T0 + at, random: 1, continuable: false } as never,
	requestState: 'settling',
	providerState: 'closed',
});

export const requestSteps: CaseStep[] = [
	attempt(5000, 'openai/gpt-5.4', 'SERVER_ERROR'),
	{ ...attempt(5600, 'openai/gpt-5.4', ''), by: 'time', words: 'waits 600 ms', event: { type: 'xstate.after' } },
	attempt(10_600, 'openai/gpt-5.4', 'SERVER_ERROR'),
	attempt(20_600, 'groq/llama-3.3-70b-versatile', 'TIMEOUT'),
	{
		at: 20_600,
		by: 'provider',
		provider: 'local',
		target: 'local/qwen2.5',
		words: 'local denies: it is open (failures)',
		event: { type: 'permit.denied', state: 'open', reason: 'failures', retryAt: T0 + 80_000 } as never,
		requestState: 'failed',
		providerState: 'open',
	},
];

export const holding = (id: string): PropertyResult => ({ id, statement: `the statement of ${id}`, holds: true });

export const broken = (id: string, steps: readonly CaseStep[]): PropertyResult => ({
	id,
	statement: `the statement of ${id}`,
	holds: false,
	counterexample: { message: `this is what happens instead of ${id}`, steps },
});

export function providerReport(changes: Partial<ProviderReport> = {}): ProviderReport {
	return {
		ids: ['openai#1', 'openai#2'],
		properties: [holding('grants-when-well'), holding('quota-cools-down')],
		states: 1203,
		transitions: 45_678,
		unexplored: [],
		...changes,
	};
}

export function profileReport(changes: Partial<ProfileReport> = {}): ProfileReport {
	const worst = { isExact: true, steps: requestSteps };
	return {
		name: 'default',
		chain: ['openai/gpt-5.4', 'groq/llama-3.3-70b-versatile', 'local/qwen2.5'],
		properties: [holding('always-ends'), holding('denied-is-not-attempted')],
		worst: {
			attempts: { ...worst, most: 9 },
			firstContent: { ...worst, most: 85_400 },
			wholeAnswer: { ...worst, most: 300_000 },
		},
		states: 321,
		transitions: 6543,
		unexplored: [],
		...changes,
	};
}

export function report(changes: Partial<Report> = {}): Report {
	return {
		file: 'config/gateway.yaml',
		verdict: 'holds',
		lintFindings: [],
		providers: [providerReport()],
		keys: [],
		profiles: [profileReport()],
		told: [],
		activeChecks: [],
		states: 1524,
		transitions: 52_221,
		ms: 1234,
		memory: 180_400_000,
		...changes,
	};
}
