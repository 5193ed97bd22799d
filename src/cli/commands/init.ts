import { existsSync } from 'node:fs';
import { defaultConfigFile } from '../../config/find-config.ts';
import { type Draft, draftConfiguration, type InitChoices, writeDraft } from '../../setup/draft-configuration.ts';
import { type Questions, withQuestions } from '../../setup/questions.ts';
import { discover, type Surroundings } from '../../setup/surroundings.ts';
import { existsText } from '../../setup/write-file.ts';
import { UserError } from '../../values/user-error.ts';
import { lintText } from '../../verify/lint/lint.ts';

export interface InitFlags {
	out: string;
	yes?: boolean;
	defaultModel?: string;
	port?: number;
	force?: boolean;
	simulated?: boolean;
}

/**
 * Writes a configuration of what is found on this machine. It asks only on a terminal. Sets the exit code to 1 where it
 * wrote the file but had to leave out a provider whose key cannot be right.
 * @throws UserError with why nothing was written
 */
export async function init(options: InitFlags): Promise<void> {
	const { out, force = false, yes = false } = options;
	if (existsSync(out) && !force) throw new UserError(existsText(out));
	const asks = !yes && process.stdin.isTTY === true && process.stdout.isTTY === true;
	if (!asks && !yes) throw new UserError(noTerminal);
	const surroundings = await discover({ file: out, port: options.port }, process.env);
	const choices = choicesOf(options, surroundings);
	const draft = asks
		? await withQuestions((questions) => draftedWith(questions, surroundings, choices))
		: draftConfiguration(surroundings, choices);
	writeDraft(draft, choices);
	process.stdout.write(summary(draft, surroundings, out));
	for (const sentence of draft.leftOut) process.stderr.write(`${sentence}\n`);
	if (surroundings.discovery.keys.some(({ shape }) => shape === 'wrong')) process.exitCode = 1;
}

const noTerminal =
	'There is no terminal to ask questions on; run it with --yes to take what is found, and with --default-model provider/model to say what comes first.';

function choicesOf(options: InitFlags, { discovery }: Surroundings): InitChoices {
	const { out, force = false, simulated = false, defaultModel } = options;
	return { out, force, simulated, defaultModel, port: options.port ?? discovery.port.port };
}

/** The questions, each with the answer that `--yes` would give. */
async function draftedWith(questions: Questions, surroundings: Surroundings, choices: InitChoices): Promise<Draft> {
	const found = [
		...surroundings.discovery.keys.map(({ provider, variable }) => `${provider} (${variable})`),
		...surroundings.discovery.localServers.flatMap(({ title, state }) => (state === 'answers' ? [title] : [])),
	];
	process.stdout.write(`Found: ${found.join(', ') || 'no API key and no local model server'}.\n`);
	const simulated =
		choices.simulated ||
		(found.length === 0 && (await questions.agree('Write simulated providers, which need no key?')));
	const first = draftConfiguration(surroundings, { ...choices, simulated });
	const preset = first.read.config.profiles.default?.chain[0]?.target ?? '';
	const isNamed = simulated || choices.defaultModel !== undefined;
	const named = isNamed ? preset : await questions.ask('Which model first, as provider/model?', preset);
	const draft = named === preset ? first : draftConfiguration(surroundings, { ...choices, defaultModel: named });
	if (await questions.agree(`Write ${choices.out}?`)) return draft;
	throw new UserError('Nothing was written.');
}

const verdicts: Readonly<Record<Draft['report']['verdict'], string>> = {
	holds: 'everything holds',
	unknown: 'nothing was found wrong, though not every case was explored',
	fails: 'something does not hold',
};

/** What was written, what its check said, and how to go on. */
function summary({ read, report }: Draft, { discovery }: Surroundings, out: string): string {
	const { providers, profiles } = read.config;
	const warnings = report.lintFindings.filter(({ severity }) => severity === 'warning');
	const lines = [
		`Wrote ${out}: providers ${Object.keys(providers).join(', ')}; profiles ${Object.keys(profiles).join(', ')}.`,
		`Checked with \`breakwater check\`: ${verdicts[report.verdict]} (${report.states} states), ${warnings.length === 0 ? 'no warnings' : `${warnings.length} to think about`}.`,
		...warnings.map((lintFinding) => `  ${lintText(out, lintFinding)}`),
		...(discovery.port.problem === undefined ? [] : [`It will not start yet: ${discovery.port.problem}`]),
		`Next: \`breakwater serve${out === defaultConfigFile ? '' : ` --config ${out}`}\` runs it.`,
	];
	return `${lines.join('\n')}\n`;
}
