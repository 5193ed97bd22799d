import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../machines/failure.ts';
import { endsTrouble, LIST } from '../../../src/gateway/health/models-list.ts';
import { prospectAt } from '../../../src/gateway/health/prospect.ts';
import { halfOpened, opened, type ProviderHarness, startProvider } from '../../machines/provider/provider-harness.ts';
import { authError, minuteMs, quota, rateLimit, secondMs, serverError, unavailable } from '../../machines/samples.ts';

const refused: Failure = { category: 'NETWORK_ERROR', reason: 'refused' };

function prospectOf(provider: ProviderHarness, { isOwnServer = true, wouldProve = true, model = 'm' } = {}) {
	const actors = [provider.actor.getSnapshot()];
	return prospectAt({ actors, model, isOwnServer, wouldProve }, provider.clock.now());
}

describe('a check', () => {
	it('is made of a closed provider as a request is', () => {
		expect(prospectOf(startProvider(), { wouldProve: false })).toBe('with-permit');
	});

	it('is made ahead of a wait that we have guessed, of a server of the own network alone', () => {
		const provider = opened();
		expect(prospectOf(provider)).toBe('ahead');
		expect(prospectOf(provider, { isOwnServer: false })).toBe('no');
	});

	it('gets the probe after a wait, wherever the provider is', () => {
		expect(prospectOf(halfOpened(), { isOwnServer: false })).toBe('with-permit');
	});

	it.each([
		['a time that the provider named', rateLimit(minuteMs)],
		['a dead key', authError],
		['an empty account', quota],
		['a model that is not there', unavailable],
	])('is never made ahead of %s', (_what, failure) => {
		const provider = startProvider();
		provider.failNow(failure);
		expect(prospectOf(provider)).toBe('no');
	});

	it('is never made ahead of a time that was named while the breaker was open', () => {
		const provider = startProvider();
		const late = provider.permit();
		provider.trip();
		provider.fail(late, rateLimit(30 * secondMs));
		expect(prospectOf(provider)).toBe('no');
		provider.pass(30 * secondMs);
		expect(prospectOf(provider)).toBe('ahead');
	});

	it('is never made against the word of an operator', () => {
		const provider = startProvider();
		provider.actor.send({ type: 'operator.tripped', now: provider.clock.now(), forMs: minuteMs });
		expect(prospectOf(provider)).toBe('no');
	});

	it('is not made of what is out of traffic where its answer would prove nothing', () => {
		expect(prospectOf(opened(), { wouldProve: false })).toBe('no');
		expect(prospectOf(halfOpened(), { wouldProve: false })).toBe('no');
	});
});

describe('a list of models', () => {
	const endsAfter = (failure: Failure, model = 'm') => {
		const provider = startProvider();
		provider.fail(provider.permit({ model }), failure);
		return endsTrouble(provider.context());
	};

	it('ends trouble with the line, or with itself', () => {
		expect(endsAfter(refused)).toBe(true);
		expect(endsAfter({ category: 'TIMEOUT', reason: 'connect' })).toBe(true);
		expect(endsAfter({ category: 'TIMEOUT', reason: 'response' }, LIST)).toBe(true);
		expect(endsAfter(serverError, LIST)).toBe(true);
	});

	it('ends none of a model, a key or an account', () => {
		expect(endsTrouble(startProvider().context())).toBe(false);
		expect(endsAfter(serverError)).toBe(false);
		expect(endsAfter({ category: 'NETWORK_ERROR', reason: 'local' })).toBe(false);
		expect(endsAfter({ category: 'TIMEOUT', reason: 'first_token' })).toBe(false);
		expect(endsAfter(authError, LIST)).toBe(false);
		expect(endsAfter(quota, LIST)).toBe(false);
	});

	it('ends none of several models that fail together', () => {
		const provider = startProvider();
		const now = provider.clock.now();
		for (const model of ['m', 'n']) {
			provider.actor.send({ type: 'model.tripped', model, since: now, until: now + minuteMs, now, random: 0 });
		}
		expect(endsTrouble({ ...provider.context(), lastFailure: { ...refused, at: now, model: 'm' } })).toBe(false);
	});
});
