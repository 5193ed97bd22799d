import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/values/package-paths.ts';
import { Command } from '../helpers/command.ts';
import { fileText, requiredEnvironment } from '../templates/documented.ts';
import { copyOf, isIgnored, playCopy, type Stage, stagesOf, wordsOf } from './dockerfile.ts';

const stages = stagesOf(fileText('Dockerfile'));
const ignore = fileText('.dockerignore');
const image = stages.at(-1) ?? { name: '', base: '', instructions: [] };
const textOf = (name: string) => image.instructions.find((instruction) => instruction.name === name)?.text;

describe('the Dockerfile', () => {
	it('is built of one Node, of the line that this package runs on', () => {
		const [, version] = /^ARG NODE_VERSION=(\d+)$/m.exec(fileText('Dockerfile')) ?? [];
		expect(Number(version)).toBeGreaterThanOrEqual(22);
		expect(stages.length).toBeGreaterThan(1);
		for (const { base } of stages) expect(base).toMatch(/^node:\$\{NODE_VERSION\}-alpine$/);
	});

	it('copies only what is there, and what the builder is given', () => {
		const copies = stages.flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'COPY').map(copyOf));
		const own = copies.filter(({ from }) => from === undefined).flatMap(({ sources }) => sources);
		expect(own).toContain('src');
		for (const source of own) {
			expect(existsSync(join(packageRoot, source)), source).toBe(true);
			expect(isIgnored(ignore, source), source).toBe(false);
		}
		const names = stages.map(({ name }) => name);
		for (const { from } of copies) if (from !== undefined) expect(names).toContain(from);
	});

	it.each([
		'.env',
		'config/.env',
		'.env.local',
		'config/gateway.yaml',
		'node_modules/a',
		'.git/config',
		'breakwater.pid',
	])('is never given %s', (file) => {
		expect(isIgnored(ignore, file)).toBe(true);
	});

	it('has no secret, no root, and no command of a shell between a signal and the process', () => {
		const text = stages.flatMap(({ instructions }) => instructions);
		const settings = text.filter(({ name }) => name === 'ENV' || name === 'ARG').map((instruction) => instruction.text);
		expect(settings.filter((setting) => /key|token|secret|password/i.test(setting))).toEqual([]);
		expect(text.filter(({ name }) => name === 'ADD')).toEqual([]);
		expect(textOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
		expect(textOf('STOPSIGNAL')).toBe('SIGTERM');
		expect(wordsOf(image, 'ENTRYPOINT')[0]).toBe('node');
	});

	it('gives Node the flags of the first line of the command line', () => {
		const [line = ''] = fileText('src/cli.ts').split('\n');
		const flags = line.split(' ').filter((word) => word.startsWith('--'));
		expect(wordsOf(image, 'ENTRYPOINT').slice(1, -1)).toEqual(flags);
		expect(flags.length).toBeGreaterThan(0);
	});
});

describe('the image, played with a folder for each file system', () => {
	const work = mkdtempSync(join(tmpdir(), 'breakwater-'));
	const root = join(work, 'image');
	const children: Command[] = [];
	afterAll(async () => {
		for (const child of children) child.kill('SIGKILL');
		await Promise.all(children.map(({ exit }) => exit));
		rmSync(work, { recursive: true });
	});

	/** Does what each stage says, but for `npm ci`: the packages of this checkout stand for what it installs. */
	function play({ name, instructions }: Stage): void {
		const ownRoot = name === '' ? root : join(work, name);
		let directory = '/';
		for (const instruction of instructions) {
			const here = join(ownRoot, directory);
			mkdirSync(here, { recursive: true });
			if (instruction.name === 'WORKDIR') directory = instruction.text;
			if (instruction.name === 'COPY') {
				const copy = copyOf(instruction);
				playCopy(copy, copy.from === undefined ? packageRoot : join(work, copy.from), ownRoot, directory);
			}
			if (instruction.name !== 'RUN') continue;
			if (instruction.text.startsWith('npm ci ')) {
				symlinkSync(join(packageRoot, 'node_modules'), join(here, 'node_modules'));
				continue;
			}
			const { status, stdout } = spawnSync('sh', ['-c', instruction.text], { cwd: here, encoding: 'utf8' });
			expect(status, `${instruction.text}: ${stdout}`).toBe(0);
		}
	}

	/** Starts what the image starts, in its working directory; its paths and its port are those of this test. */
	function start(words: string[], env: Record<string, string>): Command {
		const [, ...args] = words.map((word) => (word.startsWith('/app/') ? join(root, word) : word));
		const child = new Command(spawn(process.execPath, args, { cwd: join(root, textOf('WORKDIR') ?? ''), env }));
		children.push(child);
		return child;
	}

	it('is built, serves, tells its health, and writes nothing but its log', { timeout: 120_000 }, async () => {
		for (const stage of stages) play(stage);
		const listing = () =>
			readdirSync(join(root, 'app'), { recursive: true }).filter((file) => !/node_modules/.test(String(file)));
		const before = listing();
		expect(before).toContain(join('dist', 'src', 'cli.js'));

		const logs = join(work, 'logs');
		const env: Record<string, string> = {
			...requiredEnvironment(fileText('config/production.yaml')),
			PATH: dirname(process.execPath),
			HOME: '/nonexistent',
			NODE_DISABLE_COMPILE_CACHE: '1',
			BREAKWATER_LOGS: logs,
		};
		const entrypoint = wordsOf(image, 'ENTRYPOINT');
		const command = wordsOf(image, 'CMD').map((word) =>
			word === '4010' ? '0' : word.startsWith('/etc/') ? join(root, 'app', 'config', 'production.yaml') : word,
		);
		const served = start([...entrypoint, ...command], env);
		await served.prints(/listens on http/);
		const [, port = ''] = /listens on http:\/\/0\.0\.0\.0:(\d+)/.exec(served.stdout) ?? [];

		const refused = await fetch(`http://127.0.0.1:${port}/v1/models`);
		expect(refused.status).toBe(401);
		const authorization = `Bearer ${env.BREAKWATER_APP_KEY}`;
		const allowed = await fetch(`http://127.0.0.1:${port}/v1/models`, { headers: { authorization } });
		expect(allowed.status).toBe(200);
		expect((await fetch(`http://127.0.0.1:${port}/inspector`)).status).toBe(200);

		const healthcheck = wordsOf(image, 'HEALTHCHECK').map((word) => word.replaceAll('4010', port));
		expect(await start(healthcheck, { PATH: dirname(process.execPath) }).exit).toBe(0);
		expect(listing()).toEqual(before);
		expect(readdirSync(logs)).toHaveLength(1);

		served.kill('SIGKILL');
		await served.exit;
		expect(await start(healthcheck, { PATH: dirname(process.execPath) }).exit).toBe(1);
	});
});
