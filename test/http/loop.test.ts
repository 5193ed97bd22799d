import { afterEach, expect, test } from 'vitest';
import { messages, startGateway, type TestGateway } from '../helpers/gateway.ts';
import { type Behaviour, completes, completionOf } from '../helpers/upstream.ts';

let breakwater: TestGateway;
afterEach(() => breakwater.close());

const ask = (headers: Record<string, string>) =>
	breakwater.post({ messages }, { headers: { 'content-type': 'application/json', ...headers } });

/** As if the address of the provider were Breakwater's own. */
const leadsBack: Behaviour = async ({ request, response, end }) => {
	const via = String(request.headers['x-breakwater-via']);
	const answer = await ask({ 'x-breakwater-via': via });
	response.writeHead(answer.status, { 'content-type': 'application/json' });
	await end(await answer.text());
};

test('a request that comes back is refused at once, and the next target answers', async () => {
	breakwater = await startGateway({ policy: { onError: { SERVER_ERROR: { retries: 2 } } } });
	breakwater.upstream('a').always(leadsBack);
	const response = await ask({});
	expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'b/model-b']);
	expect(breakwater.upstream('a').requests).toHaveLength(1);
	await response.text();
});

test('the error says which setting leads in a circle', async () => {
	breakwater = await startGateway({ names: ['a'] });
	breakwater.upstream('a').always(leadsBack);
	const { error } = (await (await ask({})).json()) as { error: { message: string } };
	expect(error.message).toMatch(/from a\/model-a\..* the baseUrl of that provider leads here/);
	const via = String(breakwater.upstream('a').requests[0]?.headers['x-breakwater-via']);
	const refused = await ask({ 'x-breakwater-via': `another, ${via}` });
	expect([refused.status, await refused.json()]).toMatchObject([508, { error: { code: 'loop_detected' } }]);
});

test('a request through another Breakwater is sent on, with the ids of both', async () => {
	breakwater = await startGateway({ names: ['a'] });
	breakwater.upstream('a').always(completes(completionOf('ok')));
	const response = await ask({ 'x-breakwater-via': 'another' });
	expect(response.status).toBe(200);
	expect(breakwater.upstream('a').requests[0]?.headers['x-breakwater-via']).toMatch(/^[0-9a-f-]{36}, another$/);
	await response.text();
});
