import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Variables } from '../config/interpolate.ts';
import { type ReadConfig, readConfigText } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { simulatedConfigFile } from '../values/package-paths.ts';
import { UserError } from '../values/user-error.ts';
import { lintText } from '../verify/lint/lint.ts';
import type { Report } from '../verify/report/report.ts';
import { checkOnce } from './check-once.ts';
import { configText } from './config-text.ts';
import { resolveFirst } from './first-target.ts';
import { type Plan, planConfiguration } from './plan.ts';
import type { Surroundings } from './surroundings.ts';
import { writeWhole } from './write-file.ts';

export interface InitChoices {
	/** The file to write. */
	out: string;
	/** `provider/model`. */
	defaultModel?: string | undefined;
	port: number;
	force: boolean;
	/** Write the configuration with simulated providers instead. */
	simulated: boolean;
}

export interface Draft {
	text: string;
	read: ReadConfig;
	/** What `breakwater check` says of it; it does not fail. */
	report: Report;
	leftOut: readonly string[];
}

/**
 * Drafts a configuration of what was found, and checks it as `breakwater check` does, which takes seconds. Nothing is
 * written.
 * @throws UserError when there is nothing to draft it from, or what was drafted cannot run
 */
export function draftConfiguration(surroundings: Surroundings, choices: InitChoices): Draft {
	const { variables } = surroundings.environment;
	if (choices.simulated) return checked(simulatedText(choices.port), [], choices.out, variables);
	const plan = planned(surroundings, choices);
	const hasSchema = existsSync(join(dirname(choices.out), 'breakwater.schema.json'));
	return checked(configText(plan, { hasSchema }), plan.leftOut, choices.out, variables);
}

function planned(surroundings: Surroundings, { defaultModel, port }: InitChoices): Plan {
	const first = defaultModel === undefined ? undefined : resolveFirst(defaultModel, surroundings);
	if (first !== undefined && 'problem' in first) throw new UserError(first.problem);
	const plan = planConfiguration(surroundings, { first, port });
	if (plan !== undefined) return plan;
	const { keys, localServers } = surroundings.discovery;
	const problems = [...keys, ...localServers].flatMap(({ problem }) => problem ?? []);
	throw new UserError([...problems, nothingFound].join('\n'));
}

const nothingFound =
	'There is no usable API key and no local model server that answers, so there is nothing to configure; set a key such as OPENAI_API_KEY in the environment or in .env, or start a server such as Ollama, or take simulated providers, which need neither, with --simulated.';

function simulatedText(port: number): string {
	const text = readFileSync(simulatedConfigFile, 'utf8').replace(/^# yaml-language-server.*\n/, '');
	return `# Written by \`breakwater init --simulated\`: these providers are SIMULATED, and every answer is canned.\nserver: { port: ${port} }\n${text}`;
}

function checked(text: string, leftOut: readonly string[], file: string, env: Variables): Draft {
	try {
		const read = readConfigText(text, { file, env });
		const report = checkOnce(read);
		if (report.verdict !== 'fails') return { text, read, report, leftOut };
		const errors = report.lintFindings.filter(({ severity }) => severity === 'error');
		throw new UserError(unusable(errors.map((error) => lintText(file, error)).join('\n')));
	} catch (error) {
		if (error instanceof ConfigError) throw new UserError(unusable(error.message));
		throw error;
	}
}

function unusable(problems: string): string {
	return `${problems}\nWith what was found, the configuration would not work, so nothing was written; correct the variables that it is made of.`;
}

/**
 * Writes a draft, whole or not at all.
 * @throws UserError when the file is there and may not be replaced, or when it cannot be written
 */
export function writeDraft({ text }: Draft, { out, force }: Pick<InitChoices, 'out' | 'force'>): void {
	writeWhole(out, text, { replace: force });
}
