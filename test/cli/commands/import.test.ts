import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { Commands } from '../../helpers/command.ts';

const examples = join(import.meta.dirname, '..', '..', 'import', 'examples');
let commands: Commands;

beforeEach(() => {
	commands = new Commands();
	for (const name of ['failproxy', 'litellm', 'openrouter-fallback.yaml']) {
		cpSync(join(examples, name), join(commands.folder, name), { recursive: true });
	}
});

afterEach(async () => {
	await commands.end();
});

const at = (name: string) => join(commands.folder, name);

async function run(...args: string[]) {
	const ended = await commands.run('import', ...args);
	expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/PLANTEDKEY/);
	return ended;
}

describe('failproxy', () => {
	test('prints the configuration, and everything else on standard error', async () => {
		const command = commands.start('import', 'failproxy', 'failproxy');
		expect(await command.exit).toBe(0);
		const { stdout, stderr } = command;
		expect(`${stdout}${stderr}`).not.toMatch(/PLANTEDKEY/);
		expect(stdout).toMatch(/^profiles:.*\n {2}nothink:/m);
		expect(stderr).toMatch(/^failproxy\/think-stream\.json:8:5: warning: This `type` has no equivalent/m);
		expect(stderr).toMatch(/^Imported 2 profiles from FailProxy\.\nSet these before you start: OPENROUTER_API_KEY, /m);
	});

	test('--out - is standard output, too', async () => {
		const { stdout } = await run('failproxy', 'failproxy', '--out', '-');
		expect(stdout).toMatch(/^profiles:/m);
		expect(existsSync(at('-'))).toBe(false);
	});

	test('what it writes, with the keys it writes, is a configuration that check takes', async () => {
		const { exit, stdout, stderr } = await run('failproxy', 'failproxy', '--out', 'made/g.yaml', '--keys', '.env');
		expect([exit, stdout]).toEqual([0, '']);
		expect(stderr).toMatch(/The keys are in \.env, which only you can read\.\nNext: breakwater check made\/g\.yaml\n$/);
		expect(statSync(at('.env')).mode & 0o777).toBe(0o600);
		expect(readFileSync(at('made/g.yaml'), 'utf8')).not.toMatch(/PLANTEDKEY/);
		const lines = readFileSync(at('.env'), 'utf8').trim().split('\n');
		const env = Object.fromEntries(lines.map((line) => line.split('=')));
		expect(env.CHUTES_API_KEY).toBe('cpk_PLANTEDKEY.0004');
		const config = parseConfig(readFileSync(at('made/g.yaml'), 'utf8'), { file: 'g.yaml', env });
		expect(Object.keys(config.profiles)).toEqual(['nothink', 'think-stream']);
		expect(readdirSync(commands.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
	});

	test('a broken group: the others are written, the exit code is 1, and the place is told', async () => {
		writeFileSync(at('failproxy/broken.json'), '[\n  { "apikey": "PLANTEDKEY-0009" "model": "m" }\n]');
		const { exit, stderr } = await run('failproxy', 'failproxy', '--out', 'g.yaml');
		expect(exit).toBe(1);
		expect(stderr).toMatch(/^failproxy\/broken\.json:2:33: error: This group was not imported\. /m);
		expect(stderr).toMatch(/^Imported 2 profiles from FailProxy into g\.yaml; 1 part was left out\.$/m);
		expect(readFileSync(at('g.yaml'), 'utf8')).toMatch(/^ {2}think-stream:/m);
	});

	test('only broken groups: nothing is written', async () => {
		mkdirSync(at('bad'));
		writeFileSync(at('bad/g.json'), '[');
		const { exit, stdout, stderr } = await run('failproxy', 'bad', '--out', 'g.yaml');
		expect([exit, stdout, existsSync(at('g.yaml'))]).toEqual([1, '', false]);
		expect(stderr).toMatch(/Nothing was imported; no file was written\.\n$/);
	});

	test.each(['g.yaml', '.env'])('%s that is there stays without --force, and nothing else is written', async (name) => {
		writeFileSync(at(name), 'OTHER=1\n');
		const args = ['failproxy', 'failproxy', '--out', 'g.yaml', '--keys', '.env'];
		const { exit, stderr } = await run(...args);
		expect(exit).toBe(1);
		expect(stderr).toContain(`${name} is there already and was left as it is`);
		expect(readFileSync(at(name), 'utf8')).toBe('OTHER=1\n');
		expect(['g.yaml', '.env'].filter((file) => existsSync(at(file)))).toEqual([name]);
		expect((await run(...args, '--force')).exit).toBe(0);
		expect(readFileSync(at('.env'), 'utf8').startsWith('OTHER=1\n')).toBe(name === '.env');
		expect(statSync(at('.env')).mode & 0o777).toBe(0o600);
	});

	test('a place that cannot be written to is told', async () => {
		writeFileSync(at('file'), '');
		mkdirSync(at('folder'));
		expect(await run('failproxy', 'failproxy', '--out', 'file/g.yaml')).toMatchObject({
			exit: 1,
			stderr: expect.stringContaining('a part of its path is a file'),
		});
		expect(await run('failproxy', 'failproxy', '--out', 'folder', '--force')).toMatchObject({
			exit: 1,
			stderr: expect.stringContaining('folder is not a file and cannot be replaced'),
		});
		expect(await run('failproxy', 'failproxy', '--out', 'g.yaml', '--keys', 'file/.env')).toMatchObject({
			exit: 1,
			stderr: expect.stringMatching(/The keys were not written: .*--keys\.\n$/),
		});
	});

	test('a link is followed, not replaced', async () => {
		writeFileSync(at('real.yaml'), 'old');
		symlinkSync('real.yaml', at('link.yaml'));
		expect((await run('failproxy', 'failproxy', '--out', 'link.yaml', '--force')).exit).toBe(0);
		expect(readFileSync(at('real.yaml'), 'utf8')).toMatch(/^profiles:/m);
	});

	test('what an endpoint is called stands beside it, without the key that somebody put there', async () => {
		mkdirSync(at('named'));
		const endpoint = { baseurl: 'https://a.example/v1', apikey: 'PLANTEDKEY-0011', model: 'm', timeout: 9 };
		writeFileSync(at('named/g.json'), JSON.stringify([{ ...endpoint, name: 'main PLANTEDKEY-0011' }]));
		const { stdout } = await run('failproxy', 'named');
		expect(stdout).toMatch(/^ {6}- target: a\/m # main \[redacted\]$/m);
	});

	test('what the judge finds is told at its line in the new file', async () => {
		mkdirSync(at('one'));
		const endpoint = { baseurl: 'http://a.example/v1', apikey: 'PLANTEDKEY-0010', model: 'm', timeout: 9 };
		writeFileSync(at('one/g.json'), JSON.stringify([endpoint, endpoint]));
		const { stderr } = await run('failproxy', 'one', '--out', 'g.yaml');
		expect(stderr).toMatch(/^g\.yaml:\d+:\d+: warning: .*unencrypted over http/m);
	});

	test.each([
		[['none'], 'There is no folder none'],
		[['openrouter-fallback.yaml'], 'is a file; name the folder'],
		[['.'], 'There is no JSON file in .'],
	])('%j is told in one sentence', async (args, message) => {
		const { exit, stderr } = await run('failproxy', ...args);
		expect(exit).toBe(1);
		expect(stderr).toContain(message);
		expect(stderr.trim().split('\n')).toHaveLength(1);
	});
});

describe('openrouter', () => {
	test('prints the configuration', async () => {
		const { exit, stdout, stderr } = await run('openrouter', 'openrouter-fallback.yaml');
		expect(exit).toBe(0);
		expect(stdout).toMatch(/^ {4}taskType: \{ coding: coding, fast: fast \}$/m);
		expect(stderr).toMatch(/^openrouter-fallback\.yaml:17:5: warning: `max_retries_per_model` counts attempts/m);
		expect(stderr).toMatch(/Set these before you start: OPENROUTER_API_KEY\.\n$/);
	});

	test('a file that is none is reported with its place', async () => {
		writeFileSync(at('x.yaml'), 'a: [1');
		expect(await run('openrouter', 'x.yaml')).toMatchObject({
			exit: 1,
			stdout: '',
			stderr: expect.stringMatching(/^x\.yaml:1:\d+: error: /),
		});
		expect(await run('openrouter', 'none.yaml')).toMatchObject({
			exit: 1,
			stderr: expect.stringContaining('none.yaml:1:1: error: The file does not exist'),
		});
	});
});

describe('litellm', () => {
	test('writes a configuration that needs what is named, and the keys of the file', async () => {
		const { exit, stderr } = await run('litellm', 'litellm/team.yaml', '--out', 'g.yaml', '--keys', '.env');
		expect(exit).toBe(0);
		expect(stderr).toMatch(/^litellm\/team\.yaml:9:7: warning: `rpm` has no equivalent/m);
		expect(stderr).toMatch(
			/Imported 5 profiles from LiteLLM into g\.yaml\.\nThe keys are in \.env, .*\nSet these before you start: AZURE_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, AZURE_API_BASE\.\n/,
		);
		const env = readFileSync(at('.env'), 'utf8');
		expect(env).toBe('OPENAI_API_KEY=sk-PLANTEDKEY-0001\nLITELLM_MASTER_KEY=sk-PLANTEDKEY-of-the-proxy\n');
		expect(readFileSync(at('g.yaml'), 'utf8')).not.toMatch(/PLANTEDKEY/);
	});

	test('what cannot be asked makes the exit code 1', async () => {
		const { exit, stdout, stderr } = await run('litellm', 'litellm/local.yaml');
		expect(exit).toBe(1);
		expect(stdout).toMatch(/^ {2}small:/m);
		expect(stderr).toMatch(/^litellm\/local\.yaml:11:\d+: error: .*`bedrock` is no provider/m);
		expect(stderr).toMatch(/; 2 parts were left out\.$/m);
	});
});

test('a word that is neither suggests the nearest', async () => {
	expect(await run('failprox', 'x')).toMatchObject({
		exit: 1,
		stderr: expect.stringContaining('Did you mean failproxy?'),
	});
});
