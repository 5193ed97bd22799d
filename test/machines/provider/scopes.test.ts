import { describe, expect, it } from 'vitest';
import type { RateLimits } from '../../../machines/provider/rate-window.ts';
import { policyOfKey, policyOfModel } from '../../../machines/provider/scopes.ts';
import { type PolicyChanges, policyWith } from '../../helpers/policy.ts';
import { authError, minuteMs, quota, rateLimit, secondMs, serverError } from '../samples.ts';
import { CountingClock, startProvider } from './provider-harness.ts';

const unreachable = { category: 'NETWORK_ERROR', reason: 'refused' } as const;
const silent = { category: 'TIMEOUT', reason: 'first_token' } as const;

/** A key `k` with the models `m` and `n`, each with an actor of its own. */
function keyWithModels(changes: PolicyChanges = {}, rates: { key?: RateLimits; m?: RateLimits } = {}) {
	const clock = new CountingClock();
	const key = startProvider(changes, clock, { id: 'k', scope: policyOfKey, ...(rates.key && { rates: rates.key }) });
	const model = (name: string) => {
		const limits = name === 'm' && rates.m ? { rates: rates.m } : {};
		const scope = { model: { name, key: key.actor }, scope: policyOfModel };
		return startProvider(changes, clock, { id: `k/${name}`, ...scope, ...limits });
	};
	const [m, n] = [model('m'), model('n')];
	return { clock, key, m, n, model, states: () => [key.state(), m.state(), n.state()] };
}

describe('a key with several models in use', () => {
	it('grants what both the key and the model grant, and settles it with both', () => {
		const { key, m } = keyWithModels();
		const permit = m.permit({ tokens: 7 });
		expect(permit).toMatchObject({ probe: false, ofKey: { probe: false } });
		expect([key.context().ledger.out, m.context().ledger.out]).toEqual([1, 1]);
		m.succeed(permit);
		expect([key.context().ledger, m.context().ledger]).toMatchObject([
			{ out: 0, used: 7 },
			{ out: 0, used: 7 },
		]);
		expect(key.context().window.slices).toMatchObject([{ succeeded: 1 }]);
	});

	it.each([
		['an error of the server', serverError],
		['a limit without a time', rateLimit()],
		['a first token that does not come', silent],
		['a slow stream', { category: 'TIMEOUT', reason: 'slow' } as const],
	])('holds %s against the model, and leaves its sibling in traffic', (_, failure) => {
		const { m, n, states } = keyWithModels();
		m.trip(failure);
		expect(states()).toEqual(['closed', 'open', 'closed']);
		expect(m.ask()).toMatchObject({ type: 'permit.denied', model: 'm', reason: 'failures' });
		expect(n.permit()).toMatchObject({ probe: false });
	});

	it('obeys a long wait of one model for that model alone', () => {
		const { m, n, states } = keyWithModels();
		const retryAt = m.failNow(rateLimit(10 * minuteMs));
		expect(retryAt - m.clock.now()).toBe(10 * minuteMs);
		expect(states()).toEqual(['closed', 'open', 'closed']);
		n.permit();
	});

	it.each([
		['a connection that is refused', unreachable, 3, 'open'],
		['a connection that does not come about', { category: 'TIMEOUT', reason: 'connect' } as const, 3, 'open'],
		['a rejected key', authError, 1, 'open'],
		['an empty account', quota, 1, 'quota-cooldown'],
	])('holds %s against the key, whichever model was asked', (_, failure, times, state) => {
		const { m, n, key, states } = keyWithModels();
		for (let failed = 0; failed < times; failed++) (failed % 2 === 0 ? m : n).failNow(failure);
		expect(states()).toEqual([state, 'closed', 'closed']);
		expect(n.ask()).toMatchObject({ type: 'permit.denied', state });
		expect(n.ask()).not.toHaveProperty('model');
		expect(key.alarms.length).toBe(times === 1 ? 1 : 0);
		expect([m.alarms, n.alarms]).toEqual([[], []]);
	});

	it('is limited as a whole beside the limits of its models', () => {
		const { key, m, n } = keyWithModels({}, { key: { tokensPerMinute: 100 }, m: { tokensPerMinute: 40 } });
		m.permit({ tokens: 40 });
		const later = key.clock.now() + minuteMs;
		expect(m.ask({ tokens: 1 })).toMatchObject({ reason: 'limit', model: 'm', retryAt: later });
		n.permit({ tokens: 60 });
		const denied = n.ask({ tokens: 1 });
		expect(denied).toMatchObject({ reason: 'limit', retryAt: later });
		expect(denied).not.toHaveProperty('model');
		expect(m.ask({ tokens: 41 })).toMatchObject({ reason: 'beyond-limit', model: 'm' });
		expect(n.ask({ tokens: 101 })).toMatchObject({ reason: 'beyond-limit' });
	});

	it('counts nothing in the limits of a model that its key has not granted', () => {
		const { key, m } = keyWithModels({}, { key: { requestsPerMinute: 1 }, m: { requestsPerMinute: 2 } });
		m.permit({ tokens: 5 });
		const before = m.context().rate;
		for (let asked = 0; asked < 10; asked++) expect(m.ask({ tokens: 5 })).toMatchObject({ reason: 'limit' });
		expect(m.context().rate).toEqual(before);
		key.pass(minuteMs);
		m.permit({ tokens: 5 });
	});

	it('gives back what the model has granted and the key has not, as if nobody had asked', () => {
		const { key, m, clock } = keyWithModels();
		m.trip();
		clock.increment(minuteMs);
		expect(m.state()).toBe('half-open');
		key.actor.send({ type: 'operator.tripped', now: clock.now(), forMs: minuteMs });
		expect(m.ask({ tokens: 9 })).toMatchObject({ type: 'permit.denied', state: 'open', reason: 'operator' });
		expect(m.context()).toMatchObject({ probes: [], ledger: { out: 0, used: 0 } });
		expect(clock.timers).toBe(1);
	});

	it('does not let the probe of a broken model hold its siblings, nor a broken model take the key’s probe', () => {
		const { key, m, n, clock } = keyWithModels();
		for (let failed = 0; failed < 3; failed++) n.failNow(unreachable);
		clock.increment(minuteMs);
		expect(key.state()).toBe('half-open');
		const probe = m.permit();
		expect(probe).toMatchObject({ probe: true, ofKey: { probe: true } });
		m.fail(probe, serverError);
		expect(key.state()).toBe('half-open');
		const next = n.permit();
		n.succeed(next);
		expect(key.state()).toBe('closed');

		m.trip();
		key.actor.send({ type: 'operator.tripped', now: clock.now(), forMs: 1 });
		clock.increment(1);
		expect([key.state(), m.state()]).toEqual(['half-open', 'open']);
		expect(m.ask()).toMatchObject({ type: 'permit.denied', model: 'm' });
		expect(n.permit()).toMatchObject({ ofKey: { probe: true } });
	});

	it('hears of the first content of a probe, with the model that it is a probe of', () => {
		const { key, m, clock, states } = keyWithModels();
		m.trip();
		key.actor.send({ type: 'operator.tripped', now: clock.now(), forMs: secondMs });
		clock.increment(minuteMs);
		expect(states()).toEqual(['half-open', 'half-open', 'closed']);
		m.answering(m.permit());
		expect(states()).toEqual(['closed', 'closed', 'closed']);
	});

	it('gives a probe back to both when nobody waits for it any more', () => {
		const { key, m, clock } = keyWithModels();
		m.trip();
		key.actor.send({ type: 'operator.tripped', now: clock.now(), forMs: secondMs });
		clock.increment(minuteMs);
		m.abandon(m.permit());
		expect([key.context().probes, m.context().probes]).toEqual([[], []]);
		expect(clock.timers).toBe(0);
	});

	it('opens when several of its models fail, and not when one does again and again', () => {
		const { key, m, n, clock, states } = keyWithModels();
		for (let round = 0; round < 3; round++) {
			m.trip();
			clock.increment(minuteMs);
			if (m.state() === 'half-open') m.failNow(serverError);
			clock.increment(10 * minuteMs);
			m.succeed(m.permit());
		}
		expect(key.state()).toBe('closed');
		m.trip();
		const lastPermit = [n.permit(), n.permit(), n.permit()];
		const retryAts = lastPermit.map((permit) => n.fail(permit, serverError));
		expect(states()).toEqual(['open', 'open', 'open']);
		expect(retryAts.at(-1)).toBe(Math.max(key.context().until, n.context().until));
		expect(key.facts.at(-1)).toMatchObject({ type: 'provider.tripped', reason: 'failures' });
	});

	it('stays closed where a sibling has succeeded in between, and where the first one’s cooldown is over', () => {
		const { key, m, n, clock } = keyWithModels();
		m.trip();
		clock.increment(1);
		n.succeed(n.permit());
		n.trip();
		expect(key.state()).toBe('closed');
		clock.increment(minuteMs);
		for (const model of [m, n]) model.succeed(model.permit());
		m.trip();
		clock.increment(minuteMs);
		n.trip();
		expect(key.state()).toBe('closed');
	});

	it('stays closed where two models are down beside one that answers each time', () => {
		const { key, m, n, states, model, clock } = keyWithModels();
		const sound = model('o');
		for (let request = 0; request < 5; request++) {
			for (const broken of [m, n]) {
				const reply = broken.ask();
				if (reply.type === 'permit.granted') broken.fail(reply.permit, serverError);
			}
			clock.increment(1);
			sound.succeed(sound.permit());
			clock.increment(1);
		}
		expect(states()).toEqual(['closed', 'open', 'open']);
		expect(key.context().failingModels).toEqual({});
	});

	it('opens for longer each time that its models fail again', () => {
		const { key, m, n, clock } = keyWithModels();
		m.trip();
		n.trip();
		const first = key.context().until - clock.now();
		clock.increment(first);
		m.failNow(serverError);
		expect(key.state()).toBe('half-open');
		n.failNow(serverError);
		expect(key.state()).toBe('open');
		expect(key.context().until - clock.now()).toBeGreaterThan(first);
	});

	it('lets one request count once for each model, and once for the key', () => {
		const { key, m, n } = keyWithModels();
		const told = m.settle(m.permit(), serverError);
		expect(told.counted).toEqual(['k/m']);
		expect(n.settle(n.permit(), unreachable).counted).toEqual(['k']);
		expect([key, m, n].map((provider) => provider.context().consecutiveFailures)).toEqual([1, 1, 0]);
	});

	it('keeps a model that does not exist to itself, in the key’s own list', () => {
		const { key, m, n } = keyWithModels();
		m.failNow({ category: 'MODEL_UNAVAILABLE' });
		expect(m.ask()).toMatchObject({ type: 'permit.denied', reason: 'model' });
		expect(Object.keys(key.context().unavailable)).toEqual(['m']);
		n.permit();
	});
});

describe('what counts where', () => {
	it('follows what the policy makes of a failure, whatever its category', () => {
		const effects = { 'TIMEOUT.connect': 'none', SERVER_ERROR: 'auth', BAD_REQUEST: 'count' } as const;
		const policy = policyWith({ breaker: { effects: { ...policyWith().breaker.effects, ...effects } } });
		expect(policyOfKey(policy).breaker.effects).toMatchObject({
			'TIMEOUT.connect': 'none',
			SERVER_ERROR: 'auth',
			BAD_REQUEST: 'none',
			TIMEOUT: 'none',
			NETWORK_ERROR: 'count',
		});
		expect(policyOfModel(policy).breaker.effects).toMatchObject({
			'TIMEOUT.connect': 'none',
			SERVER_ERROR: 'none',
			BAD_REQUEST: 'count',
			TIMEOUT: 'count',
			NETWORK_ERROR: 'none',
			AUTH_ERROR: 'none',
			QUOTA_EXCEEDED: 'none',
		});
	});
});
