import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { soon } from '../../helpers/gateway.ts';
import { bearer, postTo, servePerTest } from '../../helpers/serve-per-test.ts';
import { answers, chunksOf, status, streams } from '../../helpers/upstream.ts';

const perTest = servePerTest();

test('neither keys nor prompts nor answers are printed or logged, at any level', async () => {
	const secrets = ['planted-key-8f3a', 'PLANTED-PROMPT', 'PLANTED-ANSWER', 'PLANTED-ERROR'];
	const [key = '', prompt = '', answer = '', words = ''] = secrets;
	const echo = { error: { message: `${words}: ${key}, ${prompt}`, code: words, type: words } };
	perTest.upstream.next(
		answers(answer),
		streams(chunksOf(`${answer} ${answer}`)),
		status(400, echo),
		status(503, echo),
		streams([...chunksOf(answer).slice(0, 2), echo]),
		status(401, echo),
	);
	const command = perTest.commands.startWith(
		{ LOG_LEVEL: 'debug' },
		...perTest.configured({ providers: { a: { apiKey: key } }, policy: { continuation: { maxContinuations: 0 } } }),
	);
	const address = await command.address();
	const body = { messages: [{ role: 'user', content: prompt }] };
	const codes = [];
	for (const stream of [false, true, false, false, true, false, false]) {
		const response = await postTo(address, { ...body, stream });
		codes.push(response.status);
		await response.text();
	}
	codes.push((await postTo(address, `{"messages":["${prompt}`)).status);
	expect(codes).toEqual([200, 200, 400, 502, 200, 502, 502, 400]);
	await soon(() => expect(command.stderr.match(/"requestId"/g)?.length).toBeGreaterThanOrEqual(7));
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);
	expect(command.stderr).toMatch(/providers\.a\.apiKey/);
	for (const secret of secrets) expect(command.stdout + command.stderr).not.toContain(secret);
});
test('no key, prompt or answer is in any output: replies, logs, log files, /health, /ready, /metrics, /admin', async () => {
	const [clientKey, adminKey] = ['planted-client-key-1', 'planted-admin-key-01'];
	const providerKey = 'planted-provider-key';
	const [prompt, answer, words] = ['PLANTED-PROMPT', 'PLANTED-ANSWER', 'PLANTED-WORDS'];
	const echo = { error: { message: `${words} ${providerKey} ${clientKey} ${adminKey} ${prompt}`, code: words } };
	perTest.upstream.next(
		answers(answer),
		streams(chunksOf(`${answer} ${answer}`)),
		status(503, echo),
		status(400, echo),
		streams([...chunksOf(answer).slice(0, 2), echo]),
		status(401, echo),
	);
	const command = perTest.commands.startWith(
		{ LOG_LEVEL: 'trace' },
		...perTest.configured(
			{
				server: { clients: { web: { key: clientKey } }, adminKey },
				providers: { a: { apiKey: providerKey } },
				policy: { continuation: { maxContinuations: 0 } },
			},
			'logs: { folder: files }\n',
		),
	);
	const address = await command.address();
	const origin = address.replace('/v1', '');
	const body = { messages: [{ role: 'user', content: prompt }] };
	const replies: string[] = [];
	for (const stream of [false, true, false, false, true, false, false]) {
		const reply = await (await postTo(address, { ...body, stream }, bearer(clientKey))).text();
		// What is the caller's own is theirs: the answer, and a provider's words about their request.
		replies.push(reply.replaceAll(answer, '').replaceAll(words, '').replaceAll(prompt, ''));
	}
	for (const headers of [{}, bearer(adminKey), bearer(providerKey), bearer(`${clientKey}x`)]) {
		replies.push(await (await postTo(address, body, headers)).text());
	}
	const shown: string[] = [];
	const ask = async (path: string, headers: Record<string, string>, init: RequestInit = {}) => {
		const response = await fetch(origin + path, { ...init, headers });
		shown.push(JSON.stringify([...response.headers]), await response.text());
		return response.status;
	};
	for (const path of ['/health', '/ready', '/metrics', '/v1/models']) await ask(path, bearer(clientKey));
	for (const path of [
		'/admin/providers',
		'/admin/requests',
		'/admin/requests?profile=x',
		'/admin/nothing',
		'/nothing',
	]) {
		expect(await ask(path, bearer(adminKey))).toBeLessThan(500);
		expect(await ask(path, bearer(clientKey))).toBeGreaterThanOrEqual(path === '/nothing' ? 404 : 401);
	}
	expect(await ask('/admin/providers/a/reset', bearer(adminKey), { method: 'POST' })).toBe(200);
	command.kill('SIGTERM');
	expect(await command.exit).toBe(0);

	const files = readdirSync(join(perTest.commands.folder, 'files')).map((name) =>
		readFileSync(join(perTest.commands.folder, 'files', name), 'utf8'),
	);
	expect(files.join('')).toMatch(/operator\.reset.*127\.0\.0\.1/);
	expect(shown.join('\n')).toMatch(/providers\.a\.apiKey/);
	const outputs = { replies, shown, files, stdout: [command.stdout], stderr: [command.stderr] };
	for (const [name, texts] of Object.entries(outputs)) {
		for (const secret of [providerKey, clientKey, adminKey, prompt, answer, words]) {
			expect(texts.join('\n'), `${secret} in ${name}`).not.toContain(secret);
		}
	}
	expect(JSON.stringify(perTest.upstream.requests.map(({ headers }) => headers))).not.toMatch(/planted-(client|admin)/);
});
