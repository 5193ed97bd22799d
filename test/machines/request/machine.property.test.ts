import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permit, ProviderReply } from '../../../machines/events.ts';
import { type Category, categories, type Failure } from '../../../machines/failure.ts';
import { type ErrorPolicy, fallbacks, type Policy } from '../../../machines/policy.ts';
import { openingToAwait, retryWait } from '../../../machines/request/failover.ts';
import type { Candidate, Progress } from '../../../machines/request/progress.ts';
import { candidateOn, policyWith } from '../../helpers/policy.ts';
import { runs } from '../../helpers/runs.ts';
import { CountingClock } from '../provider/provider-harness.ts';
import { type RequestHarness, type ScriptedProvider, scriptedProvider, startRequest } from './request-harness.ts';

/** What an attempt, or a wait, meets. */
type Fate =
	| { meets: 'answer'; streamed: boolean }
	| { meets: 'failure'; failure: Failure; random: number; committed: boolean; continuable: boolean }
	| { meets: 'departure' }
	| { meets: 'silence' };

interface World {
	/** For each target: which provider, whether it is a further credential of the link before, its window, its ways. */
	chain: { provider: number; sameLink: boolean; contextWindow: number | undefined; prefill: boolean }[];
	onError: Record<string, ErrorPolicy>;
	whenAllDenied: Policy['whenAllDenied'];
	maxContinuations: number;
	/** After which failures a broken answer is carried on. */
	categories: readonly Category[];
	/** What the providers say, one after the other, over and over: the wait in ms of a denial, or a grant. */
	answers: ('grant' | 'probe' | number)[];
	/** When a provider would grant again after a failure, ms from then. */
	settlements: number[];
	fates: Fate[];
}

const failure: fc.Arbitrary<Failure> = fc.record({
	category: fc.constantFrom<Category>(...categories),
	reason: fc.constantFrom(undefined, 'context_length'),
	retryAfterMs: fc.constantFrom(undefined, undefined, 1, 3_000, 5_001, 400_000),
});
/** The failures that only a continuation can meet. */
const misfit = fc.constantFrom<Failure>(
	{ category: 'BAD_REQUEST', reason: 'prefill' },
	{ category: 'UNKNOWN_TRANSIENT', reason: 'seam_ambiguous' },
	{ category: 'UNKNOWN_TRANSIENT', reason: 'seam_diverged' },
);
const errorPolicy: fc.Arbitrary<ErrorPolicy> = fc.record({
	retries: fc.integer({ min: 0, max: 3 }),
	then: fc.subarray([...fallbacks], { minLength: 1 }),
});

interface Luck {
	failures: fc.Arbitrary<Failure>;
	/** How many of ten failures come after the first content. */
	committed: number;
	continuable: fc.Arbitrary<boolean>;
}

function worldWith({ failures, committed, continuable }: Luck): fc.Arbitrary<World> {
	return fc.record({
		chain: fc.array(
			fc.record({
				provider: fc.nat({ max: 2 }),
				sameLink: fc.boolean(),
				contextWindow: fc.constantFrom(undefined, 4_000, 8_000, 16_000),
				prefill: fc.boolean(),
			}),
			{ minLength: 1, maxLength: 6 },
		),
		onError: fc.dictionary(fc.constantFrom<string>(...categories, 'BAD_REQUEST.context_length'), errorPolicy),
		whenAllDenied: fc.constantFrom<Policy['whenAllDenied']>('fail', 'try-soonest', { wait: 2_000 }),
		maxContinuations: fc.nat({ max: 4 }),
		categories: fc.oneof(
			{ weight: 4, arbitrary: fc.constant<readonly Category[]>(categories) },
			{ weight: 1, arbitrary: fc.subarray([...categories]) },
		),
		answers: fc.array(fc.constantFrom<World['answers'][number]>('grant', 'grant', 'probe', 0, 1_000, 90_000), {
			minLength: 1,
			maxLength: 20,
		}),
		settlements: fc.array(fc.constantFrom(0, 0, 500, 60_000), { minLength: 1, maxLength: 10 }),
		fates: fc.array(
			fc.oneof(
				{ weight: 1, arbitrary: fc.record({ meets: fc.constant('answer' as const), streamed: fc.boolean() }) },
				{
					weight: 12,
					arbitrary: fc.record({
						meets: fc.constant('failure' as const),
						failure: failures,
						random: fc.double({ min: 0, max: 1, noNaN: true }),
						committed: fc.integer({ min: 0, max: 9 }).map((chance) => chance < committed),
						continuable,
					}),
				},
				{ weight: 1, arbitrary: fc.record({ meets: fc.constantFrom('departure' as const, 'silence' as const) }) },
			),
			{ minLength: 1, maxLength: 20 },
		),
	});
}

/** No answer that broke can be carried on. */
const world = worldWith({ failures: failure, committed: 1, continuable: fc.constant(false) });
/** Most can, and often it does not work. */
const brokenWorld = worldWith({
	failures: fc.oneof(failure, misfit),
	committed: 6,
	continuable: fc.integer({ min: 0, max: 9 }).map((chance) => chance > 0),
});
const anyWorld = fc.oneof(world, brokenWorld);

/** The entries of a list in turn, from the first again after the last. */
function inTurn<T>(list: readonly T[]): () => T {
	let turn = 0;
	return () => {
		const entry = list[turn % list.length];
		turn += 1;
		if (entry === undefined) throw new Error('there is nothing to take turns with');
		return entry;
	};
}

interface Life {
	request: RequestHarness;
	candidates: readonly Candidate[];
	providers: readonly ScriptedProvider[];
	/** Every permit that was granted, in order. */
	granted: Permit[];
	denials: number;
	/** The permit that each attempt was begun with. */
	begunWith: (Permit | undefined)[];
	/** How far the request was as each attempt began, and whether its answer had been committed. */
	begun: (Progress & { committed: boolean })[];
	/** The permits asked for early, and on which target. */
	askedEarly: string[];
}

/** Lives one request through its world, to its end. */
function live(scene: World): Life {
	const clock = new CountingClock();
	const granted: Permit[] = [];
	const begunWith: Life['begunWith'] = [];
	const begun: Life['begun'] = [];
	let committed = false;
	const askedEarly: string[] = [];
	let denials = 0;
	const [nextAnswer, nextSettlement, nextFate] = [
		inTurn(scene.answers),
		inTurn(scene.settlements),
		inTurn(scene.fates),
	];
	const providers = [0, 1, 2].map((name) =>
		scriptedProvider({
			answer: ({ id, model, early, now }): ProviderReply => {
				if (early) askedEarly.push(`${name}/${model}`);
				const answer = nextAnswer();
				if (typeof answer === 'number') {
					denials += 1;
					return { type: 'permit.denied', state: 'open', reason: 'failures', retryAt: now + answer };
				}
				const permit = { id, number: 0, model, probe: answer === 'probe', epoch: 0, refusesPrefill: false };
				granted.push(permit);
				return { type: 'permit.granted', permit };
			},
			settle: ({ now }) => now + nextSettlement(),
		}),
	);
	const { onError, whenAllDenied, maxContinuations } = scene;
	const continuation = { maxContinuations, categories: scene.categories };
	const policy = policyWith({ onError, whenAllDenied, continuation });
	let link = -1;
	const candidates = scene.chain.flatMap(({ provider, sameLink, contextWindow, prefill }, position) => {
		if (!sameLink || position === 0) link += 1;
		const actor = providers[provider]?.actor;
		const window = contextWindow === undefined ? {} : { contextWindow };
		const changes = { link, credential: `p${provider}`, model: `m${position}`, policy, ...window };
		return actor === undefined ? [] : [{ ...candidateOn(actor, changes), prefill }];
	});
	const request = startRequest(candidates, {
		policy,
		clock,
		onAction: (action, context) => {
			committed ||= action === 'commit';
			if (action !== 'start') return;
			begunWith.push(context.permit);
			begun.push({ ...context, committed });
		},
	});
	for (let events = 0; !request.isOver(); events++) {
		if (events > 200) throw new Error(`the request does not end: ${request.did.join(', ')}`);
		meet(request, nextFate());
	}
	return { request, candidates, providers, granted, denials, begunWith, begun, askedEarly };
}

function meet(request: RequestHarness, fate: Fate): void {
	const { deadlineAt } = request.context();
	const waitMs = waitOf(request);
	if (waitMs === undefined && !request.isAttempting()) {
		throw new Error(`the request is stuck in ${request.state()}`);
	}
	if (fate.meets === 'departure') {
		request.leave();
		return;
	}
	if (waitMs !== undefined || fate.meets === 'silence') {
		request.pass(waitMs ?? deadlineAt - request.clock.now());
		return;
	}
	attempt(request, fate);
}

/** How long the request waits by itself, ms; undefined where it does not. */
function waitOf(request: RequestHarness): number | undefined {
	const progress = request.context();
	if (request.state() === 'waiting') return retryWait(progress);
	const opening = request.state() === 'awaiting' ? openingToAwait(progress) : undefined;
	return opening && opening.at - progress.now;
}

function attempt(request: RequestHarness, fate: Extract<Fate, { meets: 'answer' | 'failure' }>): void {
	request.pass(10);
	if (fate.meets === 'answer') {
		if (fate.streamed) request.answering();
		request.complete();
		return;
	}
	if (fate.committed) request.answering();
	const { failure, random, continuable } = fate;
	request.actor.send({ type: 'attempt.broke', failure, now: request.clock.now(), random, continuable });
}

describe('whatever a request meets', () => {
	it('ends, with exactly one ending, before its deadline, and leaves no timer', () => {
		fc.assert(
			fc.property(anyWorld, (scene) => {
				const { request } = live(scene);
				const endings = request.did.filter((action) => action === 'finish' || action === 'report');
				const state = request.state();
				expect(endings).toEqual({ done: ['finish'], failed: ['report'], aborted: [] }[state]);
				expect(request.ending() !== undefined).toBe(state === 'failed');
				expect(request.clock.now()).toBeLessThanOrEqual(request.context().deadlineAt);
				expect(request.clock.timers).toBe(0);
			}),
			runs(300),
		);
	});

	it('attempts no more often than the policy allows', () => {
		fc.assert(
			fc.property(world, (scene) => {
				const { request, candidates } = live(scene);
				const mostRetries = (candidate: Candidate) =>
					Math.max(...Object.values(candidate.policy.onError).map(({ retries }) => retries));
				const attempted = request.attempted();
				for (const candidate of candidates) {
					const onIt = attempted.filter((name) => name === `${candidate.credential}/${candidate.model}`);
					expect(onIt.length).toBeLessThanOrEqual(1 + mostRetries(candidate));
				}
				// Models are named by position here: the trace never goes back up.
				const positions = attempted.map((name) => Number(name.split('/m')[1]));
				expect(positions).toEqual([...positions].sort((one, other) => one - other));
			}),
			runs(300),
		);
	});

	it('begins every attempt with a permit of its own, stops each, and settles every permit exactly once', () => {
		fc.assert(
			fc.property(anyWorld, (scene) => {
				const { request, providers, granted, begunWith } = live(scene);
				expect(begunWith).toEqual(granted);
				expect(new Set(granted.map(({ id }) => id)).size).toBe(granted.length);
				for (const { id } of granted) {
					expect(providers.flatMap((provider) => provider.settlements(id))).toHaveLength(1);
				}
				const settled = providers.flatMap((provider) => provider.settlements());
				expect(settled).toHaveLength(granted.length);
				const ofAttempts = request.did.filter((action) => action.startsWith('start') || action === 'stop');
				const attempts = ofAttempts.map((action) => action.split(' ')[0]);
				expect(attempts).toEqual(granted.flatMap(() => ['start', 'stop']));
			}),
			runs(300),
		);
	});

	it('begins nothing after the commit where nothing can be carried on', () => {
		fc.assert(
			fc.property(world, (scene) => {
				const { did } = live(scene).request;
				const commits = did.filter((action) => action === 'commit');
				expect(commits.length).toBeLessThanOrEqual(1);
				const afterwards = commits.length === 0 ? [] : did.slice(did.indexOf('commit'));
				expect(afterwards.filter((action) => action.startsWith('start'))).toEqual([]);
			}),
			runs(300),
		);
	});

	it('asks early only when all were denied and the policy says so, each target once', () => {
		fc.assert(
			fc.property(world, (scene) => {
				const { request, candidates, askedEarly } = live(scene);
				expect(new Set(askedEarly).size).toBe(askedEarly.length);
				if (askedEarly.length === 0) return;
				expect(scene.whenAllDenied).toBe('try-soonest');
				const { trace } = request.context();
				expect(trace.slice(0, candidates.length).every(({ did }) => did === 'deny')).toBe(true);
			}),
			runs(300),
		);
	});

	it('tells all of it in the trace, in order', () => {
		fc.assert(
			fc.property(anyWorld, (scene) => {
				const { request, granted, denials } = live(scene);
				const { trace, attempts } = request.context();
				const count = (did: string) => trace.filter((step) => step.did === did).length;
				expect(attempts).toBe(granted.length);
				expect(count('attempt')).toBe(granted.length);
				expect(count('deny')).toBe(denials);
				const times = trace.map(({ at }) => at);
				expect(times).toEqual([...times].sort((one, other) => one - other));
				expect(times[0] ?? 0).toBe(0);
			}),
			runs(300),
		);
	});
});

describe('whatever breaks after the commit', () => {
	it('no target is asked for another answer, and none for a continuation before', () => {
		const tried = runs(1000);
		let continued = 0;
		fc.assert(
			fc.property(brokenWorld, (scene) => {
				const { begun } = live(scene);
				for (const { way, committed } of begun) expect(way !== 'fresh').toBe(committed);
				if (begun.some(({ committed }) => committed)) continued++;
			}),
			tried,
		);
		expect(continued).toBeGreaterThan(0.1 * tried.numRuns);
	});

	it('the answer is carried on no more often than the policy says, and only after what it lists', () => {
		fc.assert(
			fc.property(brokenWorld, (scene) => {
				const { request, begun } = live(scene);
				expect(request.context().continuations).toBeLessThanOrEqual(scene.maxContinuations);
				for (const { committed, isContinuable, asked, failed } of begun) {
					if (!committed) continue;
					expect(isContinuable).toBe(true);
					// The first one asked since the answer itself broke.
					if (asked.length === 1) expect(scene.categories).toContain(failed?.failure.category);
				}
			}),
			runs(1000),
		);
	});

	it('each target is asked at most once in each way between two breaks, though every permit has forgotten refusals', () => {
		fc.assert(
			fc.property(brokenWorld, (scene) => {
				const { begun, candidates } = live(scene);
				const asked = begun
					.filter(({ committed }) => committed)
					.map(({ continuations, position, way }) => `${continuations} ${position} ${way}`);
				expect(new Set(asked).size).toBe(asked.length);
				for (const { committed, way, position } of begun) {
					if (committed && way === 'prefill') expect(candidates[position]?.prefill).toBe(true);
				}
			}),
			runs(1000),
		);
	});

	it('commits once at most, when an attempt has begun to answer', () => {
		fc.assert(
			fc.property(brokenWorld, (scene) => {
				const { did } = live(scene).request;
				const order = did.map((action) => action.split(' ')[0]).join(' ');
				expect(order).toMatch(/^(start stop ?)*(start commit stop ?(start stop ?)*)?(finish|report)?$/);
			}),
			runs(1000),
		);
	});

	it('a request without a whole answer that has begun ends as interrupted', () => {
		fc.assert(
			fc.property(brokenWorld, (scene) => {
				const { request } = live(scene);
				if (request.state() !== 'failed') return;
				expect(request.ending() === 'interrupted').toBe(request.did.includes('commit'));
			}),
			runs(1000),
		);
	});
});
