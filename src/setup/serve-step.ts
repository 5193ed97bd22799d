import { statSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { asObject } from '../values/json.ts';
import { UserError } from '../values/user-error.ts';
import { askLocal } from './ask-local.ts';
import { logFile, pidFile, startInBackground } from './background.ts';
import { ownCertificate } from './own-certificate.ts';
import { findPortOwner } from './port.ts';
import { missingForService } from './service-variables.ts';
import type { SetupStep } from './step.ts';
import { installService, isActive, serviceVariables, unitName } from './systemd.ts';

export interface ServeTarget {
	config: Config;
	/** Where it will answer, or does. */
	address: string;
	/** Undefined: nothing more than what runs already. */
	run: 'background' | 'systemd' | undefined;
	/** The names of the variables that `.env` sets. */
	inFile: ReadonlySet<string>;
}

/**
 * Runs the proxy in the way that is asked for, unless it runs already.
 * @throws UserError when it cannot, or when another one has its port
 */
export async function serveStep(target: ServeTarget): Promise<SetupStep> {
	const { config, address, run } = target;
	const { file, server } = config;
	if (server.port === 0)
		throw new UserError('server.port is 0, any free one; write a fixed port to run it in the background.');
	const { owner, problem } = await findPortOwner(server);
	const isService = run === 'systemd';
	if (owner === 'breakwater') {
		await refuseAnother(target);
		if (!isService) return { name: 'serve', outcome: 'unchanged', text: `It runs already at ${address}.` };
		if (!isActive()) {
			throw new UserError(`A Breakwater that is no service runs at ${address}; stop it, and run this again.`);
		}
	}
	if (run === undefined) {
		const text = `Nothing was started; \`breakwater serve --config ${file}\` runs it, and --start or --systemd does so in the background.`;
		return { name: 'serve', outcome: 'not-asked', text };
	}
	if (owner === 'other' || owner === 'unusable') throw new UserError(problem ?? `${address} cannot be used.`);
	return isService ? asService(target) : inBackground(target);
}

async function inBackground({ config, address }: ServeTarget): Promise<SetupStep> {
	const pid = await startInBackground(config, address);
	const text = `It answers at ${address} (process ${pid}; its log is ${logFile}; \`kill $(cat ${pidFile})\` stops it).`;
	return { name: 'serve', outcome: 'done', text };
}

async function asService({ config, address, inFile }: ServeTarget): Promise<SetupStep> {
	const given = serviceVariables();
	if (given === undefined) {
		throw new UserError(
			'No systemd of this user runs here (`systemctl --user` fails), so no service was installed; --start runs it without.',
		);
	}
	const missing = missingForService(config.file, new Set([...given, ...inFile]));
	if (missing.length > 0) {
		throw new UserError(
			`A service does not see this shell's ${missing.join(', ')}; write them into .env (readable by you alone: chmod 600 .env), and run this again.`,
		);
	}
	const { changed } = await installService(config, address);
	if (!changed) return { name: 'serve', outcome: 'unchanged', text: `${unitName} runs already at ${address}.` };
	const text = `${unitName} is installed and answers at ${address}; \`loginctl enable-linger\` keeps it running when you log out.`;
	return { name: 'serve', outcome: 'done', text };
}

/**
 * A Breakwater has the port: is it one with this configuration, as it stands now?
 * @throws UserError when it is not
 */
async function refuseAnother({ config, address }: ServeTarget): Promise<void> {
	const { file, profiles, server } = config;
	const certificate = ownCertificate(server);
	const stop = 'stop it, and run this again, or choose another port';
	const ask = (path: string) => askLocal(`${address}${path}`, 1500, certificate);
	const [ready, health] = await Promise.all([ask('/ready'), ask('/health')]);
	const served = ready.is === 'answer' ? Object.keys(asObject(asObject(ready.body)?.profiles) ?? {}) : [];
	if (JSON.stringify(served.sort()) !== JSON.stringify(Object.keys(profiles).sort())) {
		throw new UserError(`The Breakwater that runs at ${address} has another configuration; ${stop}.`);
	}
	const uptimeSeconds = health.is === 'answer' ? asObject(health.body)?.uptimeSeconds : undefined;
	// It is reported in whole seconds.
	const startedAt = Date.now() - (typeof uptimeSeconds === 'number' ? uptimeSeconds + 1 : 0) * 1000;
	if (statSync(file).mtimeMs > startedAt + 2000) {
		throw new UserError(`The Breakwater that runs at ${address} was started before ${file} was changed; ${stop}.`);
	}
}
