import { describe, expect, it } from 'vitest';
import type { Permit, ToldLimits } from '../../../machines/events.ts';
import { policyOfKey, policyOfModel } from '../../../machines/provider/scopes.ts';
import { hourMs, minuteMs, secondMs, serverError } from '../samples.ts';
import { CountingClock, type ProviderHarness, startMs, startProvider } from './provider-harness.ts';

/** A whole answer that says what is left; times from now, ms. */
function answer(
	{ actor, clock }: ProviderHarness,
	permit: Permit,
	{ requests, tokens }: { requests?: [left: number, forMs: number]; tokens?: [left: number, forMs: number] },
) {
	const now = clock.now();
	const word = ([left, forMs]: [number, number]) => ({ left, until: now + forMs });
	const told: ToldLimits = { ...(requests && { requests: word(requests) }), ...(tokens && { tokens: word(tokens) }) };
	actor.send({ type: 'attempt.succeeded', permit, now, told });
}

const learning = (rates = {}) => startProvider({}, undefined, { rates: { learn: true, ...rates } });
const granted = { type: 'permit.granted' };

describe('a provider actor whose provider says that nothing is left', () => {
	it.each([
		['requests', { requests: [0, minuteMs] as [number, number] }],
		['tokens', { tokens: [0, minuteMs] as [number, number] }],
	])('of its %s denies until the time that it named, without any limit of its own', (_, told) => {
		const provider = startProvider();
		answer(provider, provider.permit(), told);
		expect(provider.ask()).toEqual({
			type: 'permit.denied',
			state: 'closed',
			reason: 'limit',
			retryAt: startMs + minuteMs,
		});
		provider.pass(minuteMs);
		expect(provider.ask()).toMatchObject(granted);
		expect(provider.context().rate).toBeUndefined();
	});

	it('is not asked ahead of that time', () => {
		const provider = startProvider();
		answer(provider, provider.permit(), { requests: [0, minuteMs] });
		expect(provider.ask({ early: true })).toMatchObject({ reason: 'limit' });
	});

	it('believes no more than a day', () => {
		const provider = startProvider();
		answer(provider, provider.permit(), { requests: [0, 1_000 * hourMs] });
		expect(provider.ask()).toMatchObject({ retryAt: startMs + 24 * hourMs });
	});

	it('believes the longer one of two answers that came about together', () => {
		const provider = startProvider();
		const [one, other] = [provider.permit(), provider.permit()];
		answer(provider, one, { requests: [0, minuteMs] });
		answer(provider, other, { requests: [0, secondMs] });
		expect(provider.ask()).toMatchObject({ retryAt: startMs + minuteMs });
	});

	it('hears it from a failure that names no wait, too', () => {
		const provider = startProvider();
		const { actor } = provider;
		const permit = provider.permit();
		const until = startMs + 5 * secondMs;
		const told = { requests: { left: 0, until } };
		const failed = { permit, failure: serverError, now: startMs, random: 0, lastTry: true, counted: [], told };
		actor.send({ type: 'attempt.failed', ...failed, replyTo: actor as never });
		expect(provider.ask()).toMatchObject({ reason: 'limit', retryAt: until });
	});

	it('pays no heed to what is left, unless it is to learn', () => {
		const provider = startProvider();
		answer(provider, provider.permit(), { requests: [1, minuteMs] });
		expect(provider.context().rate).toBeUndefined();
	});

	it('forgets it where a person knows better', () => {
		const provider = startProvider();
		answer(provider, provider.permit(), { requests: [0, minuteMs] });
		provider.actor.send({ type: 'operator.reset', now: startMs });
		expect(provider.ask()).toMatchObject(granted);
	});

	it('remembers it when it is picked up', () => {
		const provider = startProvider();
		answer(provider, provider.permit(), { requests: [0, minuteMs] });
		const memory = JSON.parse(JSON.stringify(provider.memory()));
		expect(startProvider({}, provider.clock, { memory }).ask()).toMatchObject({ reason: 'limit' });
	});

	it('holds it against the model that was asked, and not against its siblings', () => {
		const clock = new CountingClock();
		const key = startProvider({}, clock, { id: 'k', scope: policyOfKey });
		const model = (name: string) =>
			startProvider({}, clock, { id: `k/${name}`, model: { name, key: key.actor }, scope: policyOfModel });
		const [m, n] = [model('m'), model('n')];
		answer(m, m.permit(), { requests: [0, minuteMs] });
		expect(m.ask()).toMatchObject({ reason: 'limit', model: 'm' });
		expect(n.ask()).toMatchObject(granted);
		expect(key.context().ledger.out).toBe(1);
		expect(key.context()).not.toHaveProperty('rate');
	});
});

describe('a provider actor that learns', () => {
	it('grants no more requests than are left, counted from the one that was answered', () => {
		const provider = learning();
		const first = provider.permit();
		provider.permit();
		answer(provider, first, { requests: [3, minuteMs] });
		provider.permit();
		provider.permit();
		expect(provider.ask()).toMatchObject({ reason: 'limit', retryAt: startMs + minuteMs });
		provider.pass(minuteMs);
		expect(provider.ask()).toMatchObject(granted);
	});

	it('reserves no more tokens than are left', () => {
		const provider = learning();
		answer(provider, provider.permit({ tokens: 10 }), { tokens: [100, minuteMs] });
		expect(provider.ask({ tokens: 101 })).toMatchObject({ reason: 'limit', retryAt: startMs + minuteMs });
		provider.permit({ tokens: 60 });
		expect(provider.ask({ tokens: 41 })).toMatchObject({ reason: 'limit' });
		provider.permit({ tokens: 40 });
		expect(provider.ask()).toMatchObject({ reason: 'limit' });
	});

	it('believes the newer answer, also where it leaves more', () => {
		const provider = learning();
		answer(provider, provider.permit(), { requests: [1, minuteMs] });
		answer(provider, provider.permit(), { requests: [5, minuteMs] });
		for (let asked = 0; asked < 5; asked++) provider.permit();
		expect(provider.ask()).toMatchObject({ reason: 'limit' });
	});

	it('grants nothing that one of two answers forbids, where nobody knows which is the newer one', () => {
		const provider = learning();
		const [one, other] = [provider.permit(), provider.permit()];
		answer(provider, one, { requests: [2, minuteMs] });
		answer(provider, other, { requests: [50, secondMs] });
		provider.permit();
		expect(provider.ask()).toMatchObject({ reason: 'limit', retryAt: startMs + minuteMs });
	});

	it('goes on believing newer answers while many are in flight', () => {
		const provider = learning();
		const flight = Array.from({ length: 8 }, () => provider.permit());
		for (let answered = 0; answered < 500; answered++) {
			const [permit] = flight.splice(0, 1);
			if (permit !== undefined) answer(provider, permit, { requests: [20, minuteMs] });
			flight.push(provider.permit());
			provider.pass(100);
		}
	});

	it('never grants more than is configured', () => {
		const provider = learning({ requestsPerMinute: 2 });
		answer(provider, provider.permit(), { requests: [1_000, minuteMs] });
		provider.permit();
		expect(provider.ask()).toMatchObject({ reason: 'limit' });
	});

	it('counts nothing that came to no attempt', () => {
		const provider = learning();
		answer(provider, provider.permit(), { requests: [1, minuteMs] });
		const permit = provider.permit();
		provider.actor.send({ type: 'attempt.abandoned', permit, now: startMs, tokens: 0, unused: true });
		provider.permit();
		expect(provider.ask()).toMatchObject({ reason: 'limit' });
	});
});
