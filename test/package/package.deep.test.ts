import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileText } from '../templates/documented.ts';
import { Installed } from './installed.ts';
import { canInstall, installGlobally, type Packed, pack, pathWithNode, plantedSecret } from './packed.ts';

const MOST_BYTES = 800_000;
/** Of a busy machine with two cores. */
const PATIENCE_MS = 180_000;

const work = mkdtempSync(join(tmpdir(), 'breakwater-'));
const prefix = join(work, 'prefix');
let packed: Packed;

// Where every change is tested, that the registry cannot be reached is a failure; elsewhere it may be a train.
const isReachable = canInstall();
const isInstalled = isReachable || process.env.CI !== undefined;
if (!isInstalled) console.warn('npm does not reach its registry: the package is packed but not installed and not run');

beforeAll(() => {
	packed = pack(work);
}, PATIENCE_MS);
afterAll(() => rmSync(work, { recursive: true, force: true }), PATIENCE_MS);

describe('the tarball', () => {
	let unpacked: string;
	beforeAll(() => {
		unpacked = join(work, 'unpacked');
		mkdirSync(unpacked);
		spawnSync('tar', ['xzf', packed.tarball, '-C', unpacked, '--strip-components=1']);
	});

	it('has the program, its data and its templates, and nothing else', () => {
		const kinds = new Set(
			packed.files.map((file) => /^(?:dist\/\w+|src\/observe\/inspector\/page|\w+)(?=\/)/.exec(file)?.[0] ?? file),
		);
		expect([...kinds].sort()).toEqual(
			[
				'LICENSE',
				'README.md',
				'config',
				'deploy',
				'dist/machines',
				'dist/src',
				'npm-shrinkwrap.json',
				'package.json',
				'src/observe/inspector/page',
			].sort(),
		);
		expect(packed.files.filter((file) => /\.ts$|\.map$|tsconfig|\.test\./.test(file))).toEqual([]);
	});

	it('fixes what is installed with it, and names no registry', () => {
		const shrinkwrap = JSON.parse(readFileSync(join(unpacked, 'npm-shrinkwrap.json'), 'utf8'));
		const { version } = JSON.parse(fileText('package-lock.json')).packages['node_modules/fastify'];
		expect(shrinkwrap.packages['node_modules/fastify']).toMatchObject({ version });
		for (const one of Object.values(shrinkwrap.packages)) expect(one).not.toHaveProperty('resolved');
	});

	it('is small', () => {
		expect(packed.size).toBeLessThan(MOST_BYTES);
	});

	it('has nothing that belongs to whoever packed it', () => {
		expect(packed.files.filter((file) => /gateway\.yaml$|\.env/.test(file))).toEqual([]);
		for (const file of packed.files) expect(readFileSync(join(unpacked, file), 'utf8')).not.toContain(plantedSecret);
	});

	it('imports only what its users install with it', () => {
		const { dependencies } = JSON.parse(fileText('package.json'));
		const scripts = packed.files.filter((file) => /^dist\/.*\.js$/.test(file));
		const imports = scripts.flatMap((file) => {
			const text = readFileSync(join(unpacked, file), 'utf8');
			return [...text.matchAll(/(?:^(?:import|export)\b[^'";]*?\bfrom |^import |\bimport\()'([^']+)'/gm)].map(
				([, name = '']) => ({
					file,
					name,
				}),
			);
		});
		const packages = imports.filter(({ name }) => !/^\.{1,2}\//.test(name) && !isBuiltin(name));
		expect(packages.length).toBeGreaterThan(20);
		const missing = packages.filter(({ name }) => {
			const [, own = ''] = /^(@[^/]+\/[^/]+|[^/]+)/.exec(name) ?? [];
			return !Object.hasOwn(dependencies, own);
		});
		expect(missing).toEqual([]);
	});

	it('begins with a line that finds Node, and gives it its flags', () => {
		const [own] = fileText('src/cli.ts').split('\n');
		const [compiled] = readFileSync(join(unpacked, 'dist/src/cli.js'), 'utf8').split('\n');
		expect(compiled).toBe(own);
		expect(compiled).toMatch(/^#!\/usr\/bin\/env -S (\w+=\d+ )*node /);
	});
});

describe.skipIf(!isInstalled)('the package, installed globally and run in an empty folder', () => {
	let installed: Installed;
	beforeAll(() => {
		installed = new Installed(prefix, join(work, 'home'));
		// npm itself would try for many minutes.
		if (!isReachable) throw new Error('npm does not reach its registry, so the package cannot be installed');
		installGlobally(packed.tarball, prefix);
	}, PATIENCE_MS);
	afterAll(() => installed.end());

	it('tells its version', () => {
		expect(installed.run('--version')).toEqual({
			code: 0,
			stdout: `${JSON.parse(fileText('package.json')).version}\n`,
			stderr: '',
		});
	});

	it('explains itself and each of its commands, without a colour', { timeout: PATIENCE_MS }, () => {
		const { code, stdout } = installed.run('--help');
		expect(code).toBe(0);
		const commands = [...stdout.matchAll(/^ {2}([a-z]+) (?=[[< ])/gm)].map(([, name = '']) => name);
		expect(commands).toEqual(expect.arrayContaining(['serve', 'call', 'check', 'explain', 'discover', 'init', 'demo']));
		for (const command of commands) {
			if (command === 'help') continue;
			const help = installed.run(command, '--help');
			expect(help, command).toMatchObject({ code: 0, stderr: '' });
			expect(help.stdout).toContain(`Usage: breakwater ${command} `);
			expect(help.stdout).not.toContain('\u001b');
		}
	});

	it('names the nearest command to one that does not exist', () => {
		const { code, stderr } = installed.run('chek');
		expect(code).toBe(1);
		expect(stderr).toContain('check');
	});

	it('makes a call', () => {
		const { code, stdout, stderr } = installed.run('call', 'Hello', '--trace');
		expect(code, stderr).toBe(0);
		expect(stdout).toContain('simulated answer');
		expect(stderr).toContain('alpha/sim-large');
	});

	it('checks and explains a configuration', { timeout: PATIENCE_MS }, () => {
		installed.write('template.yaml', fileText('config/compact.yaml'));
		const env = { OPENAI_API_KEY: 'planted-1', GROQ_API_KEY: 'planted-2' };
		expect(installed.runWith(env, 'check', 'template.yaml')).toMatchObject({ code: 0 });
		const explained = installed.runWith(env, 'explain', 'template.yaml', '--when', 'openai: 503');
		expect(explained.stdout).toContain('The client gets 200 from groq');
		expect(JSON.parse(installed.run('check', '--json').stdout)).toMatchObject({ verdict: 'holds' });
	});

	it('looks around and writes a configuration that it accepts', { timeout: PATIENCE_MS }, () => {
		const discovered = JSON.parse(installed.run('discover', '--json').stdout);
		expect(discovered).toMatchObject({ node: { isNewEnough: true } });
		expect(installed.run('init', '--yes', '--simulated', '--out', 'written.yaml')).toMatchObject({ code: 0 });
		expect(installed.run('check', 'written.yaml')).toMatchObject({ code: 0 });
	});

	it('serves requests, its inspector and its metrics, and stops when it is told to', {
		timeout: PATIENCE_MS,
	}, async () => {
		const server = installed.start('serve', '--port', '0');
		const address = (await server.address()).replace('/v1', '');
		const answer = await fetch(`${address}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ model: 'cheap', messages: [{ role: 'user', content: 'Hello' }] }),
		});
		expect(answer.status).toBe(200);
		expect(answer.headers.get('x-breakwater-target')).toBe('beta/sim-small');

		for (const path of ['/health', '/ready', '/metrics', '/inspector'])
			expect((await fetch(address + path)).status, path).toBe(200);
		for (const file of packed.files.filter((path) => path.startsWith('src/observe/inspector/page/'))) {
			const path = file.replace('src/observe/inspector/page', '/inspector');
			expect((await fetch(address + path)).status, path).toBe(200);
		}
		expect((await fetch(`${address}/inspector/vendor/lit-html.js`)).status).toBe(200);
		server.kill('SIGTERM');
		expect(await server.exit).toBe(0);
	});

	it('is what the systemd unit starts', { timeout: PATIENCE_MS }, async () => {
		const unit = fileText('deploy/breakwater.service');
		const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
		installed.write('breakwater/gateway.yaml', fileText('config/simulated.yaml'));
		const [program = '', ...args] = line.replaceAll('%E', installed.home).split(' ');
		const server = installed.startProgram(program, ...args, '--port', '0');
		await server.address();
		expect(server.stderr).toBe('');
	});

	it('uses colours on a terminal only, and not where NO_COLOR is set', { timeout: PATIENCE_MS }, (context) => {
		const onTerminal = (variables: string) => {
			const command = `${variables} breakwater discover`;
			const env = { HOME: installed.home, PATH: `${join(prefix, 'bin')}:${pathWithNode}`, TERM: 'xterm-256color' };
			return spawnSync('script', ['-qec', command, '/dev/null'], { cwd: installed.home, env, encoding: 'utf8' });
		};
		const { status, stdout } = onTerminal('');
		if (status === null) return context.skip('`script` is not here (Debian package bsdutils)');
		expect(stdout).toContain('\u001b[');
		const plain = onTerminal('NO_COLOR=1').stdout;
		expect(plain).toContain('API keys');
		// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a colour begins with.
		expect(plain).not.toMatch(/\u001b\[\d+m/);
		expect(installed.run('discover').stdout).not.toContain('\u001b');
	});

	it('says what it needs to a Node that is too old', () => {
		const { engines } = JSON.parse(fileText('package.json'));
		const [, major = 0, minor = 0] = /^>=(\d+)\.(\d+)$/.exec(engines.node)?.map(Number) ?? [];
		const withNode = (version: string) => {
			const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
			return installed.runWith(
				{ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(versions)}` },
				'--version',
			);
		};
		expect(withNode(`${major}.${minor}.0`)).toMatchObject({ code: 0, stderr: '' });
		expect(withNode(`${major}.${minor - 1}.9`)).toEqual({
			code: 1,
			stdout: '',
			stderr: `Breakwater needs Node ${major}.${minor} or newer, and this is Node ${major}.${minor - 1}.9; update it.\n`,
		});
		expect(withNode(`${major - 1}.99.0`)).toMatchObject({ code: 1 });
	});

	it('says what is wrong in a sentence, and nothing else', () => {
		writeFileSync(join(installed.home, 'broken.yaml'), 'providers: {}\n');
		const { code, stdout, stderr } = installed.run('serve', '--config', 'broken.yaml');
		expect(code).toBe(1);
		expect(stdout).toBe('');
		expect(stderr).toMatch(/^broken\.yaml:\d+:\d+: /);
		expect(stderr).not.toMatch(/^ {4}at /m);
	});
});
