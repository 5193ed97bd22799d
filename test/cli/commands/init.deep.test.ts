import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { Commands } from '../../helpers/command.ts';
import { freePort, listing, noLocalServers, startServer } from '../../helpers/model-server.ts';
import { hasTerminal, typeOnTerminal } from '../../helpers/terminal.ts';

let commands: Commands;
let port: string;
const keys = { OPENAI_API_KEY: 'sk-PLANTED1', GROQ_API_KEY: 'gsk_PLANTED2' };

beforeEach(async () => {
	commands = new Commands();
	port = await freePort();
});

afterEach(async () => {
	await commands.end();
});

describe('init --default-model', () => {
	async function init(env: Record<string, string>, ...args: string[]) {
		const environment = { ...noLocalServers, ...env };
		const { exit: code, stdout, stderr } = await commands.runWith(environment, 'init', '--port', port, ...args);
		expect(stdout + stderr).not.toMatch(/PLANTED|\.ts:\d/);
		return { code };
	}

	const firstOf = (name: string, env: Record<string, string>) =>
		loadConfig(join(commands.folder, 'config/gateway.yaml'), env).profiles[name]?.chain[0]?.target;

	test.each([
		['a model that is not known', 'openai/gpt-99', {}],
		['a provider of your own', 'my-own/x', { MY_OWN_BASE_URL: 'http://127.0.0.1:1/v1', MY_OWN_API_KEY: 'PLANTED' }],
	])('puts %s first', async (_name, target, more) => {
		const env = { ...keys, ...more };
		expect(await init(env, '--yes', '--default-model', target)).toMatchObject({ code: 0 });
		for (const name of ['default', 'critical', 'code']) expect(firstOf(name, env)).toBe(target);
	});

	test('puts a local model first', async () => {
		const server = await startServer(listing('small', 'big'));
		onTestFinished(() => server.close());
		const local = { OLLAMA_HOST: server.port };
		expect(await init({ ...keys, ...local }, '--yes', '--default-model', 'ollama/big')).toMatchObject({ code: 0 });
		expect(firstOf('default', keys)).toBe('ollama/big');
	});
});

describe.skipIf(!hasTerminal)('init on a terminal', () => {
	async function typed(env: Record<string, string>, answers: [RegExp, string][]) {
		const environment = { ...noLocalServers, ...env };
		const { code, text, untyped } = await typeOnTerminal(commands, environment, ['init', '--port', port], answers);
		expect(untyped).toEqual([]);
		expect(text).not.toMatch(/PLANTED/);
		return { code, shown: text };
	}

	test.each([
		['Ctrl-C at a question', [[/Which model first/, '\x03']], /Stopped; nothing was written/],
		['Ctrl-D at a question', [[/Which model first/, '\x04']], /Stopped; nothing was written/],
		[
			'a no',
			[
				[/Which model first/, '\r'],
				[/Write .*\? /, 'no\r'],
			],
			/Nothing was written/,
		],
	] as [string, [RegExp, string][], RegExp][])('writes nothing after %s', async (_name, answers, message) => {
		const { code, shown } = await typed(keys, answers);
		expect(code).toBe(1);
		expect(shown).toMatch(message);
		expect(readdirSync(commands.folder)).toEqual([]);
	});

	test('offers the simulator where there is nothing else', async () => {
		const { code } = await typed({}, [
			[/Write simulated providers, which need no key\? \[yes\] /, '\r'],
			[/Write config\/gateway\.yaml\? /, 'y\r'],
		]);
		expect(code).toBe(0);
		expect(loadConfig(join(commands.folder, 'config/gateway.yaml'), {}).providers.alpha?.protocol).toBe('simulated');
	});
});
