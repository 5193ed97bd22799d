import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Commands } from '../../helpers/command.ts';
import { freePort, listing, type ModelServer, noLocalServers, startServer } from '../../helpers/model-server.ts';

let commands: Commands;
let port: string;
const open: ModelServer[] = [];

beforeEach(async () => {
	commands = new Commands();
	port = await freePort();
});

afterEach(async () => {
	await commands.end();
	for (const server of open.splice(0)) server.close();
});

async function discover(env: Record<string, string>, ...args: string[]) {
	const command = await commands.runWith({ ...noLocalServers, ...env }, 'discover', '--port', port, ...args);
	expect(command.exit).toBe(0);
	return command;
}

function write(file: string, text: string): void {
	const path = join(commands.folder, file);
	mkdirSync(join(path, '..'), { recursive: true });
	writeFileSync(path, text);
}

test('an empty folder: says so, and that the port is free', async () => {
	const command = commands.startWith(noLocalServers, 'discover', '--port', port);
	expect(await command.exit).toBe(0);
	const { stdout, stderr } = command;
	expect(stderr).toBe('');
	expect(stdout).toMatch(/^Node +\d+\.\d+\.\d+, new enough/);
	expect(stdout).toContain(`${port} on 127.0.0.1 is free`);
	expect(stdout).toMatch(/API keys: none/);
	expect(stdout).toMatch(/ollama .* nobody answers/);
	expect(stdout).toMatch(/Configurations: none/);
});

test('keys of the environment and of .env, by the names of their variables, and no key at all', async () => {
	write(
		'.env',
		'\uFEFFGROQ_API_KEY="gsk_PLANTED1" # mine\r\nexport MISTRAL_API_KEY=PLANTED2\nnonsense\n=\nANTHROPIC_API_KEY=\n',
	);
	const env = { OPENAI_API_KEY: 'sk-PLANTED3', OPENROUTER_API_KEY: 'sk-PLANTED4', GROQ_API_KEY: '' };
	const forPeople = await discover(env);
	const lines = forPeople.stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
	expect(lines).toContainEqual(['openai', 'OPENAI_API_KEY', 'environment', 'looks right']);
	expect(lines).toContainEqual(['groq', 'GROQ_API_KEY', '.env', 'looks right']);
	expect(lines).toContainEqual(['mistral', 'MISTRAL_API_KEY', '.env', 'is there']);
	expect(forPeople.stdout).toMatch(/openrouter.*does not look like a key of OpenRouter, which begins with sk-or-/);
	expect(forPeople.stdout).not.toMatch(/anthropic/);

	const forPrograms = await discover(env, '--json');
	const { keys } = JSON.parse(forPrograms.stdout);
	expect(keys.map(({ provider, shape, source }: Record<string, string>) => [provider, shape, source])).toEqual([
		['openai', 'fits', 'environment'],
		['mistral', 'unknown', '.env'],
		['groq', 'fits', '.env'],
		['openrouter', 'wrong', 'environment'],
	]);
	for (const { stdout, stderr } of [forPeople, forPrograms]) expect(stdout + stderr).not.toMatch(/PLANTED/);
});

test('a key that is there and is not used: why stands apart', async () => {
	const { stdout } = await discover({
		OPENAI_API_KEY: 'sk-PLANTED',
		OPENAI_BASE_URL: 'https://elsewhere.example/v1',
		AZURE_OPENAI_API_KEY: 'PLANTED',
		AZURE_OPENAI_ENDPOINT: 'http://name.example',
	});
	expect(stdout).toMatch(/looks right, but is not used: OPENAI_BASE_URL points elsewhere than to OpenAI/);
	expect(stdout).toMatch(/is there, but is not used: AZURE_OPENAI_ENDPOINT is not an https address/);
});

test('local servers that answer, with their models, and one that hangs, without waiting for it', async () => {
	const good = await startServer(listing('qwen3:8b', 'llama3.2'));
	const silent = await startServer(() => {});
	open.push(good, silent);
	const startedAt = performance.now();
	const { stdout } = await discover({ OLLAMA_HOST: `127.0.0.1:${good.port}`, VLLM_HOST: silent.port });
	expect(performance.now() - startedAt).toBeLessThan(8000);
	expect(stdout).toMatch(/ollama .* answers: qwen3:8b, llama3\.2/);
	expect(stdout).toMatch(/vllm .* takes connections but does not answer/);
});

test('the configurations of Breakwater, FailProxy and OpenClaw, by the names in them', async () => {
	write(
		'config/gateway.yaml',
		'providers: { mine: { baseUrl: "http://127.0.0.1:1/v1", apiKey: PLANTED } }\nprofiles: { fast: { chain: [mine/m] } }\n',
	);
	write('config/think.json', JSON.stringify([{ baseurl: 'http://x/v1', apikey: 'PLANTED', model: 'm', timeout: 30 }]));
	write('config/broken.json', '[{ "apikey": "PLANTED", ');
	write('config/other.json', '{"a":1}');
	write('.openclaw/openclaw.json', JSON.stringify({ models: { providers: { claw: { apiKey: 'PLANTED' } } } }));
	const { stdout, stderr } = await discover({}, '--json');
	expect(JSON.parse(stdout).configurations).toEqual([
		{ kind: 'breakwater', path: 'config/gateway.yaml', summary: 'providers mine; profiles fast' },
		{ kind: 'failproxy', path: 'config', summary: 'groups think', problem: expect.stringContaining('broken.json') },
		{ kind: 'openclaw', path: '~/.openclaw/openclaw.json', summary: 'providers claw' },
	]);
	expect(stdout + stderr).not.toMatch(/PLANTED/);
});

test('configurations that cannot be read are told, and stop nothing', async () => {
	write('config/gateway.yaml', 'providers: { a: { baseUrl: PLANTED } }\n');
	write('.openclaw/openclaw.json', '// JSON5\n{ models: {} }');
	mkdirSync(join(commands.folder, '.env'));
	const { stdout } = await discover({});
	expect(stdout).toMatch(/config\/gateway\.yaml cannot be used: \d mistakes, the first in line 1/);
	expect(stdout).toMatch(/openclaw\.json +not read/);
	expect(stdout).toMatch(/\.env is a directory/);
	expect(stdout).not.toMatch(/PLANTED/);
});

test('who has the port: another program, or a Breakwater', async () => {
	const stranger = await startServer((_request, response) => response.end('{"status":"ok"}'));
	open.push(stranger);
	port = stranger.port;
	expect((await discover({})).stdout).toMatch(new RegExp(`Port ${port} on 127.0.0.1 is in use by another program`));

	const server = commands.start('serve', '--port', '0');
	port = new URL(await server.address()).port;
	expect((await discover({})).stdout).toMatch(new RegExp(`${port} on 127.0.0.1 is in use by a Breakwater \\d`));
	expect(JSON.parse((await discover({}, '--json')).stdout).port).toMatchObject({
		owner: 'breakwater',
		host: '127.0.0.1',
	});
});
