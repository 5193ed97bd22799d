import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { InitCommand, plantedKeys as keys } from '../../helpers/init-command.ts';
import { listing, type ModelServer, noLocalServers, startServer } from '../../helpers/model-server.ts';
import { hasTerminal } from '../../helpers/terminal.ts';

let prepared: InitCommand;
const open: ModelServer[] = [];

beforeEach(async () => {
	prepared = await InitCommand.prepare();
});

afterEach(async () => {
	await prepared.commands.end();
	for (const server of open.splice(0)) server.close();
});

async function withModels(...models: string[]): Promise<{ OLLAMA_HOST: string }> {
	const server = await startServer(listing(...models));
	open.push(server);
	return { OLLAMA_HOST: server.port };
}

const chainOf = (config: Config, name: string) => config.profiles[name]?.chain.map(({ target }) => target);

describe('init --yes writes', () => {
	test('a configuration of the keys and local servers there are, with all profiles, that runs', async () => {
		const local = await withModels('qwen3:8b', 'qwen2.5-coder:7b');
		const { code, stdout, stderr } = await prepared.run({ ...keys, ...local }, '--yes');
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		expect(stdout).toMatch(/^Wrote config\/gateway\.yaml: providers openai, groq, ollama; /);
		expect(stdout).toMatch(/Checked with `breakwater check`: everything holds \(\d+ states\), no warnings/);

		const text = readFileSync(prepared.path(), 'utf8');
		expect(text).not.toMatch(/PLANTED/);
		expect(text).toMatch(/apiKey: \$\{OPENAI_API_KEY\}/);
		const config = prepared.written(keys);
		expect(config.server.port).toBe(Number(prepared.port));
		const names = ['default', 'cheap', 'critical', 'local-first', 'code', 'embeddings'];
		expect(Object.keys(config.profiles)).toEqual(names);
		expect(chainOf(config, 'default')?.at(0)).toMatch(/^openai\//);
		expect(chainOf(config, 'default')?.at(-1)).toBe('ollama/qwen3:8b');
		expect(chainOf(config, 'local-first')?.at(0)).toBe('ollama/qwen3:8b');
		expect(chainOf(config, 'code')).toContain('ollama/qwen2.5-coder:7b');
		// Of the models that think, and not of their whole provider.
		expect(config.providers.openai?.policy.timeouts.firstToken).toBe(10_000);
		expect(config.profiles.default?.chain[0]?.policy.timeouts.firstToken).toBe(60_000);
		expect(config.providers.ollama?.policy.timeouts.firstToken).toBe(60_000);
		const [known] = Object.values(config.providers.openai?.models ?? {});
		expect(known?.contextWindow).toBeGreaterThan(100_000);
		expect(known).not.toHaveProperty('price');
		expect(readdirSync(prepared.path('config'))).toEqual(['gateway.yaml']);

		const server = prepared.commands.startWith(keys, 'serve');
		expect(await server.address()).toBe(`http://127.0.0.1:${prepared.port}/v1`);
	});

	test('one of the keys in .env, which serve reads too', async () => {
		writeFileSync(prepared.path('.env'), 'OPENAI_API_KEY=sk-PLANTED1\nGROQ_API_KEY=gsk_PLANTED2\n');
		expect(await prepared.run({}, '--yes')).toMatchObject({ code: 0 });
		expect(chainOf(prepared.written(keys), 'default')?.map((target) => target.split('/')[0])).toEqual([
			'openai',
			'groq',
		]);
		const server = prepared.commands.start('serve');
		expect(await server.address()).toContain(prepared.port);
	});

	test('one of a local server alone', async () => {
		const { code } = await prepared.run(await withModels('only'), '--yes');
		expect(code).toBe(0);
		const config = prepared.written({});
		for (const name of Object.keys(config.profiles)) expect(chainOf(config, name)).toEqual(['ollama/only']);
	});

	test('to another place, whose folders it makes', async () => {
		expect(await prepared.run(keys, '--yes', '--out', 'some/where/x.yaml')).toMatchObject({ code: 0 });
		expect(existsSync(prepared.path('some/where/x.yaml'))).toBe(true);
		expect(existsSync(prepared.path())).toBe(false);
	});

	test('simulated providers, when told to', async () => {
		const { code, stdout } = await prepared.run({}, '--yes', '--simulated');
		expect(code).toBe(0);
		expect(stdout).toMatch(/everything holds/);
		expect(Object.values(prepared.written({}).providers).map(({ protocol }) => protocol)).toEqual([
			'simulated',
			'simulated',
		]);
	});

	test('without the provider whose key cannot be right, in one sentence, and exits with 1', async () => {
		const { code, stdout, stderr } = await prepared.run({ ...keys, OPENROUTER_API_KEY: 'sk-PLANTED' }, '--yes');
		expect(code).toBe(1);
		expect(stdout).toMatch(/^Wrote .* providers openai, groq;/);
		expect(stderr).toMatch(
			/^openrouter was left out: OPENROUTER_API_KEY does not look like .* begins with sk-or-.*\n$/,
		);
		expect(readFileSync(prepared.path(), 'utf8')).toMatch(/# openrouter was left out/);
	});

	test('and says when the port of it is taken', async () => {
		const other = await startServer(() => {});
		open.push(other);
		prepared.port = other.port;
		const { code, stdout } = await prepared.run(keys, '--yes');
		expect(code).toBe(0);
		expect(stdout).toMatch(
			new RegExp(`It will not start yet: Port ${prepared.port} on 127.0.0.1 is in use by another program`),
		);
	});
});

describe('init --default-model', () => {
	test('puts a known model first', async () => {
		expect(await prepared.run(keys, '--yes', '--default-model', 'groq/openai/gpt-oss-120b')).toMatchObject({ code: 0 });
		const config = prepared.written(keys);
		for (const name of ['default', 'critical', 'code'])
			expect(chainOf(config, name)?.[0]).toBe('groq/openai/gpt-oss-120b');
	});

	test.each([
		['nonsense', /named with its provider/],
		['anthropic/claude', /There is no key for Anthropic; set ANTHROPIC_API_KEY/],
		['opnai/gpt-5.4', /no provider that Breakwater knows: did you mean `openai`, or set OPNAI_BASE_URL/],
		['ollama/x', /Ollama does not answer at .*; start it first/],
		['openrouter/x', /OPENROUTER_API_KEY does not look like/],
	])('of %s writes nothing and says why', async (target, message) => {
		const { code, stderr } = await prepared.run(
			{ ...keys, OPENROUTER_API_KEY: 'PLANTED' },
			'--yes',
			'--default-model',
			target,
		);
		expect(code).toBe(1);
		expect(stderr).toMatch(message);
		expect(stderr.trim().split('\n')).toHaveLength(1);
		expect(existsSync(prepared.path('config'))).toBe(false);
	});

	test('of a local model that is not there names those that are', async () => {
		const { code, stderr } = await prepared.run(
			await withModels('small', 'big'),
			'--yes',
			'--default-model',
			'ollama/bug',
		);
		expect(code).toBe(1);
		expect(stderr).toBe("Ollama has no model 'bug'; it has `small`, `big`.\n");
	});
});

describe('init writes nothing', () => {
	test('when there is nothing to write it from, and offers the simulator', async () => {
		const { code, stderr } = await prepared.run({}, '--yes');
		expect(code).toBe(1);
		expect(stderr).toMatch(/no usable API key and no local model server.*--simulated/);
		expect(readdirSync(prepared.commands.folder)).toEqual([]);
	});

	test('when the only key cannot be right', async () => {
		const { code, stderr } = await prepared.run({ OPENAI_API_KEY: 'sk-or-PLANTED' }, '--yes');
		expect(code).toBe(1);
		expect(stderr).toMatch(/^OPENAI_API_KEY looks like a key of OpenRouter, not of OpenAI/);
		expect(readdirSync(prepared.commands.folder)).toEqual([]);
	});

	test('without a terminal to ask on and without --yes', async () => {
		const { code, stderr } = await prepared.run(keys);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^There is no terminal to ask questions on; run it with --yes/);
	});

	test('over a file that is there, before --force says so', async () => {
		mkdirSync(prepared.path('config'));
		writeFileSync(prepared.path(), 'mine');
		const { code, stderr } = await prepared.run(keys, '--yes');
		expect(code).toBe(1);
		expect(stderr).toMatch(/^config\/gateway\.yaml is there already and was left as it is; --force replaces it/);
		expect(readFileSync(prepared.path(), 'utf8')).toBe('mine');
		expect(await prepared.run(keys, '--yes', '--force')).toMatchObject({ code: 0 });
		expect(chainOf(prepared.written(keys), 'default')?.[0]).toMatch(/^openai/);
	});

	test('where a part of the path is a file, or a directory has its name', async () => {
		writeFileSync(prepared.path('config'), 'a file');
		const file = await prepared.run(keys, '--yes');
		expect(file).toMatchObject({ code: 1, stderr: expect.stringMatching(/a part of its path is a file/) });
		const directory = await prepared.run(keys, '--yes', '--force', '--out', '.');
		expect(directory).toMatchObject({ code: 1, stderr: expect.stringMatching(/is a directory; name a file/) });
		expect(readdirSync(prepared.commands.folder)).toEqual(['config']);
	});

	test.skipIf(process.getuid?.() === 0)('in a folder that may not be written to', async () => {
		mkdirSync(prepared.path('config'));
		chmodSync(prepared.path('config'), 0o500);
		const { code, stderr } = await prepared.run(keys, '--yes');
		expect(code).toBe(1);
		expect(stderr).toMatch(/its folder may not be written to; name another place with --out/);
	});

	test('when it is interrupted half-way', async () => {
		const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
		const silent = await startServer(() => onAsked());
		open.push(silent);
		const command = prepared.commands.startWith(
			{ ...keys, ...noLocalServers, OLLAMA_HOST: silent.port },
			'init',
			'--yes',
		);
		await asked;
		command.kill('SIGINT');
		expect(await command.exit).toBe(null);
		expect(readdirSync(prepared.commands.folder)).toEqual([]);
	});
});

describe.skipIf(!hasTerminal)('init on a terminal', () => {
	test('asks which model comes first, and whether to write', async () => {
		// A process of its own explores for itself: one provider is explored sooner than two.
		const { GROQ_API_KEY } = keys;
		const { code } = await prepared.type({ GROQ_API_KEY }, [
			[/Which model first, as provider\/model\? \[groq\/[^\]]+\] /, 'groq/another\r'],
			[/Write config\/gateway\.yaml\? \[yes\] /, '\r'],
		]);
		expect(code).toBe(0);
		expect(chainOf(prepared.written({ GROQ_API_KEY }), 'default')?.[0]).toBe('groq/another');
	});
});
