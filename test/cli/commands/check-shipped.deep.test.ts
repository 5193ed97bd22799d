import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../../src/values/paths.ts';
import { Commands } from '../../helpers/command.ts';
import { filledEnvironment } from '../../verify/filled-environment.ts';

let commands: Commands;

beforeEach(() => {
	commands = new Commands();
});

afterEach(async () => {
	await commands.end();
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
