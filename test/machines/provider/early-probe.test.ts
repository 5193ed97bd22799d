import { describe, expect, it } from 'vitest';
import { authError, minuteMs, rateLimit, secondMs } from '../samples.ts';
import { startMs, startProvider } from './provider-harness.ts';

describe('an early probe', () => {
	it('does not come before a hint that is shorter than the cooldown', () => {
		const provider = startProvider();
		const late = provider.permit();
		provider.trip();
		provider.fail(late, rateLimit(10 * secondMs));
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied', retryAt: startMs + minuteMs });
		provider.pass(10 * secondMs - 1);
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied' });
		provider.pass(1);
		expect(provider.ask({ early: true })).toMatchObject({ permit: { probe: true } });
	});

	it('does not come at all while somebody is called for a key, though the cooldown after failures is the longer one', () => {
		const provider = startProvider({ breaker: { authCooldown: 10 * secondMs } });
		const late = provider.permit();
		provider.trip();
		provider.fail(late, authError);
		provider.pass(11 * secondMs);
		expect(provider.ask({ early: true })).toMatchObject({ type: 'permit.denied' });
	});
});
