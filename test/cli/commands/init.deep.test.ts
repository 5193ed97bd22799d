import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { InitCommand, plantedKeys as keys } from '../../helpers/init-command.ts';
import { listing, startServer } from '../../helpers/model-server.ts';
import { hasTerminal } from '../../helpers/terminal.ts';

let prepared: InitCommand;

beforeEach(async () => {
	prepared = await InitCommand.prepare();
});

afterEach(async () => {
	await prepared.commands.end();
});

describe('init --default-model', () => {
	const firstOf = (name: string, env: Record<string, string>) => prepared.written(env).profiles[name]?.chain[0]?.target;

	test.each([
		['a model that is not known', 'openai/gpt-99', {}],
		['a provider of your own', 'my-own/x', { MY_OWN_BASE_URL: 'http://127.0.0.1:1/v1', MY_OWN_API_KEY: 'PLANTED' }],
	])('puts %s first', async (_name, target, more) => {
		const env = { ...keys, ...more };
		expect(await prepared.run(env, '--yes', '--default-model', target)).toMatchObject({ code: 0 });
		for (const name of ['default', 'critical', 'code']) expect(firstOf(name, env)).toBe(target);
	});

	test('puts a local model first', async () => {
		const server = await startServer(listing('small', 'big'));
		onTestFinished(() => server.close());
		const local = { OLLAMA_HOST: server.port };
		expect(await prepared.run({ ...keys, ...local }, '--yes', '--default-model', 'ollama/big')).toMatchObject({
			code: 0,
		});
		expect(firstOf('default', keys)).toBe('ollama/big');
	});
});

describe.skipIf(!hasTerminal)('init on a terminal', () => {
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
		const { code, shown } = await prepared.type(keys, answers);
		expect(code).toBe(1);
		expect(shown).toMatch(message);
		expect(readdirSync(prepared.commands.folder)).toEqual([]);
	});

	test('offers the simulator where there is nothing else', async () => {
		const { code } = await prepared.type({}, [
			[/Write simulated providers, which need no key\? \[yes\] /, '\r'],
			[/Write config\/gateway\.yaml\? /, 'y\r'],
		]);
		expect(code).toBe(0);
		expect(prepared.written({}).providers.alpha?.protocol).toBe('simulated');
	});
});
