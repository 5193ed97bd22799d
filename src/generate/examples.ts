import { type ReadConfig, readConfigText } from '../config/load.ts';
import { checkConfig } from '../verify/check-config.ts';
import { lintRules, severities } from '../verify/lint/lint.ts';
import { explainCase } from '../verify/play/play.ts';
import { explainedText } from '../verify/play/play-text.ts';
import type { PropertyResult } from '../verify/report/report.ts';
import { reportText } from '../verify/report/text.ts';

/** What docs/checking.md shows of `check` and `explain`, made as the commands make it. */

const COLUMNS = 110;

const command = 'breakwater';

/** The line that docs/checking.md puts into the configuration of the README, and what happens then. */
const harmfulLine = '  breaker: { failureThreshold: 3, cooldown: 60s, effects: { QUOTA_EXCEEDED: cool } }';

const script = 'openai: 503, timeout; groq: 429 retry-after=30';

/**
 * The README's own configuration with an empty account that is treated like a slow one, as `check` reports on it: without
 * the names of what holds, without its other profiles, and without what differs from run to run.
 * @param configuration the README's
 */
export function checkExample(configuration: string): string {
	const report = checkConfig(readExample(configuration.replace(/^ {2}breaker: .*$/m, harmfulLine)));
	const [, ...others] = report.profiles;
	const text = reportText(report, { columns: COLUMNS, paint: (_color, part) => part, showsTraces: false });
	const sections = text.trimEnd().split('\n\n');
	const shown = sections.filter((section) => !others.some(({ name }) => section.startsWith(`profile ${name}:`)));
	const brief = shown
		.join('\n\n')
		.replace(/(no way to break them)\n(?: {2}.*\n)+/g, '$1\n')
		.replace(/explored in .*/, 'explored in … s, … MB');
	return `$ ${command} check config/gateway.yaml\n${brief}`;
}

/** Every property that is explored. @param configuration the README's */
export function propertyTable(configuration: string): string {
	// Which properties there are does not hang on how far they are explored.
	const { providers, profiles } = checkConfig(readExample(configuration), { bounds: { states: 1 } });
	const row =
		(of: string) =>
		({ id, statement }: PropertyResult) =>
			`| ${of} | \`${id}\` | ${statement} |`;
	const rows = [
		...(providers[0]?.properties ?? []).map(row('provider')),
		...(profiles[0]?.properties ?? []).map(row('request')),
	];
	return ['| of a | property | |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The same configuration as it is, and one imagined request. */
export function explainExample(configuration: string): string {
	const { config } = readExample(configuration);
	const text = explainedText(explainCase(config, { profile: 'default', when: script, stream: true }), COLUMNS);
	return `$ ${command} explain config/gateway.yaml --when '${script}'\n${text.trimEnd()}`;
}

function readExample(text: string): ReadConfig {
	return readConfigText(text, { file: 'config/gateway.yaml', env: { OPENAI_API_KEY: 'one', GROQ_API_KEY: 'other' } });
}

/** Every lint rule, with all severities that its findings can have, the gravest first. */
export function lintTable(): string {
	const rules = severities.flatMap((severity) => lintRules.filter((rule) => rule.severities[0] === severity));
	const rows = rules.map((rule) => `| ${rule.severities.join(', ')} | \`${rule.id}\` | ${rule.finds} |`);
	return ['| | rule | what it finds |', '| --- | --- | --- |', ...rows].join('\n');
}
