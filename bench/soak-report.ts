import { type Outcome, outcomes } from './soak-judge.ts';
import type { SoakResult, Tally, WrongReport } from './soak-run.ts';

/** What the soak found, as text. @param seed for the commands that replay a mistake */
export function reportText(result: SoakResult, seed: number): string {
	const { tallies, wrong, residentMB, openExchanges, openSockets, exitCode, crashes } = result;
	const { rescued = 0, interrupted = 0 } = totalOf(tallies.kind);
	const broken = rescued + interrupted;
	const share = broken === 0 ? 'none broke' : `${((100 * rescued) / broken).toFixed(1)} % of ${broken}`;
	const megabytes = (value: number | undefined) => (value === undefined ? 'not known' : `${value.toFixed(0)} MB`);
	const { start, middle, end } = residentMB;
	return [
		table('kind of answer', tallies.kind),
		table('asked for as', tallies.delivery),
		table('first attempt', tallies.fault),
		table('asked to go on, a model first', tallies.behaviour),
		`rescued, of the answers that broke after the commit: ${share}`,
		`RSS of the gateway: ${megabytes(start)} at the start, ${megabytes(middle)} in the middle, ${megabytes(end)} at the end`,
		`left open at the providers: ${openExchanges} exchanges after the last answer, ${openSockets} sockets after the stop`,
		`the gateway logged ${crashes} faults of its own and ended with ${exitCode ?? 'a kill'}`,
		...wrong.slice(0, 5).map((mistake) => wrongText(mistake, seed)),
		wrong.length === 0 ? 'wrong: 0' : `WRONG: ${wrong.length}`,
	].join('\n\n');
}

/** No wrong answer, nothing left open, no fault, and an end in order. */
export function isClean({ wrong, openExchanges, openSockets, exitCode, crashes }: SoakResult): boolean {
	return wrong.length + openExchanges + openSockets + crashes === 0 && exitCode === 0;
}

export function totalOf(tally: Tally): Partial<Record<Outcome, number>> {
	const total: Partial<Record<Outcome, number>> = {};
	for (const counts of tally.values()) {
		for (const outcome of outcomes) total[outcome] = (total[outcome] ?? 0) + (counts[outcome] ?? 0);
	}
	return total;
}

function table(title: string, tally: Tally): string {
	const rows = [...tally].sort(([a], [b]) => a.localeCompare(b));
	const line = (name: string, cells: readonly (string | number)[]) =>
		name.padEnd(30) + cells.map((cell) => String(cell).padStart(13)).join('');
	const counts = (of: Partial<Record<Outcome, number>>) => outcomes.map((outcome) => of[outcome] ?? 0);
	return [
		line(title, outcomes),
		...rows.map(([name, of]) => line(name, counts(of))),
		line('all', counts(totalOf(tally))),
	].join('\n');
}

function wrongText({ number, mistake, profile, kind, attempts, reply }: WrongReport, seed: number): string {
	const trace = attempts.map(({ provider, askedAs, shown, plan: { fault, behaviour, end } }) => {
		const asked = askedAs === 'fresh' ? askedAs : `${askedAs}, shown ${shown} characters, ${behaviour}`;
		return `    ${provider}: ${asked}; ${fault} (${end})`;
	});
	return [
		`WRONG answer in stream ${number} of seed ${seed} (${kind}, profile ${profile}): ${mistake}`,
		`  replay: npm run soak -- --seed ${seed} --only ${number}`,
		...trace,
		...writings(reply).map((line) => `    ${line}`),
	].join('\n');
}

/** A reply to read: what each model wrote in a row as one line, every other event as it came. */
function writings(reply: string): string[] {
	if (!/^(data|:)/.test(reply)) return [reply];
	const lines: { author: string; text: string }[] = [];
	for (const event of reply.trimEnd().split('\n\n')) {
		const writing = writingOf(event) ?? { author: '', text: event };
		const before = lines.at(-1);
		if (before === undefined || before.author !== writing.author || writing.author === '') lines.push(writing);
		else before.text += writing.text;
	}
	return lines.map(({ author, text }) => (author === '' ? text : `${author} ${JSON.stringify(text)}`));
}

/** @returns undefined for an event that is more than a piece of a text or of the arguments of one call */
function writingOf(event: string): { author: string; text: string } | undefined {
	const piece = /^data: .*"model":"([^"]*)".*"delta":(\{.*\})(?:,"logprobs":null)?,"finish_reason":null\}\]\}$/.exec(
		event,
	);
	const [, model = '', json = ''] = piece ?? [];
	const text = /^\{"content":(".*")\}$/.exec(json)?.[1];
	if (text !== undefined) return { author: `${model} wrote`, text: JSON.parse(text) };
	const [, index, part] = /^\{"tool_calls":\[\{"index":(\d+),"function":\{"arguments":(".*")\}\}\]\}$/.exec(json) ?? [];
	return part === undefined ? undefined : { author: `${model} gave call ${index}`, text: JSON.parse(part) };
}
