import { afterEach, describe, expect, test } from 'vitest';
import type { CallView } from '../../../src/observe/inspector/messages.ts';
import { soon } from '../../helpers/gateway.ts';
import { answers, chunksOf, hangs, status, streams } from '../../helpers/upstream.ts';
import { type InspectedGateway, startInspected } from './inspected-gateway.ts';
import { openLiveViewer, type Viewer } from './viewer.ts';

let breakwater: InspectedGateway;

afterEach(() => breakwater.close());

/** The latest that was told of each call. */
function callsOf(viewer: Viewer): CallView[] {
	const all = [...viewer.snapshots.flatMap(({ calls }) => calls), ...viewer.changes.flatMap(({ calls = [] }) => calls)];
	return [...new Map(all.map((call) => [call.key, call])).values()];
}

describe('the event stream', () => {
	test('begins with a whole picture, and goes on with what changes', async () => {
		breakwater = await startInspected({ policy: { breaker: { failureThreshold: 2, cooldown: '60s' } } });
		const viewer = await openLiveViewer(breakwater.origin);
		expect(viewer.names[0]).toBe('snapshot');
		expect(viewer.snapshots[0]).toMatchObject({
			canOperate: false,
			providers: [
				{ id: 'a', provider: 'a', limits: { failureThreshold: 2 }, health: { state: 'closed' }, marks: [] },
				{ id: 'b' },
			],
			profiles: [{ name: 'default', isDefault: true, candidates: [{ target: 'a/model-a', credentials: ['a'] }, {}] }],
		});
		breakwater.upstream('a').always(status(503));
		for (let count = 0; count < 2; count += 1) await (await breakwater.post()).text();
		await soon(() => {
			expect(viewer.statesOf('a')).toEqual(['open']);
			const told = Object.assign({}, ...viewer.changes.map(({ health = {} }) => health));
			expect(told.a).toMatchObject({
				state: 'open',
				consecutiveFailures: 2,
				recentResults: { total: 2, failed: 2 },
				lastFailure: { category: 'SERVER_ERROR', status: 503 },
			});
			expect(viewer.changes.at(-1)?.traffic).toEqual({ default: { 'b/model-b': 2 } });
		});
		viewer.close();
	});

	test('shows a page that is opened while requests hang where they stand, and for whom they wait', async () => {
		breakwater = await startInspected({ policy: { timeouts: { response: '1h', request: '2h' } } });
		breakwater.upstream('a').always(hangs());
		const posted = [1, 2, 3].map(() => breakwater.post().catch(() => undefined));
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(3));
		const before = Date.now();
		const viewer = await openLiveViewer(breakwater.origin);
		const [snapshot] = viewer.snapshots;
		expect(snapshot?.calls.map(({ now, end }) => [now?.doing, now?.target, end])).toEqual(
			Array.from({ length: 3 }, () => ['attempting', 'a/model-a', null]),
		);
		expect(snapshot?.waiting).toEqual({ a: { requests: 3, since: expect.any(Number) } });
		expect(snapshot?.waiting.a?.since).toBeLessThanOrEqual(before);
		await soon(() => expect(viewer.changes.some(({ waiting }) => waiting?.a?.requests === 3)).toBe(true));
		viewer.close();
		await breakwater.gateway.close();
		await Promise.all(posted);
	});

	test('counts all that wait, and shows the oldest and the newest of them', async () => {
		breakwater = await startInspected({ policy: { timeouts: { response: '1h', request: '2h' } } });
		breakwater.upstream('a').always(hangs());
		const posted = Array.from({ length: 110 }, () => breakwater.post().catch(() => undefined));
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(110));
		const viewer = await openLiveViewer(breakwater.origin);
		expect(viewer.snapshots[0]?.waiting.a?.requests).toBe(110);
		expect(viewer.snapshots[0]?.calls).toHaveLength(100);
		viewer.close();
		await breakwater.gateway.close();
		await Promise.all(posted);
	});

	test('shows a page that is opened late what was before', async () => {
		breakwater = await startInspected({ policy: { breaker: { failureThreshold: 1 } } });
		breakwater.upstream('a').next(status(401));
		await (await breakwater.post({ model: 'default' })).text();
		breakwater.gateway.operate('a', { type: 'operator.reset', now: Date.now() });
		const viewer = await openLiveViewer(breakwater.origin);
		const [a] = viewer.snapshots[0]?.providers ?? [];
		expect(a?.history.map(({ state }) => state)).toEqual(['closed', 'open', 'closed']);
		expect(a?.marks).toMatchObject([
			{ kind: 'alarm', alarm: 'auth', source: 'providers.a.apiKey', status: 401 },
			{ kind: 'change', from: 'closed', to: 'open', reason: 'auth' },
			{ kind: 'change', from: 'open', to: 'closed' },
			{ kind: 'action', action: 'operator.reset', from: 'open', to: 'closed' },
		]);
		expect(viewer.snapshots[0]?.calls).toMatchObject([
			{ route: 'default', now: null, end: { outcome: 'failed', code: 'provider_auth_failed' } },
		]);
		viewer.close();
	});

	test('follows a request as it traces, to its seam and its end', async () => {
		breakwater = await startInspected();
		const viewer = await openLiveViewer(breakwater.origin);
		const text = 'The wall was built by hand, stone by stone.';
		const streaming = { doing: 'answering', isCommitted: true };
		const attempting = { doing: 'attempting', isCommitted: true };
		breakwater.upstream('a').next(streams(chunksOf(text.slice(0, 20)).slice(0, -1), { end: 'cut', delayMs: 120 }));
		breakwater.upstream('b').next(streams(chunksOf(text.slice(4)), { delayMs: 120 }));
		const walking = breakwater.post({ stream: true }).then((response) => response.text());
		await soon(() =>
			expect(callsOf(viewer)[0]?.now).toMatchObject({ doing: 'attempting', target: 'a/model-a', isCommitted: false }),
		);
		await soon(() => expect(callsOf(viewer)[0]?.now).toMatchObject({ target: 'a/model-a', ...streaming }));
		await soon(() =>
			expect(callsOf(viewer)[0]?.now).toMatchObject({ target: 'b/model-b', way: 'instruct', ...attempting }),
		);
		await soon(() => expect(callsOf(viewer)[0]?.now).toMatchObject({ target: 'b/model-b', ...streaming }));
		await walking;
		await soon(() =>
			expect(callsOf(viewer)).toMatchObject([
				{
					stream: true,
					now: null,
					trace: [
						{ did: 'attempt', outcome: 'failed', failure: { category: 'NETWORK_ERROR' } },
						{ did: 'attempt', outcome: 'succeeded', seam: {} },
					],
					end: {
						outcome: 'done',
						target: 'b/model-b',
						firstTokenMs: expect.any(Number),
						cost: { usd: null, isComplete: false },
					},
				},
			]),
		);
		viewer.close();
	});

	test('shows calls that hang since before anybody looked', async () => {
		breakwater = await startInspected();
		breakwater.upstream('a').always(hangs());
		const leaving = new AbortController();
		void fetch(`${breakwater.origin}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ messages: [{ role: 'user', content: 'x' }] }),
			signal: leaving.signal,
		}).catch(() => undefined);
		await soon(() => expect(breakwater.upstream('a').requests).toHaveLength(1));
		const viewer = await openLiveViewer(breakwater.origin);
		expect(callsOf(viewer)).toMatchObject([{ route: 'default', end: null }]);
		leaving.abort();
		await soon(() => expect(callsOf(viewer)).toMatchObject([{ now: null, end: { outcome: 'aborted' } }]));
		viewer.close();
	});

	test('ends at once when the server closes, and says so', async () => {
		breakwater = await startInspected();
		const viewer = await openLiveViewer(breakwater.origin);
		await breakwater.closeServer();
		await soon(() => expect(viewer.hasEnded).toBe(true));
		expect(viewer.names.at(-1)).toBe('closing');
	});

	test('holds no key, no prompt and no answer, whatever goes wrong', async () => {
		const secrets = {
			provider: 'planted-provider-key-77',
			operator: 'planted-operator-key-77',
			prompt: 'planted prompt words',
			answer: 'planted answer words',
			message: 'planted provider message',
		};
		breakwater = await startInspected({
			providers: { a: { apiKey: secrets.provider } },
			server: { adminKey: secrets.operator },
			policy: { breaker: { failureThreshold: 2 } },
		});
		const viewer = await openLiveViewer(breakwater.origin);
		const error = { error: { message: `${secrets.message} ${secrets.provider}`, type: secrets.message, code: null } };
		breakwater
			.upstream('a')
			.next(status(503, error), streams(chunksOf(secrets.answer), { end: 'cut' }), status(401, error));
		breakwater.upstream('b').always(answers(secrets.answer));
		const messages = [{ role: 'user', content: secrets.prompt }];
		for (const stream of [false, true, true]) await (await breakwater.post({ messages, stream })).text();
		await soon(() => expect(callsOf(viewer).filter(({ end }) => end !== null)).toHaveLength(3));
		const late = await openLiveViewer(breakwater.origin);
		expect(late.snapshots[0]?.calls).toHaveLength(3);
		for (const secret of Object.values(secrets)) expect(viewer.text + late.text).not.toContain(secret);
		viewer.close();
		late.close();
	});
});
