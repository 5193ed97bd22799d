import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import type { HealthCheckEvent, HealthCheckPolicy } from '../../../machines/health-check/context.ts';
import { type CheckEnded, healthCheckMachine } from '../../../machines/health-check/machine.ts';
import { CountingClock, opened, type ProviderHarness, startProvider } from '../provider/provider-harness.ts';
import { hourMs, minuteMs, secondMs } from '../samples.ts';

const everyMs = 30 * secondMs;

const policy: HealthCheckPolicy = {
	every: everyMs,
	onlyWhenIdle: true,
	backoff: { factor: 2, max: 5 * minuteMs },
	maxCostPerDay: 1,
};

type Due = Extract<HealthCheckEvent, { type: 'check.due' }>;
type Outcome = { is: 'passed'; isEvidence?: boolean; costUsd?: number } | { is: 'failed'; isEvidence?: boolean };

interface Setup {
	policy?: Partial<HealthCheckPolicy>;
	provider?: ProviderHarness;
	outlook?: () => Partial<Due>;
	outcome?: () => Outcome;
}

/** A health check on a simulated clock in front of a real provider actor: when it was made, ms since the start. */
function startChecks(setup: Setup = {}) {
	const clock = setup.provider?.clock ?? new CountingClock();
	const provider = setup.provider ?? startProvider({}, clock);
	const startedAt = clock.now();
	const made: number[] = [];
	const ended: CheckEnded[] = [];
	const actor = createActor(
		healthCheckMachine.provide({
			actions: {
				lookAround: ({ self }) =>
					self.send({
						type: 'check.due',
						now: clock.now(),
						random: 0,
						prospect: 'with-permit',
						isClosed: provider.state() === 'closed',
						answeredAt: 0,
						costUsd: 0,
						...setup.outlook?.(),
					}),
				startCheck: ({ self }) => {
					made.push(clock.now() - startedAt);
					const { is, ...how } = setup.outcome?.() ?? { is: 'passed' };
					const common = { now: clock.now(), random: 0, isEvidence: true, ...how };
					if (is === 'passed') self.send({ type: 'check.passed', ...common });
					else self.send({ type: 'check.failed', failure: { category: 'NETWORK_ERROR' }, ...common });
				},
			},
		}),
		{
			clock,
			input: {
				id: 'a',
				policy: { ...policy, ...setup.policy },
				gate: provider.actor,
				model: 'm',
				tokens: 0,
				now: startedAt,
				random: 1,
			},
		},
	);
	actor.on('check.ended', (end) => ended.push(end));
	actor.start();
	const pass = (ms: number) => {
		for (let left = ms; left > 0; left -= secondMs) clock.increment(Math.min(left, secondMs));
	};
	return { actor, provider, clock, made, ended, pass, startedAt };
}

const inSeconds = (times: readonly number[]) => times.map((ms) => ms / secondMs);

describe('active checks', () => {
	it('are made in the interval, and tell what changes', () => {
		const { made, ended, pass } = startChecks();
		pass(2 * minuteMs);
		expect(inSeconds(made)).toEqual([30, 60, 90, 120]);
		expect(ended.map(({ isNews }) => isNews)).toEqual([true, false, false, false]);
	});

	it('become rarer while they fail, up to the longest wait, and no rarer', () => {
		const { made, pass } = startChecks({ outcome: () => ({ is: 'failed', isEvidence: false }) });
		pass(20 * minuteMs);
		// 1, 2, 4 and 5 minutes later, and from there every 5.
		expect(inSeconds(made)).toEqual([30, 90, 210, 450, 750, 1050]);
	});

	it('are as often as ever once one has passed', () => {
		const outcomes: Outcome[] = [{ is: 'failed' }, { is: 'passed' }];
		const { made, pass } = startChecks({ outcome: () => outcomes.shift() ?? { is: 'passed' } });
		pass(2.5 * minuteMs);
		expect(inSeconds(made)).toEqual([30, 90, 120, 150]);
	});

	it('count as attempts: failures open a provider', () => {
		const { provider, pass } = startChecks({
			outcome: () => ({ is: 'failed' }),
			policy: { backoff: { factor: 1, max: 1 } },
		});
		pass(1.5 * minuteMs);
		expect(provider.state()).toBe('open');
	});

	it('get the probe, and close the provider', () => {
		const provider = opened();
		const { pass, made } = startChecks({ provider });
		pass(minuteMs);
		expect(provider.state()).toBe('closed');
		// The first one was denied, and cost nothing.
		expect(inSeconds(made)).toEqual([60]);
	});

	it('that prove nothing give their permits back, and change nothing', () => {
		const provider = startProvider();
		provider.failNow({ category: 'SERVER_ERROR' });
		const { pass, ended } = startChecks({ provider, outcome: () => ({ is: 'passed', isEvidence: false }) });
		pass(minuteMs);
		expect(ended).toHaveLength(2);
		expect(provider.context()).toMatchObject({ consecutiveFailures: 1, ledger: { out: 0 } });
	});

	it('ahead of a guessed wait change nothing while they fail, and close it with one permit when they pass', () => {
		const provider = opened({ breaker: { cooldown: hourMs, maxCooldown: hourMs } });
		const facts = provider.facts.length;
		let isBack = false;
		const { pass } = startChecks({
			provider,
			policy: { backoff: { factor: 1, max: 1 } },
			outlook: () => ({ prospect: provider.state() === 'open' ? 'ahead' : 'with-permit' }),
			outcome: () => (isBack ? { is: 'passed' } : { is: 'failed' }),
		});
		pass(10 * minuteMs);
		expect(provider.facts).toHaveLength(facts);
		isBack = true;
		pass(everyMs);
		expect(provider.state()).toBe('closed');
		expect(provider.context().ledger.out).toBe(0);
	});

	it('ahead of a guessed wait that prove nothing in the end ask for no permit', () => {
		const provider = opened({ breaker: { cooldown: hourMs } });
		const { pass, ended } = startChecks({
			provider,
			outlook: () => ({ prospect: 'ahead' }),
			outcome: () => ({ is: 'passed', isEvidence: false }),
		});
		pass(everyMs);
		expect([ended.length, provider.state()]).toEqual([1, 'open']);
	});

	it('ahead of a wait that is prolonged meanwhile are denied, and go on', () => {
		const provider = opened({ breaker: { cooldown: hourMs } });
		const { pass, made } = startChecks({
			provider,
			outlook: () => ({ prospect: 'ahead' }),
		});
		provider.actor.send({ type: 'operator.tripped', now: provider.clock.now(), forMs: hourMs });
		pass(2 * everyMs);
		expect(provider.state()).toBe('open');
		expect(made).toHaveLength(2);
	});

	it('wait until no request has had an answer for one interval', () => {
		const begun = new CountingClock().now();
		const answered = [10 * secondMs, 35 * secondMs];
		const { made, pass } = startChecks({
			outlook: () => ({ answeredAt: begun + (answered.shift() ?? 35 * secondMs) }),
		});
		pass(70 * secondMs);
		expect(inSeconds(made)).toEqual([65]);
	});

	it('do not wait for requests where the provider is out of traffic, or where it is said so', () => {
		const busy = (clock: () => number) => ({ answeredAt: clock() });
		const provider = startProvider();
		const open = startChecks({ provider, outlook: () => ({ ...busy(() => provider.clock.now()), isClosed: false }) });
		open.pass(everyMs);
		expect(open.made).toHaveLength(1);
		const other = startProvider();
		const always = startChecks({
			provider: other,
			policy: { onlyWhenIdle: false },
			outlook: () => busy(() => other.clock.now()),
		});
		always.pass(everyMs);
		expect(always.made).toHaveLength(1);
	});

	it('are as many in 24 hours as they may be, and begin anew', () => {
		const { made, pass } = startChecks({ policy: { every: hourMs, maxPerDay: 3 } });
		pass(24 * hourMs - secondMs);
		expect(made.map((ms) => ms / hourMs)).toEqual([1, 2, 3]);
		pass(2 * hourMs);
		expect(made.map((ms) => ms / hourMs)).toEqual([1, 2, 3, 24, 25]);
	});

	it('cost no more in 24 hours than they may, by what they were expected to cost until the truth is known', () => {
		const { made, pass, actor } = startChecks({
			policy: { every: hourMs, maxCostPerDay: 1 },
			outlook: () => ({ costUsd: 0.4 }),
			outcome: () => ({ is: 'passed', costUsd: 0.25 }),
		});
		pass(23 * hourMs);
		// 0.25, 0.5 and then 0.75, to which 0.4 would be too much.
		expect(made).toHaveLength(3);
		expect(actor.getSnapshot().context.day.usd).toBeCloseTo(0.75);
	});

	it('that are denied count for nothing', () => {
		const provider = opened();
		const { pass, made } = startChecks({ provider, policy: { maxPerDay: 1 } });
		pass(minuteMs);
		expect(inSeconds(made)).toEqual([60]);
	});

	it('have a permit of their own each', () => {
		const provider = startProvider({ breaker: { cooldown: hourMs } });
		const { pass } = startChecks({
			provider,
			outlook: () => ({ prospect: provider.state() === 'open' ? 'ahead' : 'with-permit' }),
		});
		pass(everyMs);
		provider.trip();
		pass(everyMs);
		expect(provider.state()).toBe('closed');
	});

	it('leave no timer behind when they are stopped', () => {
		const { actor, clock, pass } = startChecks();
		pass(minuteMs);
		actor.stop();
		expect(clock.timers).toBe(0);
	});
});
