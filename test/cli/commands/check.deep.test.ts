import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../src/values/package-paths.ts';
import { Commands } from '../../helpers/command.ts';
import { filledEnvironment } from '../../verify/filled-environment.ts';

let commands: Commands;

beforeEach(() => {
	commands = new Commands();
});

afterEach(async () => {
	await commands.end();
});

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);
const env = { A_KEY: 'PLANTEDKEY-A', B_KEY: 'PLANTEDKEY-B' };
const providers = `providers:
  a: { baseUrl: https://a.example/v1, apiKey: "\${A_KEY}" }
  b: { baseUrl: https://b.example/v1, apiKey: "\${B_KEY}" }
`;

describe('a profile that overrides itself into nonsense', () => {
	test.each([
		['no time', 'timeouts: { request: 1ms }'],
		['every failure ends it', 'onError: { SERVER_ERROR: { retries: 0, then: fail }, TIMEOUT: { then: fail } }'],
		['retries without end', 'onError: { SERVER_ERROR: { retries: 10 } }, retry: { backoff: 1ms, factor: 1 }'],
		['a dead key again and again', 'onError: { AUTH_ERROR: { retries: 5, then: next } }'],
		['continuations only', 'continuation: { maxContinuations: 20, categories: [BAD_REQUEST, AUTH_ERROR] }'],
	])('%s', async (_name, policy) => {
		const text = `${providers}profiles: { default: { chain: [a/m, b/n], policy: { ${policy} } } }\n`;
		writeFileSync(join(commands.folder, 'my.yaml'), text);
		const command = await commands.runWith(env, 'check', 'my.yaml');
		const code = command.exit;
		// On a slow machine it says how far it is.
		expect(command.stderr.replace(/^profile default: [\d,]+ states…$/gm, '').trim()).toBe('');
		expect(lastLine(command.stdout)).toMatch([/^holds: /, /^fails: /, /^unknown: /][code] ?? /never/);
	});
});

const configFolder = join(packageRoot, 'config');
/** Beside them stand rules of other kinds. */
const shipped = readdirSync(configFolder).filter(
	(name) => name.endsWith('.yaml') && /^profiles:/m.test(readFileSync(join(configFolder, name), 'utf8')),
);

test('there are shipped configurations', () => {
	expect(shipped).toEqual(expect.arrayContaining(['gateway.example.yaml', 'simulated.yaml']));
});

test.each(shipped)('the shipped config/%s holds', async (name) => {
	const file = join(configFolder, name);
	const command = await commands.runWith(filledEnvironment(readFileSync(file, 'utf8')), 'check', file);
	expect({ code: command.exit, stdout: command.stdout }).toMatchObject({ code: 0 });
	expect(command.stdout).not.toMatch(/: error: /);
});

test('the configuration of the README holds', async () => {
	const page = readFileSync(join(packageRoot, 'README.md'), 'utf8');
	writeFileSync(join(commands.folder, 'my.yaml'), /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
	const command = await commands.runWith({ OPENAI_API_KEY: 'k', GROQ_API_KEY: 'l' }, 'check', 'my.yaml');
	expect({ code: command.exit, stdout: command.stdout }).toMatchObject({ code: 0 });
});
