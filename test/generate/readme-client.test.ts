import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/values/package-paths.ts';
import { Commands } from '../helpers/command.ts';

const commands = new Commands();
afterAll(() => commands.end());

it("the README's client gets an answer from a real proxy with the real package", async () => {
	const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8')) ?? [];
	expect(example).toContain("baseURL: 'http://127.0.0.1:4010/v1'");
	const address = await commands.start('serve', '--port', '0').address();

	const program = `${example.replace('http://127.0.0.1:4010/v1', address)}
console.log(JSON.stringify(answer.choices[0].message));`;
	// From the folder of the package, where `openai` is found.
	const ran = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: packageRoot });

	expect(JSON.parse(ran.stdout)).toMatchObject({ role: 'assistant', content: expect.stringMatching(/\w/) });
});
