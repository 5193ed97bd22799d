import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { Variables } from '../config/interpolate.ts';
import { type ReadConfig, readConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { amountText } from '../values/figures.ts';
import { UserError } from '../values/user-error.ts';
import type { Report } from '../verify/report/report.ts';
import { checkOnce } from './check-once.ts';
import { draftConfiguration, writeDraft } from './draft-configuration.ts';
import { localAddress } from './port.ts';
import { selfcheckStep } from './selfcheck-step.ts';
import { serveStep } from './serve-step.ts';
import type { OnStep, SetupStep } from './step.ts';
import { type Discovery, discover, type Surroundings } from './surroundings.ts';

export interface BootstrapOptions {
	/** The configuration, which is written where there is none. */
	out: string;
	defaultModel?: string | undefined;
	port?: number | undefined;
	simulated: boolean;
	/** What is to run at the end; undefined: nothing more than what runs already. */
	run?: 'background' | 'systemd' | undefined;
	/** Called with each step as soon as it is over. */
	onStep: OnStep;
}

/**
 * Everything from what is found on this machine to a proxy that runs and was checked. What is there already is not
 * changed. A step that cannot be done is the last; those after it are reported as not done too.
 * @returns the configuration and where it answers; undefined when it did not get so far
 */
export async function bootstrap(
	options: BootstrapOptions,
	processVariables: Variables,
): Promise<{ address: string; config: Config } | undefined> {
	const { out, onStep } = options;
	const surroundings = await discover({ file: out, port: options.port }, processVariables);
	onStep({ name: 'discover', outcome: 'done', text: foundText(surroundings.discovery) });
	const setUp = await attempt('init', onStep, async () => configured(options, surroundings));
	if (setUp === undefined) return skip(['check', 'serve', 'selfcheck'], options);
	if (!(await attempt('check', onStep, async () => checked(setUp, onStep))))
		return skip(['serve', 'selfcheck'], options);
	const { config } = setUp.read;
	const { variables, inFile } = surroundings.environment;
	const address = localAddress(config.server);
	const served = await attempt('serve', onStep, () => serveStep({ config, address, run: options.run, inFile }));
	if (served !== undefined) onStep(served);
	if (served === undefined || served.outcome === 'not-asked') skip(['selfcheck'], options);
	else onStep(await selfcheckStep(address, config, variables));
	return { address, config };
}

/** A mistake that the user can put right becomes a step that was not done. */
async function attempt<T>(name: SetupStep['name'], onStep: OnStep, take: () => Promise<T>): Promise<T | undefined> {
	try {
		return await take();
	} catch (error) {
		if (!(error instanceof UserError) && !(error instanceof ConfigError)) throw error;
		onStep({ name, outcome: 'not-done', text: error.message });
		return undefined;
	}
}

/** Reports the steps that could not be begun. */
function skip(names: readonly SetupStep['name'][], { run, onStep }: BootstrapOptions): undefined {
	for (const name of names) {
		const isWanted = name === 'check' || run !== undefined;
		const text = name === 'selfcheck' ? 'No proxy runs that could be checked.' : 'An earlier step must be done first.';
		onStep({ name, outcome: isWanted ? 'not-done' : 'not-asked', text });
	}
}

function foundText({ keys, localServers }: Discovery): string {
	const usable = keys.filter(({ problem }) => problem === undefined).map(({ provider }) => provider);
	const local = localServers.filter(({ state }) => state === 'answers').map(({ title }) => title);
	const keyText = usable.length === 0 ? 'no usable API key' : `API keys for ${usable.join(', ')}`;
	return `Found ${keyText}; ${local.length === 0 ? 'no local model server' : local.join(', ')}.`;
}

/** A configuration, and its report where it was checked already. */
interface SetUp {
	read: ReadConfig;
	report?: Report;
}

function configured(options: BootstrapOptions, surroundings: Surroundings): SetUp {
	const { out, defaultModel, simulated, onStep } = options;
	if (existsSync(out)) {
		const read = readConfig(out, surroundings.environment.variables);
		const text = [`${out} is there already and is not changed.`, ...ignored(options, read)].join(' ');
		onStep({ name: 'init', outcome: 'unchanged', text });
		return { read };
	}
	const port = options.port ?? surroundings.discovery.port.port;
	const draft = draftConfiguration(surroundings, { out, defaultModel, port, force: false, simulated });
	writeDraft(draft, { out, force: false });
	onStep({ name: 'init', outcome: 'done', text: `Wrote ${out}.` });
	for (const text of draft.leftOut) onStep({ name: 'init', outcome: 'not-done', text });
	return draft;
}

/** What was asked for and is ignored, because the configuration that is there is not changed. */
function ignored({ defaultModel, port }: BootstrapOptions, { config }: ReadConfig): string[] {
	const first = config.profiles[config.defaultProfile]?.chain[0]?.target;
	return [
		...(defaultModel === undefined || defaultModel === first
			? []
			: [`--default-model was ignored: ${first} comes first in it.`]),
		...(port === undefined || port === config.server.port
			? []
			: [`--port was ignored: its port is ${config.server.port}.`]),
	];
}

/** @throws UserError when lint rules find errors in the configuration */
function checked({ read, report = checkOnce(read) }: SetUp, onStep: OnStep): true {
	const { file } = read.config;
	const { verdict, states, lintFindings } = report;
	if (verdict === 'fails') {
		throw new UserError(`${file} has errors; \`breakwater check ${file}\` lists them. Nothing was started.`);
	}
	const warnings = lintFindings.filter(({ severity }) => severity === 'warning').length;
	const remark =
		warnings === 0 ? '' : ` It has ${amountText(warnings, 'warning')}: \`breakwater check ${file}\` shows them.`;
	const isWhole = verdict === 'holds';
	const text = isWhole
		? `Every property holds in all ${states} states that were explored.`
		: `Nothing was found wrong, but not every case was explored; \`breakwater check ${file} --bound 1000000\` goes further.`;
	onStep({ name: 'check', outcome: isWhole ? 'done' : 'not-done', text: `${text}${remark}` });
	return true;
}
