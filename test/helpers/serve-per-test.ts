import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, type TestContext } from 'vitest';
import { Commands } from './command.ts';
import { configText, type GatewaySetup, messages } from './gateway.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface ServePerTest {
	readonly commands: Commands;
	readonly upstream: Upstream;
	/**
	 * Writes a configuration in front of the one upstream; returns the arguments that name it.
	 * @param more YAML that is put behind it
	 */
	configured(setup?: GatewaySetup, more?: string): string[];
}

/** An upstream and the commands of each test, which are ended after it. */
export function servePerTest(): ServePerTest {
	let commands: Commands;
	let upstream: Upstream;
	beforeEach(async () => {
		commands = new Commands();
		upstream = await startUpstream();
	});
	afterEach(async () => {
		await commands.end();
		await upstream.close();
	});
	return {
		get commands() {
			return commands;
		},
		get upstream() {
			return upstream;
		},
		configured: (setup, more) => configure(commands, upstream, setup, more),
	};
}

/** An upstream and the commands of this test, which are ended after it: for tests that run side by side. */
export async function serveFor({ onTestFinished }: TestContext): Promise<ServePerTest> {
	const commands = new Commands();
	onTestFinished(() => commands.end());
	const upstream = await startUpstream();
	onTestFinished(() => upstream.close());
	return { commands, upstream, configured: (setup, more) => configure(commands, upstream, setup, more) };
}

function configure(commands: Commands, upstream: Upstream, setup: GatewaySetup = {}, more = ''): string[] {
	writeFileSync(join(commands.folder, 'my.yaml'), configText(setup, { a: upstream.baseUrl }) + more);
	return ['serve', '--config', 'my.yaml'];
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** @param body a text is sent as it is; members of an object beside `messages` */
export function postTo(
	address: string,
	body: object | string = {},
	headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
	return fetch(`${address}/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: typeof body === 'string' ? body : JSON.stringify({ messages, ...body }),
	});
}
