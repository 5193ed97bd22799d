import { usdText } from '../../prices/price-text.ts';
import { amountText, countText, memoryText, wrapped } from '../../values/figures.ts';
import { firstLines, nameList } from '../../values/first-lines.ts';
import { timeText } from '../../values/time-text.ts';
import type {
	CostCase,
	LintFinding,
	ProfileReport,
	PropertyResult,
	ProviderReport,
	Report,
	Severity,
	WorstCase,
} from './report.ts';
import { briefPath, stepLines } from './steps-text.ts';

export type Color = 'red' | 'yellow' | 'green' | 'cyan' | 'gray' | 'bold';

export interface Page {
	/** Width, characters. */
	columns: number;
	/** Gives a text a colour, or returns it as it is. */
	paint(color: Color, text: string): string;
	/** Show the traces of the worst cases step by step, not in one line. */
	showsTraces: boolean;
}

/**
 * A report for people: what holds or does not, what is wrong and where, how it comes about, the worst cases of each
 * profile, and what was explored. Each line can be understood by itself.
 */
export function reportText(report: Report, page: Page): string {
	const sections = [
		[headline(report, page)],
		firstLines(
			report.lintFindings.map((lintFinding) => lintLine(report.file, lintFinding, page)),
			'findings; --json lists them all',
		),
		...failures(report).map((failure) => failureLines(report.file, failure, page)),
		holdingLines(report, page),
		...report.profiles.slice(0, MOST_PROFILES).map((profile) => profileLines(profile, page)),
		moreProfilesLines(report, page),
		toldLines(report, page),
		activeCheckLines(report, page),
		unexploredLines(report, page),
		stoppedLines(report, page),
		[totals(report, page)],
	];
	const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
	return `${text.join('\n\n')}\n`;
}

/** Profiles whose worst cases are printed. */
const MOST_PROFILES = 50;

function moreProfilesLines({ profiles }: Report, { columns }: Page): string[] {
	const more = profiles.length - MOST_PROFILES;
	if (more <= 0) return [];
	return wrapped(`and ${amountText(more, 'more profile')}; --profile NAME shows one, --json all of them`, columns);
}

/** What targets are told of requests in another API than theirs. */
function toldLines({ told }: Report, { columns, paint }: Page): string[] {
	if (told.length === 0) return [];
	const lines = told.slice(0, MOST_TOLD).flatMap(({ path, in: at, targets, leftOut, needed, whenNotCarried }) => {
		const whom = nameList(targets);
		if (at === null) return wrapped(`${path}: never asked of ${whom}`, columns - 2);
		const instead = whenNotCarried === 'pass-over' ? 'passed over where a request has' : 'also left out';
		return [
			...wrapped(`${path} → ${at} of ${whom}`, columns - 2),
			...(leftOut.length === 0
				? []
				: wrapped(`left out: ${leftOut.join(', ')}`, columns - 4).map((line) => `  ${line}`)),
			...(needed.length === 0
				? []
				: wrapped(`${instead}: ${needed.join(', ')}`, columns - 4).map((line) => `  ${line}`)),
		];
	});
	const more = told.length - MOST_TOLD;
	return [
		paint('bold', 'Requests that do not reach every target as they came'),
		...lines.map((line) => `  ${line}`),
		...(more > 0 ? [`  and ${more} more; --json has all of them`] : []),
	];
}

const MOST_TOLD = 20;

const colors = { holds: 'green', fails: 'red', unknown: 'yellow' } as const;
const severityColors: Readonly<Record<Severity, Color>> = { error: 'red', warning: 'yellow', note: 'cyan' };

function headline(report: Report, { paint }: Page): string {
	const { file, verdict, lintFindings } = report;
	const warnings = lintFindings.filter(({ severity }) => severity === 'warning').length;
	const aside = warnings === 0 ? '' : `, with ${amountText(warnings, 'warning')}`;
	switch (verdict) {
		case 'holds':
			return paint('green', `${file} holds: no property can be broken${aside}.`);
		case 'fails':
			return paint('red', `${file} does not hold: ${faults(report)}${aside}.`);
		case 'unknown':
			return paint('yellow', `${file} could not be checked completely: nothing fails in what was explored${aside}.`);
	}
}

function faults(report: Report): string {
	const errors = report.lintFindings.filter(({ severity }) => severity === 'error').length;
	const failed = failures(report).length;
	const parts = [
		...(errors === 0 ? [] : [amountText(errors, 'error')]),
		...(failed === 0 ? [] : [`${amountText(failed, 'property', 'properties')} broken`]),
	];
	return parts.join(', ');
}

function lintLine(file: string, { severity, line, column, message, rule }: LintFinding, { paint }: Page): string {
	const label = paint(severityColors[severity], `${severity}:`);
	return `${file}:${line}:${column}: ${label} ${message} ${paint('gray', `[${rule}]`)}`;
}

/** A property that does not hold, and for whom. */
interface FailedProperty {
	property: PropertyResult;
	/** `profile default`, `provider openai`: the first one is that of the counterexample. */
	of: readonly string[];
}

/** What breaks in the same way in several places is one failure, shown where the way to it is the shortest. */
function failures({ providers, keys, profiles }: Report): FailedProperty[] {
	const subjects = [
		...providers.map(({ ids, properties }) => ({ kind: 'provider', name: nameList(ids), properties })),
		...keys.map(({ ids, properties }) => ({ kind: 'key', name: nameList(ids), properties })),
		...profiles.map(({ name, properties }) => ({ kind: 'profile', name, properties })),
	];
	const broken = subjects.flatMap(({ kind, name, properties }) =>
		properties.filter(({ holds }) => !holds).map((property) => ({ kind, name, property })),
	);
	const groups = Map.groupBy(broken, ({ kind, property }) => `${kind} ${property.id}`);
	return [...groups.values()].flatMap((group) => {
		const [shown, ...others] = group.toSorted((a, b) => stepsOf(a.property) - stepsOf(b.property));
		if (shown === undefined) return [];
		return [{ property: shown.property, of: [shown, ...others].map(({ kind, name }) => `${kind} ${name}`) }];
	});
}

function stepsOf({ counterexample }: PropertyResult): number {
	return counterexample?.steps.length ?? Number.POSITIVE_INFINITY;
}

function failureLines(file: string, { property, of: [where, ...others] }: FailedProperty, page: Page): string[] {
	const { id, statement, counterexample } = property;
	const { columns, paint } = page;
	const place =
		counterexample?.at === undefined ? '' : `${file}:${counterexample.at.line}:${counterexample.at.column}: `;
	return [
		...wrapped(`${place}broken: ${statement} [${id}]`, columns).map((line) => paint('red', line)),
		...indented(wrapped(`in ${where}: ${counterexample?.message ?? 'no way to it was kept'}`, columns - 2)),
		...indented(stepLines(counterexample?.steps ?? [], columns - 2)),
		...(others.length === 0 ? [] : indented(wrapped(`the same in ${nameList(others, '; ')}`, columns - 2))),
	];
}

/** The properties of the providers, and those of the profiles, that hold for all of them. */
function holdingLines({ providers, keys, profiles }: Report, page: Page): string[] {
	const ids = providers.flatMap((provider) => provider.ids);
	return [
		...groupLines(`providers ${nameList(ids)}`, providers, page),
		...(keys.length === 0
			? []
			: groupLines(`models of ${nameList(keys.flatMap((key) => key.ids))}, together`, keys, page)),
		...groupLines(amountText(profiles.length, 'profile'), profiles, page),
	];
}

function groupLines(
	name: string,
	members: readonly (ProviderReport | ProfileReport)[],
	{ columns, paint }: Page,
): string[] {
	const results = members.flatMap(({ properties }) => properties);
	const broken = new Set(results.filter(({ holds }) => !holds).map(({ id }) => id));
	const holding = [...new Set(results.map(({ id }) => id))].filter((id) => !broken.has(id));
	if (holding.length === 0) return [];
	const isComplete = members.every(({ unexplored }) => unexplored.length === 0);
	const title = `${name}: ${amountText(holding.length, 'property', 'properties')} explored, no way to break them${isComplete ? '' : ' so far'}`;
	return [
		...wrapped(title, columns),
		...indented(wrapped(holding.join(', '), columns - 2)).map((line) => paint('gray', line)),
	];
}

function profileLines(profile: ProfileReport, page: Page): string[] {
	const { name, chain, worst } = profile;
	const title = `profile ${name}: ${chain.length > 8 ? amountText(chain.length, 'target') : chain.join(' → ')}`;
	const limit = (value: string, { isExact }: WorstCase) => (isExact ? `at most ${value}` : `${value} or more`);
	return [
		...wrapped(title, page.columns).map((line, index) => page.paint('bold', index === 0 ? line : `  ${line}`)),
		...worstLines(limit(amountText(worst.attempts.most, 'attempt'), worst.attempts), worst.attempts, page),
		...worstLines(
			`${limit(timeText(worst.firstContent.most), worst.firstContent)} until the first content, or an error`,
			worst.firstContent,
			page,
		),
		...worstLines(
			`${limit(timeText(worst.wholeAnswer.most), worst.wholeAnswer)} until an answer that is not streamed, or an error`,
			worst.wholeAnswer,
			page,
		),
		...(worst.cost === undefined ? [] : costLines(worst.cost, page)),
	];
}

function costLines(cost: CostCase, page: Page): string[] {
	const { most, isExact, inputTokens, outputTokens, unpriced } = cost;
	const amount = isExact && unpriced.length === 0 ? `at most $${usdText(most)}` : `$${usdText(most)} or more`;
	const request = `for a prompt of ${countText(inputTokens)} tokens and answers of ${countText(outputTokens)}`;
	const gap = unpriced.length === 0 ? '' : `; no price is known of ${nameList(unpriced)}`;
	return worstLines(`${amount} ${request}${gap}`, cost, page);
}

function worstLines(title: string, { steps }: WorstCase, { columns, paint, showsTraces }: Page): string[] {
	const way = showsTraces ? stepLines(steps, columns - 4) : wrapped(briefPath(steps), columns - 4);
	return [`  ${title}`, ...way.map((line) => paint('gray', `    ${line}`))];
}

function activeCheckLines({ activeChecks }: Report, { columns, paint }: Page): string[] {
	if (activeChecks.length === 0) return [];
	const shown = firstLines(activeChecks, 'providers with checks; --json lists them all');
	return [
		paint('bold', 'Active checks, which are not explored'),
		...shown.flatMap((sentence) => indented(wrapped(sentence, columns - 2))),
	];
}

function unexploredLines({ providers, keys, profiles, stopped }: Report, { columns, paint }: Page): string[] {
	const sentences = [
		...keys.flatMap(({ ids, unexplored }) => unexplored.map((what) => `models of ${nameList(ids)}: ${what}`)),
		...providers.flatMap(({ ids, unexplored }) => unexplored.map((what) => `provider ${nameList(ids)}: ${what}`)),
		...profiles.flatMap(({ name, unexplored }) => unexplored.map((what) => `profile ${name}: ${what}`)),
	];
	if (sentences.length === 0) return [];
	const shown = firstLines(sentences, 'sentences like these; --json lists them all');
	const advice = 'A larger exploration may get to the end: --bound sets how many states it may have.';
	return [
		paint('yellow', 'not explored:'),
		...shown.flatMap((sentence) => indented(wrapped(sentence, columns - 2))),
		...(stopped === undefined ? indented(wrapped(advice, columns - 2)) : []),
	];
}

/** Which bound ended the check, what it left out altogether, and what to do. */
function stoppedLines({ stopped }: Report, { columns, paint }: Page): string[] {
	if (stopped === undefined) return [];
	const { transitions, skipped } = stopped;
	const parts = [
		['providers', skipped.providers] as const,
		['the models of', skipped.keys] as const,
		['profiles', skipped.profiles] as const,
	].filter(([, names]) => names.length > 0);
	const left = parts.map(([kind, names]) => `${kind} ${nameList(names)}`).join('; ');
	const title = `the check stopped at its bound of ${amountText(transitions, 'transition')}${left === '' ? '' : `; not begun, so that nothing is known of them: ${left}`}`;
	const advice =
		'--total sets how many transitions it may have; --profile NAME checks one profile and its providers alone.';
	return [...wrapped(title, columns).map((line) => paint('yellow', line)), ...indented(wrapped(advice, columns - 2))];
}

/** What was explored, and what it cost. */
function totals({ verdict, states, transitions, ms, memory }: Report, { paint }: Page): string {
	const explored = `${amountText(states, 'state')}, ${amountText(transitions, 'transition')} explored`;
	return `${paint(colors[verdict], verdict)}: ${explored} in ${timeText(ms)}, ${memoryText(memory)}`;
}

function indented(lines: readonly string[]): string[] {
	return lines.map((line) => `  ${line}`);
}
