import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { UserError } from '../values/user-error.ts';
import { selfArguments, selfEnvironment } from './background.ts';
import type { Speaking } from './own-certificate.ts';
import { askHealth } from './port.ts';
import { writeWhole } from './write-file.ts';

export const unitName = 'breakwater.service';
const mark = '# Written by `breakwater bootstrap --systemd`.';

const COMMAND_TIMEOUT_MS = 20_000;
const START_TIMEOUT_MS = 20_000;

/**
 * The names of the variables that systemd gives to services of this user.
 * @returns undefined when no user instance of systemd runs here
 */
export function serviceVariables(): ReadonlySet<string> | undefined {
	const { status, stdout } = systemctl('show-environment');
	if (status !== 0) return undefined;
	return new Set(stdout.split('\n').map((line) => line.replace(/=.*$/, '')));
}

/**
 * Installs the proxy as a service of this user, starts it, and waits until it answers. A service that is installed just
 * so and runs is left alone.
 * @param address where it will answer
 * @returns whether anything was changed
 * @throws UserError when it cannot be installed or does not come up
 */
export async function installService(
	{ file: configFile, server }: Pick<Config, 'file' | 'server'>,
	address: string,
): Promise<{ changed: boolean }> {
	const file = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'systemd', 'user', unitName);
	const text = unitText(resolve(configFile), server.drainDelay + server.drainTimeout);
	const present = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
	if (present !== undefined && !present.startsWith(mark)) {
		throw new UserError(`${file} is there already and is not of this making; remove it, or change it yourself.`);
	}
	const isCurrent = present === text;
	if (isCurrent && isActive() && (await askHealth(address, server)) !== undefined) return { changed: false };
	if (!isCurrent) writeWhole(file, text, { replace: true });
	run('daemon-reload');
	run('enable', unitName);
	run('restart', unitName);
	await answering(address, server);
	return { changed: true };
}

/** Whether the service runs. */
export function isActive(): boolean {
	return systemctl('is-active', '--quiet', unitName).status === 0;
}

/** @param drainMs how long the proxy may take to end its open requests */
function unitText(configFile: string, drainMs: number): string {
	const command = [process.execPath, ...selfArguments('serve', '--config', configFile)].map(quoted).join(' ');
	const environment = Object.entries(selfEnvironment)
		.map(([variable, value]) => `Environment=${variable}=${value}\n`)
		.join('');
	return `${mark}
[Unit]
Description=Breakwater, a failover proxy for AI APIs
After=network-online.target
# Ten starts in five minutes are a mistake in the configuration, which trying again does not mend.
StartLimitIntervalSec=5min
StartLimitBurst=10

[Service]
Type=exec
WorkingDirectory=${process.cwd().replaceAll('%', '%%')}
${environment}ExecStart=${command}
Restart=on-failure
RestartSec=2
TimeoutStopSec=${Math.ceil(drainMs / 1000) + 10}
UMask=0077
# Memory may hold keys and prompts.
LimitCORE=0
NoNewPrivileges=true

[Install]
WantedBy=default.target
`;
}

/** systemd.service(5), COMMAND LINES: quotes as in C, and `%` and `$` stand for themselves when doubled. */
function quoted(argument: string): string {
	const escaped = argument.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$');
	return /^[\w./=%-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

async function answering(address: string, server: Speaking): Promise<void> {
	const until = performance.now() + START_TIMEOUT_MS;
	while (performance.now() < until) {
		if ((await askHealth(address, server)) !== undefined) return;
		await sleep(200);
	}
	throw new UserError(
		`${unitName} was installed but does not answer at ${address}; \`journalctl --user -u ${unitName}\` says why.`,
	);
}

function run(...args: string[]): void {
	const { status, stderr } = systemctl(...args);
	if (status === 0) return;
	throw new UserError(`\`systemctl --user ${args.join(' ')}\` failed: ${stderr.trim().split('\n')[0] || status}.`);
}

function systemctl(...args: string[]): { status: number | null; stdout: string; stderr: string } {
	const options = { encoding: 'utf8', timeout: COMMAND_TIMEOUT_MS } as const;
	const { status, stdout, stderr } = spawnSync('systemctl', ['--user', ...args], options);
	return { status, stdout: stdout ?? '', stderr: stderr ?? '' };
}
