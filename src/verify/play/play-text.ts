import { amountText, wrapped } from '../../values/figures.ts';
import { timeText } from '../../values/time-text.ts';
import { stepLines } from '../report/steps-text.ts';
import type { ClientView, ExplainedCase, ProviderStanding } from './play.ts';

/**
 * A case for people.
 * @param columns the width of the page, characters
 */
export function explainedText(explained: ExplainedCase, columns: number): string {
	const { profile, stream, chain, order, notes, before, steps, after } = explained;
	const isTarget = chain.length === 1 && chain[0] === profile;
	const hurt = before.filter(({ words }) => words !== 'closed');
	const lines = [
		`${isTarget ? 'target' : 'profile'} ${profile}, ${stream ? 'streamed' : 'not streamed'}: ${chain.join(' → ')}`,
		...(order === undefined ? [] : wrapped(order, columns)),
		...notes.map((note) => `note: ${note}`),
		...(hurt.length === 0 ? [] : ['', 'Before:', ...standingLines(hurt)]),
		'',
		...stepLines(steps, columns),
		'',
		...clientLines(explained),
		'',
		'Afterwards:',
		...standingLines(after),
		'',
		'+ counts from the beginning of the request. Random parts of waits (jitter) have their middle value.',
		'A provider that is not named in the script answers at once.',
	];
	return `${lines.join('\n')}\n`;
}

function standingLines(standings: readonly ProviderStanding[]): string[] {
	const width = Math.max(...standings.map(({ id }) => id.length));
	return standings.map(({ id, words }) => `  ${id.padEnd(width)}  ${words}`);
}

function clientLines({ client, ms, attempts }: ExplainedCase): string[] {
	const how = `after ${timeText(ms)}, ${amountText(attempts, 'attempt')}`;
	const headers = Object.entries(client.headers).map(([name, value]) => `  ${name}: ${value}`);
	return [`The client ${gets(client)} ${how}.`, ...headers];
}

function gets({ gets, status, code, target }: ClientView): string {
	switch (gets) {
		case 'answer':
			return `gets ${status} from ${target}`;
		case 'error':
			return `gets ${status} ${code}`;
		case 'broken':
			return `gets ${status}, the beginning of an answer, and an error event (${code})`;
		case 'left':
			return status === undefined ? 'leaves' : 'leaves in the middle of the answer';
	}
}
