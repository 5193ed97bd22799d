import { usdText } from '../../prices/price-text.ts';
import { wrapped } from '../../values/figures.ts';
import { nameList } from '../../values/first-lines.ts';
import { timeText } from '../../values/time-text.ts';
import type { CaseStep, Report } from './report.ts';

/** A case to draw. */
export interface DrawnCase {
	title: string;
	steps: readonly CaseStep[];
}

/** Characters of a message on one line of a diagram. */
const LINE_WIDTH = 50;
/** Steps drawn of one case. */
const MOST_STEPS = 60;
/** Characters of all cases; Mermaid draws no more than 50,000. */
const MOST_CHARACTERS = 45_000;

/** Every counterexample of a report as one diagram; where all holds, the worst cases of each profile. */
export function reportMermaid(report: Report): string {
	const found = counterexamples(report);
	return casesMermaid(found.length === 0 ? worstCases(report) : found);
}

/**
 * Cases as one sequence diagram in Mermaid, each in a box of its own. It is one diagram however many they are, so that
 * the whole can be pasted where a diagram is expected. Of long or many cases the rest is named, not drawn.
 */
export function casesMermaid(cases: readonly DrawnCase[]): string {
	const providers = [...new Set(cases.flatMap(({ steps }) => steps.flatMap(({ provider }) => provider ?? [])))];
	const who = new Set(cases.flatMap(({ steps }) => steps.map(({ by }) => by)));
	const names = new Map(providers.map((provider, index) => [provider, `p${index + 1}`]));
	const drawn = thatFit(cases.map((one) => caseLines(one, names)));
	const rest = cases.length - drawn.length;
	return [
		'sequenceDiagram',
		...(who.has('operator') ? ['  participant operator as operator'] : []),
		...(who.has('peer') ? ['  participant peer as another process'] : []),
		...(who.has('client') ? ['  participant client as client'] : []),
		'  participant request as request',
		...[...names].map(([provider, id]) => `  participant ${id} as ${escaped(provider)}`),
		...(who.has('upstream') ? ['  participant upstream as provider APIs'] : []),
		...drawn.flat(),
		...(rest > 0 ? [`  Note over request: ${label(`${rest} more cases are in the report`)}`] : []),
		'',
	].join('\n');
}

function thatFit(cases: readonly string[][]): readonly string[][] {
	let left = MOST_CHARACTERS;
	const tooMany = cases.findIndex((lines) => {
		left -= lines.join('\n').length;
		return left < 0;
	});
	return tooMany === -1 ? cases : cases.slice(0, tooMany);
}

function counterexamples({ providers, keys, profiles }: Report): DrawnCase[] {
	const subjects = [
		...providers.map(({ ids, properties }) => ({ name: `provider ${nameList(ids)}`, properties })),
		...keys.map(({ ids, properties }) => ({ name: `models of ${nameList(ids)}`, properties })),
		...profiles.map(({ name, properties }) => ({ name: `profile ${name}`, properties })),
	];
	return subjects.flatMap(({ name, properties }) =>
		properties.flatMap(({ id, counterexample }) => {
			if (counterexample === undefined) return [];
			return [{ title: `${name} breaks ${id}: ${counterexample.message}`, steps: counterexample.steps }];
		}),
	);
}

function worstCases({ profiles }: Report): DrawnCase[] {
	return profiles.flatMap(({ name, worst: { attempts, firstContent, wholeAnswer, cost } }) => [
		{ title: `profile ${name}, most attempts: ${attempts.most}`, steps: attempts.steps },
		{
			title: `profile ${name}, longest wait for the first content: ${timeText(firstContent.most)}`,
			steps: firstContent.steps,
		},
		{
			title: `profile ${name}, longest wait for a whole answer: ${timeText(wholeAnswer.most)}`,
			steps: wholeAnswer.steps,
		},
		...(cost === undefined ? [] : [{ title: `profile ${name}, dearest: $${usdText(cost.most)}`, steps: cost.steps }]),
	]);
}

function caseLines({ title, steps }: DrawnCase, names: ReadonlyMap<string, string>): string[] {
	const shown = new Map<string, string>();
	const rest = steps.length - MOST_STEPS;
	return [
		'  rect rgba(128, 128, 128, 0.12)',
		`    Note over request: ${label(title)}`,
		...steps.slice(0, MOST_STEPS).flatMap((step) => arrowLines(step, names, shown)),
		...(rest > 0 ? [`    Note over request: ${label(`and ${rest} more steps`)}`] : []),
		'  end',
	];
}

/** An arrow from who causes a step to whom it concerns, and a note where a machine has come to another state. */
function arrowLines(step: CaseStep, names: ReadonlyMap<string, string>, shown: Map<string, string>): string[] {
	const provider = step.provider === undefined ? undefined : names.get(step.provider);
	const text = label(`${timeText(step.at)}: ${step.words}`);
	return [
		`    ${arrow(step, provider)}: ${text}`,
		...stateNote(provider, step.providerState, shown),
		...stateNote('request', step.requestState, shown),
	];
}

function arrow({ by, requestState }: CaseStep, provider: string | undefined): string {
	switch (by) {
		case 'request':
			return provider === undefined ? 'Note over request' : `request->>${provider}`;
		case 'provider':
			return provider === undefined ? 'Note over request' : `${provider}-->>request`;
		case 'upstream':
			// Where no request is looked at, the provider hears of an attempt from outside.
			return `upstream-->>${requestState === undefined ? (provider ?? 'request') : 'request'}`;
		case 'client':
			return 'client->>request';
		case 'operator':
		case 'peer':
			return provider === undefined ? `Note over ${by}` : `${by}->>${provider}`;
		case 'time':
			return `Note over ${provider ?? 'request'}`;
	}
}

function stateNote(of: string | undefined, state: string | undefined, shown: Map<string, string>): string[] {
	if (of === undefined || state === undefined || shown.get(of) === state) return [];
	shown.set(of, state);
	return [`    Note over ${of}: ${label(`→ ${state}`)}`];
}

function label(text: string): string {
	return wrapped(text, LINE_WIDTH).map(escaped).join('<br/>');
}

const entities: Readonly<Record<string, string>> = { '<': '#lt;', '>': '#gt;', '&': '#amp;', '"': '#quot;' };

/** A `#` or a `;` ends a text in Mermaid, `%%` begins a directive, `$$` a formula, and `<` a tag. */
function escaped(text: string): string {
	return text
		.replace(/\s+/g, ' ')
		.replace(/[#;%$<>&"]/g, (character) => entities[character] ?? `#${character.charCodeAt(0)};`);
}
