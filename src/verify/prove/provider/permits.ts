import { type OutstandingPermit, plainLedger } from '../../../../machines/provider/ledger.ts';
import type { Ghost } from './ghost.ts';
import { happeningWords, type Property } from './seen.ts';

/** With more permits out than this, as on the rails of many probes, their count and worth are looked at and no list. */
const LISTED = 50;

/** Which permits count as out. */
export const permitsProperty: Property = {
	id: 'permits-are-counted',
	statement:
		'a permit counts as out, with what it is worth, from its grant to the first result that names it, in every state; nothing that comes late, twice or for an unknown permit gives one back; the count is never negative, and 0 when all are back',
	check: ({ event, before, expected, contextBefore, context: { ledger } }) => {
		const { permits, used } = expected.ghost;
		// What was wrong before has been found before.
		if (ledger === contextBefore.ledger && permits === before.permits) return undefined;
		const after = `after ${happeningWords(event)}`;
		if (ledger.out !== permits.length) return `${after} ${ledger.out} permits count as out, and ${permits.length} are`;
		const tokens = tokensOf(permits);
		if (ledger.tokens !== tokens) return `${after} what is out counts as ${ledger.tokens} tokens, and is ${tokens}`;
		if (ledger.used !== used) return `${after} ${ledger.used} tokens count as used, and ${used} are`;
		if (permits.length > LISTED) return undefined;
		if (listOf(plainLedger(ledger).permits) !== listOf(permits)) return `${after} the wrong permits count as out`;
		return sharesOf(ledger.models) === sharesOf(modelsOf(permits))
			? undefined
			: `${after} permits count as out for the wrong model`;
	},
};

type Permits = Ghost['permits'];

function tokensOf(permits: Permits): number {
	return permits.reduce((sum, { tokens }) => sum + tokens, 0);
}

function listOf(permits: readonly OutstandingPermit[]): string {
	const list = permits.map(({ id, model, tokens }) => `${id} ${model} ${tokens}`);
	return list.sort().join();
}

interface Share {
	readonly model: string;
	readonly out: number;
	readonly tokens: number;
}

function modelsOf(permits: Permits): Share[] {
	const models = [...new Set(permits.map(({ model }) => model))];
	return models.map((model) => {
		const own = permits.filter((permit) => permit.model === model);
		return { model, out: own.length, tokens: tokensOf(own) };
	});
}

function sharesOf(shares: readonly Share[]): string {
	const list = shares.map(({ model, out, tokens }) => `${model} ${out} ${tokens}`);
	return list.sort().join();
}
