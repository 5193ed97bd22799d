import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfigText } from '../../src/config/load.ts';
import { packageRoot } from '../../src/values/package-paths.ts';
import { fileText, requiredEnvironment } from './documented.ts';

const unit = join(packageRoot, 'deploy', 'breakwater.service');
const text = fileText('deploy/breakwater.service');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) console.warn('systemd-analyze is not here (Debian package systemd): the unit is not verified');

/** Every value of a setting, in order. */
function valuesOf(setting: string): string[] {
	return [...text.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** systemd-analyze as the service manager of a user whose home is empty. */
function analyze(...args: string[]) {
	const home = mkdtempSync(join(tmpdir(), 'breakwater-'));
	const env = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home };
	const { status, stdout, stderr } = spawnSync('systemd-analyze', ['--user', ...args], { env, encoding: 'utf8' });
	rmSync(home, { recursive: true });
	return { status, stdout, stderr };
}

it.skipIf(!hasSystemd)('is a unit in which systemd finds nothing wrong', () => {
	// A setting that it does not know is no error to it, but a line on standard error.
	expect(analyze('verify', unit)).toEqual({ status: 0, stdout: '', stderr: '' });
});

it.skipIf(!hasSystemd)('is shut in as far as a service of a user can be', () => {
	const { stdout } = analyze('security', '--offline=true', '--no-pager', unit);
	const [, exposure] = /Overall exposure level for breakwater\.service: (\d+\.\d)/.exec(stdout) ?? [];
	expect(Number(exposure)).toBeLessThan(4.5);
});

it('runs as a service of a user, by whatever way `breakwater` was installed', () => {
	expect(valuesOf('WantedBy')).toEqual(['default.target']);
	expect(valuesOf('ExecStart')).toEqual(['/usr/bin/env breakwater serve --config %E/breakwater/gateway.yaml']);
	// Settings of a system service, which end a user's one before it starts.
	for (const setting of ['User', 'Group', 'DynamicUser', 'AmbientCapabilities', 'CapabilityBoundingSet'])
		expect(valuesOf(setting)).toEqual([]);
	// V8 could not start.
	expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
});

it('gives it the place for its log files that production.yaml asks for', () => {
	const [name] = valuesOf('LogsDirectory');
	expect(valuesOf('Environment')).toContain(`BREAKWATER_LOGS=%L/${name}`);
	expect(fileText('config/production.yaml')).toMatch(/^ {2}folder: \$\{BREAKWATER_LOGS:-logs\}$/m);
});

it('waits for a stop as long as production.yaml may take', () => {
	const production = fileText('config/production.yaml');
	const { server } = readConfigText(production, {
		file: 'production.yaml',
		env: requiredEnvironment(production),
	}).config;
	const [, seconds] = /^(\d+)s$/.exec(valuesOf('TimeoutStopSec')[0] ?? '') ?? [];
	expect(Number(seconds) * 1000).toBeGreaterThanOrEqual(server.drainDelay + server.drainTimeout + 5_000);
});
