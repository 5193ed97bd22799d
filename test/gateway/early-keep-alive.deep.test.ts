import { afterEach, expect, test } from 'vitest';
import { eventsOf, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { answers, delayed, status } from '../helpers/upstream.ts';

let breakwater: TestGateway;

afterEach(() => breakwater.close());

const patient = { timeouts: { firstToken: '40s', request: '60s' } };
const policy = { ...patient, continuation: { earlyKeepAlive: true, keepAlive: '1s' } };
const comments = (text: string) => text.split('\n\n').filter((event) => event.startsWith(':'));

test('with earlyKeepAlive a stream begins after 25 s without content, and not sooner', {
	timeout: 60_000,
}, async () => {
	breakwater = await startGateway({ names: ['a', 'b', 'c'], policy, profiles: profilesOf('a', 'b', 'c') });
	breakwater.upstream('a').next(delayed(29_000, answers('late')));
	breakwater.upstream('b').next(delayed(29_000, status(400)));
	breakwater.upstream('c').next(delayed(24_000, status(400)));
	const begun = performance.now();
	const ask = async (model: string) => {
		const response = await breakwater.post({ model, stream: true });
		return { response, beginsMs: performance.now() - begun, text: await response.text() };
	};
	const [late, failed, early] = await Promise.all(['a', 'b', 'c'].map((name) => ask(`only-${name}`)));
	expect(early?.response.status).toBe(400);
	for (const answered of [late, failed]) {
		expect(answered?.response.status).toBe(200);
		expect(answered?.beginsMs).toBeGreaterThanOrEqual(24_900);
		expect(answered?.beginsMs).toBeLessThan(28_000);
		expect(answered?.response.headers.get('x-breakwater-target')).toBeNull();
		expect(answered?.response.headers.get('x-breakwater-profile')).toMatch(/^only-/);
		expect(comments(answered?.text ?? '').length).toBeGreaterThanOrEqual(3);
	}
	expect(eventsOf(late?.text ?? '').at(-1)).toBe('[DONE]');
	const events = eventsOf(failed?.text ?? '');
	expect(events).toHaveLength(1);
	expect(JSON.parse(events[0] ?? '')).toMatchObject({ error: { code: 'bad_request' } });
});

function profilesOf(...names: string[]) {
	return Object.fromEntries(names.map((name) => [`only-${name}`, { chain: [`${name}/model-${name}`] }]));
}
