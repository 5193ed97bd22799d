import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProviderAlarm, ProviderStateName } from '../../../machines/events.ts';
import type { TraceEntry } from '../../../machines/request/progress.ts';
import type { CallRecord } from '../../../src/contract/call-record.ts';
import type { ProviderHealth } from '../../../src/contract/service.ts';
import { Incidents, type IncidentsOptions } from '../../../src/observe/notifications/incidents.ts';
import { clockFollowsDate } from '../../helpers/fake-clock.ts';

const minute = 60_000;

let told: string[];
let incidents: Incidents;

beforeEach(() => {
	vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
	clockFollowsDate();
});

afterEach(() => {
	incidents.stop();
	vi.useRealTimers();
});

function start(options: Partial<IncidentsOptions> = {}): void {
	told = [];
	incidents = new Incidents({
		reminderMs: 60 * minute,
		tell: (news, { kind, provider, model }) => void told.push(`${news} ${kind} ${provider} ${model}`),
		...options,
	});
}

function alarm(kind: ProviderAlarm['alarm'], provider = 'a', model = 'm'): void {
	const category = { auth: 'AUTH_ERROR', quota: 'QUOTA_EXCEEDED', model: 'MODEL_UNAVAILABLE' } as const;
	const until = Date.now() + 15 * minute;
	incidents.alarmed(provider, {
		type: 'provider.alarmed',
		alarm: kind,
		failure: { category: category[kind] },
		model,
		until,
	});
}

/** @param waitMs until it is asked again */
function health(state: ProviderStateName, reason: string | null, waitMs?: number): ProviderHealth {
	const retryAt = waitMs === undefined ? null : new Date(Date.now() + waitMs).toISOString();
	const lastFailure = { category: 'SERVER_ERROR', reason: 'overloaded', status: 503, model: 'm', at: '' };
	const since = new Date().toISOString();
	return {
		state,
		since,
		reason,
		retryAt,
		consecutiveFailures: 3,
		probesInFlight: 0,
		recentResults: { total: 3, failed: 3 },
		unavailableModels: {},
		lastFailure,
	};
}

const opens = (reason = 'failures', waitMs = minute) => incidents.changed('a', 'open', health('open', reason, waitMs));
const halfOpens = () => incidents.changed('a', 'half-open', health('half-open', 'probing'));

async function closes(): Promise<void> {
	incidents.changed('a', 'closed', health('closed', null));
	await Promise.resolve();
}

/** A call that ends now, whose only attempt began `agoMs` ago. */
function answers(target: string, credential: string, agoMs: number): void {
	const step: TraceEntry = {
		did: 'attempt',
		at: 5,
		target,
		credential,
		probe: false,
		ms: agoMs,
		way: 'fresh',
		outcome: 'succeeded',
	};
	const record: CallRecord = {
		id: 'r',
		route: 'default',
		stream: false,
		outcome: 'done',
		ms: agoMs + 5,
		overheadMs: 0,
		tokens: [],
		trace: [step],
	};
	incidents.ended(record);
}

describe('an incident', () => {
	test('is told of once, however often its alarm is raised again, and once when it is over', async () => {
		start();
		alarm('auth');
		for (let probes = 0; probes < 3; probes += 1) {
			opens('auth');
			halfOpens();
			alarm('auth');
		}
		expect(told).toEqual(['opened auth a m']);
		await closes();
		await closes();
		expect(told).toEqual(['opened auth a m', 'recovered auth a m']);
		alarm('auth');
		expect(told).toHaveLength(3);
	});

	test('is told of again at each reminder while it lasts', async () => {
		start();
		alarm('quota');
		vi.advanceTimersByTime(59 * minute);
		expect(told).toHaveLength(1);
		vi.advanceTimersByTime(121 * minute);
		expect(told.slice(1)).toEqual(Array.from({ length: 3 }, () => 'reminder quota a m'));
		await closes();
		vi.advanceTimersByTime(600 * minute);
		expect(told.slice(4)).toEqual(['recovered quota a m']);
		alarm('quota');
		vi.advanceTimersByTime(60 * minute);
		expect(told.slice(5)).toEqual(['opened quota a m', 'reminder quota a m']);
	});

	test('is never told of again where the reminder is 0', () => {
		start({ reminderMs: 0 });
		alarm('auth');
		vi.advanceTimersByTime(24 * 60 * minute);
		expect(told).toEqual(['opened auth a m']);
	});

	test('has one id, from its beginning to its end, and another the next time', async () => {
		const ids: string[] = [];
		start({ tell: (_news, { id }) => void ids.push(id) });
		alarm('auth');
		vi.advanceTimersByTime(60 * minute);
		alarm('auth');
		await closes();
		alarm('auth');
		const [first, ...others] = ids;
		expect(others.slice(0, 2)).toEqual([first, first]);
		expect(others[2]).not.toBe(first);
	});

	test('has an id of its own even in the millisecond in which the last one ended', () => {
		const ids: string[] = [];
		start({ tell: (_news, { id }) => void ids.push(id) });
		for (let times = 0; times < 3; times += 1) {
			alarm('auth');
			incidents.operated('a', { type: 'operator.reset', now: Date.now() });
		}
		expect(new Set(ids).size).toBe(3);
	});

	test('says at a reminder until when the provider waits by then', () => {
		const untils: number[] = [];
		start({ tell: (_news, { until }) => void untils.push(until - Date.now()) });
		alarm('auth');
		vi.advanceTimersByTime(50 * minute);
		opens('auth', 15 * minute);
		vi.advanceTimersByTime(10 * minute);
		expect(untils).toEqual([15 * minute, 5 * minute]);
	});

	test('of one provider is not that of another, nor one kind the other', async () => {
		start();
		alarm('auth', 'a');
		alarm('auth', 'b');
		alarm('quota', 'a');
		await closes();
		expect(told).toEqual([
			'opened auth a m',
			'opened auth b m',
			'opened quota a m',
			'recovered auth a m',
			'recovered quota a m',
		]);
	});

	test('that an operator ended is not said to have recovered', async () => {
		start();
		alarm('auth');
		alarm('model', 'a', 'gone');
		incidents.changed('a', 'closed', health('closed', null));
		incidents.operated('a', { type: 'operator.reset', now: Date.now() });
		await Promise.resolve();
		expect(told.slice(2)).toEqual(['reset auth a m', 'reset model a gone']);
	});

	test('goes on when an operator only has it probed, or takes it out of traffic', () => {
		start();
		alarm('auth');
		incidents.operated('a', { type: 'operator.probed', now: Date.now() });
		incidents.operated('a', { type: 'operator.tripped', now: Date.now(), forMs: minute });
		expect(told).toHaveLength(1);
	});
});

describe('a model that is gone', () => {
	test('is an incident of that model at that provider, which ends when it answers', async () => {
		start();
		alarm('model', 'a', 'gone');
		alarm('model', 'a', 'gone');
		await closes();
		vi.advanceTimersByTime(minute);
		answers('a/other', 'a', 10);
		answers('b/gone', 'b', 10);
		expect(told).toEqual(['opened model a gone']);
		answers('a/gone', 'a', 10);
		answers('a/gone', 'a', 10);
		expect(told).toEqual(['opened model a gone', 'recovered model a gone']);
	});

	test('has not come back by an answer that was begun before', () => {
		start();
		alarm('model', 'a', 'gone');
		vi.advanceTimersByTime(minute);
		answers('a/gone', 'a', 2 * minute);
		expect(told).toHaveLength(1);
	});

	test('may have slashes in its name', () => {
		start();
		alarm('model', 'a#2', 'x/y');
		answers('a/x/y', 'a#1', 0);
		expect(told).toHaveLength(1);
		answers('a/x/y', 'a#2', 0);
		expect(told).toHaveLength(2);
	});
});

describe('a provider that is down', () => {
	test('is none by default', () => {
		start();
		opens();
		vi.advanceTimersByTime(24 * 60 * minute);
		expect(told).toEqual([]);
	});

	test('is one when it has been out of traffic for downAfter, and is over when it closes', async () => {
		start({ downAfterMs: 5 * minute });
		for (let minutes = 0; minutes < 4; minutes += 1) {
			opens();
			vi.advanceTimersByTime(minute);
			halfOpens();
		}
		expect(told).toEqual([]);
		opens('failures', 3 * minute);
		vi.advanceTimersByTime(minute);
		expect(told).toEqual(['opened down a m']);
		halfOpens();
		opens();
		expect(told).toHaveLength(1);
		await closes();
		expect(told).toEqual(['opened down a m', 'recovered down a m']);
	});

	test('is not known to be one while nobody asks it; the next failed probe tells', () => {
		start({ downAfterMs: 5 * minute });
		opens();
		vi.advanceTimersByTime(minute);
		halfOpens();
		vi.advanceTimersByTime(60 * minute);
		expect(told).toEqual([]);
		opens();
		expect(told).toEqual(['opened down a m']);
	});

	test('is none when it closes in time, nor when its key explains it, nor when an operator wants it so', async () => {
		start({ downAfterMs: 5 * minute });
		opens();
		vi.advanceTimersByTime(4 * minute);
		await closes();
		vi.advanceTimersByTime(4 * minute);
		alarm('auth');
		opens('auth', 15 * minute);
		vi.advanceTimersByTime(6 * minute);
		expect(told).toEqual(['opened auth a m']);
		await closes();
		opens('failures', 20 * minute);
		opens('operator', 20 * minute);
		vi.advanceTimersByTime(6 * minute);
		expect(told).toEqual(['opened auth a m', 'recovered auth a m']);
	});
});

test('nothing is told after the stop', () => {
	start({ downAfterMs: minute });
	alarm('auth');
	opens();
	incidents.stop();
	vi.advanceTimersByTime(24 * 60 * minute);
	expect(told).toEqual(['opened auth a m']);
	expect(vi.getTimerCount()).toBe(0);
});

describe('a key that cannot be fetched', () => {
	const troubled = (hasKey: boolean) =>
		incidents.keyTroubled('a', { what: 'the command printed nothing', hasKey, diesAt: undefined, retryAt: Date.now() });

	test('is an incident until it can, whatever becomes of its provider', async () => {
		start();
		troubled(true);
		troubled(true);
		alarm('auth');
		await closes();
		incidents.operated('a', { type: 'operator.reset', now: Date.now() });
		expect(told).toEqual(['opened key a ', 'opened auth a m', 'recovered auth a m']);
		incidents.keyFetched('b');
		incidents.keyFetched('a');
		incidents.keyFetched('a');
		expect(told.slice(3)).toEqual(['recovered key a ']);
	});

	test('explains an outage, unless the present key serves on', () => {
		start({ downAfterMs: 10 * minute });
		troubled(false);
		opens('failures', 60 * minute);
		vi.advanceTimersByTime(11 * minute);
		expect(told).toEqual(['opened key a ']);
		start({ downAfterMs: 10 * minute });
		troubled(true);
		opens('failures', 60 * minute);
		vi.advanceTimersByTime(11 * minute);
		expect(told).toEqual(['opened key a ', 'opened down a m']);
	});
});
