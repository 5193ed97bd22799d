import { describe, expect, it } from 'vitest';
import { earliestRetryAt } from '../../../machines/request/progress.ts';
import { candidateOn, type PolicyChanges, policyWith } from '../../helpers/policy.ts';
import { startMs } from '../provider/provider-harness.ts';
import { authError, minuteMs, serverError } from '../samples.ts';
import { alone, denied, granted, realPair, type Script, scriptedProvider, startRequest } from './request-harness.ts';

const { request: requestMs, stream: streamMs } = policyWith().timeouts;

/** A request brought into each of the states that it can stay in, on a provider that can keep silent. */
const stays = {
	asking: () => {
		const a = scriptedProvider({ answer: () => undefined });
		return { a, request: startRequest([candidateOn(a.actor)]) };
	},
	attempting: () => alone(),
	'committed.streaming': () => {
		const { a, request } = alone();
		request.answering();
		return { a, request };
	},
	settling: () => {
		const a = scriptedProvider({ settle: () => undefined });
		const request = startRequest([candidateOn(a.actor)]);
		request.breakWith(serverError);
		return { a, request };
	},
	waiting: () => {
		const { a, request } = alone();
		request.breakWith(serverError);
		return { a, request };
	},
	'committed.settling': () => broken({ settle: () => undefined }),
	'committed.asking': () => {
		let asked = 0;
		return broken({ answer: (event) => (asked++ === 0 ? granted(event) : undefined) });
	},
	'committed.attempting': () => broken({}),
};

/** Its answer has broken off, and can be carried on. */
function broken(script: Script) {
	const a = scriptedProvider(script);
	const request = startRequest([candidateOn(a.actor)]);
	request.answering();
	request.breakWith(serverError, { continuable: true });
	return { a, request };
}

type Stay = keyof typeof stays;

const heldIn: [Stay, settlements: string[]][] = [
	['asking', []],
	['attempting', ['attempt.abandoned']],
	['committed.streaming', ['attempt.abandoned']],
	['settling', ['attempt.failed']],
	['waiting', ['attempt.failed']],
	['committed.settling', ['attempt.failed']],
	['committed.asking', ['attempt.failed']],
	['committed.attempting', ['attempt.failed', 'attempt.abandoned']],
];

describe('a client that leaves', () => {
	it.each(heldIn)('while %s ends the request at once, with %j', (state, settlements) => {
		const { a, request } = stays[state]();
		expect(request.state()).toBe(state);
		request.leave();
		expect(request.state()).toBe('aborted');
		expect(a.settlements()).toEqual(settlements);
		expect(request.did.filter((action) => action === 'stop')).toHaveLength(settlements.length);
		expect(request.did).not.toContain('finish');
		expect(request.did).not.toContain('report');
		expect(request.clock.timers).toBe(0);
	});

	it('gives its probe back to the provider', () => {
		const { a, clock, candidates } = realPair({ breaker: { failureThreshold: 1 } });
		a.failNow(serverError);
		clock.increment(minuteMs);
		const request = startRequest(candidates, { clock });
		expect(request.context().permit?.probe).toBe(true);
		request.leave();
		expect(a.state()).toBe('half-open');
		expect(a.context().probes).toEqual([]);
	});
});

describe('the deadline', () => {
	it.each(heldIn.filter(([state]) => state !== 'waiting'))(
		'ends a request that is %s, with %j',
		(state, settlements) => {
			const { a, request } = stays[state]();
			const limitMs = state === 'committed.streaming' ? streamMs : requestMs;
			request.pass(limitMs - 1);
			expect(request.state()).toBe(state);
			request.pass(1);
			expect(request.state()).toBe('failed');
			expect(request.ending()).toBe(state.startsWith('committed.') ? 'interrupted' : 'deadline');
			expect(request.context().failure).toEqual({ category: 'TIMEOUT', reason: 'deadline' });
			expect(a.settlements()).toEqual(settlements);
			expect(request.did.filter((action) => action === 'report')).toHaveLength(1);
		},
	);

	it('ends a wait that timers made longer than it was meant to be', () => {
		const { a, request } = alone();
		request.pass(requestMs - 100);
		request.breakWith(serverError, { now: startMs });
		expect(request.state()).toBe('waiting');
		request.pass(100);
		expect(request.ending()).toBe('deadline');
		expect(a.settlements()).toEqual(['attempt.failed']);
		expect(request.attempted()).toEqual(['a/m']);
	});

	it('is the last moment of the attempt that it cuts off', () => {
		const { request } = alone();
		request.pass(requestMs);
		expect(request.context().trace).toMatchObject([{ did: 'attempt', ms: requestMs, outcome: 'abandoned' }]);
	});

	it('leaves a stream alone that has begun before it', () => {
		const { request } = alone();
		request.pass(requestMs - 1);
		request.answering();
		request.pass(requestMs);
		expect(request.state()).toBe('committed.streaming');
		request.complete();
		expect(request.state()).toBe('done');
	});

	it('of a search begins anew when the answer breaks, and again at the next break', () => {
		const { request } = broken({});
		request.pass(requestMs - 1);
		request.answering();
		request.pass(requestMs);
		request.breakWith(serverError, { continuable: true });
		request.pass(requestMs - 1);
		expect(request.state()).toBe('committed.attempting');
		request.pass(1);
		expect(request.ending()).toBe('interrupted');
	});

	it('of a search does not begin anew when an attempt to carry the answer on fails', () => {
		const [a, b] = [scriptedProvider(), scriptedProvider()];
		const candidates = [candidateOn(a.actor), candidateOn(b.actor, { link: 1, credential: 'b' })];
		const request = startRequest(candidates);
		request.answering();
		request.breakWith(serverError, { continuable: true });
		request.pass(requestMs - 1);
		request.breakWith(serverError, { continuable: true });
		expect(request.attempted()).toEqual(['a/m', 'b/m', 'a/m']);
		request.pass(1);
		expect(request.ending()).toBe('interrupted');
	});

	it('of a stream counts from its first content, and no break makes it longer', () => {
		const { request } = alone();
		request.pass(minuteMs);
		request.answering();
		request.pass(streamMs - 1_000);
		request.breakWith(serverError, { continuable: true });
		request.pass(999);
		expect(request.state()).toBe('committed.attempting');
		request.answering();
		expect(request.state()).toBe('committed.streaming');
		request.pass(1);
		expect(request.ending()).toBe('interrupted');
		expect(request.context().failure).toEqual({ category: 'TIMEOUT', reason: 'deadline' });
	});

	it("is the profile's, whatever the policy of a target says", () => {
		const a = scriptedProvider();
		const policy = policyWith({ timeouts: { request: 1_000 } });
		const request = startRequest([candidateOn(a.actor)], { policy });
		request.pass(1_000);
		expect(request.ending()).toBe('deadline');
	});

	it('is not counted against the provider', () => {
		const { a, clock, candidates } = realPair({ breaker: { failureThreshold: 1 } });
		startRequest(candidates, { clock });
		clock.increment(requestMs);
		expect(a.state()).toBe('closed');
	});

	it('of a year does not pass at once', () => {
		const a = scriptedProvider();
		const request = startRequest([candidateOn(a.actor)], {
			policy: policyWith({ timeouts: { request: 365 * 24 * 60 * minuteMs } }),
		});
		request.pass(24 * 60 * minuteMs);
		expect(request.state()).toBe('attempting');
	});
});

describe('a request that is denied everywhere', () => {
	/** Providers `a`, `b`, `c` that would open after these times, ms. */
	function closedFor(waitsMs: number[], whenAllDenied: 'fail' | 'try-soonest', grantsEarly = -1) {
		const order: string[] = [];
		const candidates = waitsMs.map((waitMs, link) => {
			const provider = scriptedProvider({
				answer: ({ id, model, early }) => {
					order.push(`${early ? 'early ' : ''}${'abc'[link]}`);
					if (early && link === grantsEarly)
						return {
							type: 'permit.granted',
							permit: { id, number: 0, model, probe: true, epoch: 1, refusesPrefill: false },
						};
					// Asked early, a provider may name another time; the order of the early round stays.
					return denied(startMs + (early ? 90_000 - waitMs : waitMs));
				},
			});
			return candidateOn(provider.actor, { link, credential: 'abc'[link] ?? 'z' });
		});
		return { order, request: startRequest(candidates, { policy: policyWith({ whenAllDenied }) }) };
	}

	it('fails as denied, with the earliest time that any of them named', () => {
		const { order, request } = closedFor([30_000, 10_000, 20_000], 'fail');
		expect(request.state()).toBe('failed');
		expect(request.ending()).toBe('denied');
		expect(request.did).toEqual(['report']);
		expect(order).toEqual(['a', 'b', 'c']);
		expect(earliestRetryAt(request.context())).toBe(startMs + 10_000);
	});

	it('is told to try again now when a time has passed', () => {
		const { request } = closedFor([-5], 'fail');
		expect(earliestRetryAt(request.context())).toBe(startMs);
	});

	it('asks each once more, the soonest first, where the policy says so', () => {
		const { order, request } = closedFor([30_000, 10_000, 20_000], 'try-soonest');
		expect(order).toEqual(['a', 'b', 'c', 'early b', 'early c', 'early a']);
		expect(request.ending()).toBe('denied');
		expect(earliestRetryAt(request.context())).toBe(startMs + 10_000);
	});

	it('attempts the first that lets it in early', () => {
		const { order, request } = closedFor([30_000, 10_000, 20_000], 'try-soonest', 2);
		expect(order.slice(3)).toEqual(['early b', 'early c']);
		expect(request.attempted()).toEqual(['c/m']);
		request.complete();
		expect(request.state()).toBe('done');
	});

	it('gets through to a real provider that only failures opened', () => {
		const { a, b, clock, candidates, policy } = realPair({
			breaker: { failureThreshold: 1 },
			whenAllDenied: 'try-soonest',
		});
		a.failNow(authError);
		b.failNow(serverError);
		const request = startRequest(candidates, { clock, policy });
		expect(request.attempted()).toEqual(['b/m']);
		request.complete();
		expect(b.state()).toBe('closed');
		expect(a.state()).toBe('open');
	});
});

describe('a request that waits for a target to open', () => {
	/** Providers `a`, `b`, `c` that open after these times, ms, or stay closed; each counts how often it was asked. */
	function opening(waitsMs: (number | undefined)[], changes: PolicyChanges = { whenAllDenied: { wait: 2_000 } }) {
		const order: string[] = [];
		const candidates = waitsMs.map((waitMs, link) => {
			const provider = scriptedProvider({
				answer: (asked) => {
					order.push(`${asked.now - startMs} ${'abc'[link]}`);
					expect(asked.early).toBe(false);
					const until = startMs + (waitMs ?? 1_500);
					return waitMs !== undefined && asked.now >= until ? granted(asked) : denied(Math.max(until, asked.now));
				},
			});
			return candidateOn(provider.actor, { link, credential: 'abc'[link] ?? 'z' });
		});
		return { order, request: startRequest(candidates, { policy: policyWith(changes) }) };
	}

	it('asks the whole chain once more at the moment at which the first one opens', () => {
		const { order, request } = opening([9_000, 2_000, 1_999]);
		expect(request.state()).toBe('awaiting');
		request.pass(1_998);
		expect(request.state()).toBe('awaiting');
		request.pass(1);
		expect(order).toEqual(['0 a', '0 b', '0 c', '1999 a', '1999 b', '1999 c']);
		expect(request.attempted()).toEqual(['c/m']);
		request.complete();
		expect(request.context().trace.map(({ did }) => did)).toEqual([
			'deny',
			'deny',
			'deny',
			'wait',
			'deny',
			'deny',
			'attempt',
		]);
		expect(request.context().trace[3]).toEqual({
			did: 'wait',
			at: 0,
			target: 'c/m',
			credential: 'c',
			ms: 1_999,
			isForOpening: true,
		});
	});

	it('goes down the chain from the target that opened, as any other request', () => {
		const { request } = opening([1_000, 1_000]);
		request.pass(1_000);
		request.breakWith({ category: 'TIMEOUT' });
		expect(request.attempted()).toEqual(['a/m', 'b/m']);
	});

	it('waits once: denied again, it fails with the earliest time', () => {
		const { order, request } = opening([undefined, 3_000]);
		request.pass(1_500);
		expect(order).toEqual(['0 a', '0 b', '1500 a', '1500 b']);
		expect([request.state(), request.ending()]).toEqual(['failed', 'denied']);
		expect(earliestRetryAt(request.context())).toBe(startMs + 1_500);
	});

	it.each<[string, (number | undefined)[], PolicyChanges]>([
		['none opens in time', [2_001, 9_000], { whenAllDenied: { wait: 2_000 } }],
		['the deadline comes first', [2_000], { whenAllDenied: { wait: 5_000 }, timeouts: { request: 2_000 } }],
		['the policy says fail', [1_000], { whenAllDenied: 'fail' }],
	])('fails at once where %s', (_name, waitsMs, changes) => {
		const { request } = opening(waitsMs, changes);
		expect([request.state(), request.ending()]).toEqual(['failed', 'denied']);
		expect(request.clock.now()).toBe(startMs);
	});

	it('fails at once where no target names a time to come: its probes are out', () => {
		const a = scriptedProvider({ answer: ({ now }) => denied(now) });
		const request = startRequest([candidateOn(a.actor)], { policy: policyWith({ whenAllDenied: { wait: 2_000 } }) });
		expect([request.state(), a.asked().length]).toEqual(['failed', 1]);
	});

	it('ends when the client leaves', () => {
		const { order, request } = opening([1_000]);
		request.pass(500);
		request.leave();
		expect(request.state()).toBe('aborted');
		request.pass(1_000);
		expect([order, request.clock.timers]).toEqual([['0 a'], 0]);
	});

	it('is not for a request that has attempted something', () => {
		const [a, b] = [scriptedProvider(), scriptedProvider({ answer: () => denied(startMs + 1_000) })];
		const request = startRequest([candidateOn(a.actor), candidateOn(b.actor, { link: 1, credential: 'b' })], {
			policy: policyWith({ whenAllDenied: { wait: 2_000 } }),
		});
		request.breakWith({ category: 'TIMEOUT' });
		expect(request.ending()).toBe('exhausted');
	});

	it('gets the probe of a real provider that opens by then', () => {
		const { b, clock, candidates, policy } = realPair({
			breaker: { failureThreshold: 1, cooldown: 1_000, cooldownJitter: 0 },
			whenAllDenied: { wait: 2_000 },
		});
		const [, only] = candidates;
		b.failNow(serverError);
		const request = startRequest(only === undefined ? [] : [only], { clock, policy });
		expect(request.state()).toBe('awaiting');
		clock.increment(1_000);
		expect(request.attempted()).toEqual(['b/m']);
		request.complete();
		expect(b.state()).toBe('closed');
	});
});
