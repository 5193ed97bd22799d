import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Webhook } from '../../../src/observe/notifications/webhook.ts';
import { ask } from '../../../src/setup/selfcheck/ask.ts';
import { proxyAgent, readProxies } from '../../../src/upstream/proxies.ts';
import { Commands } from '../../helpers/command.ts';
import { type ForwardProxy, startForwardProxy } from '../../helpers/forward-proxy.ts';
import { startUpstream, type Upstream } from '../../helpers/upstream.ts';

let commands: Commands;
let upstream: Upstream;
let proxy: ForwardProxy;

beforeEach(async () => {
	commands = new Commands();
	upstream = await startUpstream();
	proxy = await startForwardProxy(() => Number(new URL(upstream.baseUrl).port));
	writeFileSync(
		join(commands.folder, 'my.yaml'),
		'providers: { lan: { baseUrl: "http://models.lan/v1" }, own: { baseUrl: "http://127.0.0.1:9/v1" } }\nprofiles: { default: { chain: [lan/m] } }\nserver: { port: 0 }\n',
	);
});

afterEach(async () => {
	await commands.end();
	await proxy.close();
	await upstream.close();
});

test('call goes through the proxy of the environment', async () => {
	const command = await commands.runWith({ HTTP_PROXY: proxy.address }, 'call', 'hi', '--config', 'my.yaml');
	expect(command).toEqual({ exit: 0, stdout: 'ok\n', stderr: '' });
	expect(proxy.asked).toEqual(['POST http://models.lan/v1/chat/completions']);
});

test('call goes through the proxy that .env names', async () => {
	writeFileSync(join(commands.folder, '.env'), `http_proxy=${proxy.address}\n`);
	expect((await commands.run('call', 'hi', '--config', 'my.yaml')).exit).toBe(0);
	expect(proxy.asked).toHaveLength(1);
});

test('serve says which provider is behind which proxy, without its password', async () => {
	const address = proxy.address.replace('//', '//me:secret@');
	const command = commands.startWith({ HTTP_PROXY: address }, 'serve', '--config', 'my.yaml');
	await command.address();
	expect(command.stdout).toContain(`lan  http://models.lan/v1  through the proxy ${proxy.address} (HTTP_PROXY)\n`);
	expect(command.stdout).toContain('own  http://127.0.0.1:9/v1\n');
	expect(command.stdout).not.toContain('secret');
});

test.each(['serve', 'call hi'])('%s refuses a proxy that it cannot use, in words', async (line) => {
	const env = { ALL_PROXY: 'socks5://me:secret@127.0.0.1:1080' };
	const command = await commands.runWith(env, ...line.split(' '), '--config', 'my.yaml');
	expect(command.exit).toBe(1);
	expect(command.stderr).toMatch(/ALL_PROXY names a socks5 proxy, .* or name the providers in NO_PROXY\.\n$/);
	expect(command.stderr).not.toMatch(/secret| at .*\.ts:/);
});

test('selfcheck asks providers through it, and says when it cannot', async () => {
	const reply = await ask('http://models.lan/v1/models', {
		timeoutMs: 5000,
		proxies: readProxies({ HTTP_PROXY: proxy.address }),
	});
	expect(reply).toMatchObject({ is: 'answer', status: 200 });
	expect(proxy.asked).toEqual(['GET http://models.lan/v1/models']);
	const unusable = await ask('http://models.lan', {
		timeoutMs: 5000,
		proxies: readProxies({ HTTP_PROXY: 'socks4://x' }),
	});
	expect(unusable).toMatchObject({ is: 'problem', text: expect.stringContaining('names a socks4 proxy') });
});

test('notifications go through it', async () => {
	const timing = { retries: 0, backoffMs: 1, maxBackoffMs: 1, maxRetryAfterMs: 1, timeoutMs: 5000 };
	const way = readProxies({ HTTP_PROXY: proxy.address })('http://hooks.corp/a');
	const webhook = new Webhook({ url: 'http://hooks.corp/a', headers: {}, timing, dispatcher: way && proxyAgent(way) });
	expect(await webhook.deliver('{}')).toEqual({ is: 'delivered' });
	expect(proxy.asked).toEqual(['POST http://hooks.corp/a']);
	await webhook.close();
});
